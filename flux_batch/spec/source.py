"""A spec's text with the place of everything in it, so that any later stage can point at a line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flux_batch.errors import Problem


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file: ``line`` and ``column`` count from 1, ``width`` is in characters on that line."""

    line: int
    column: int
    width: int


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one node: its ``key`` (None for list items and the root) and its ``value``."""

    key: Mark | None
    value: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file's name as the user gave it, its text, and the marks by path.

    ``marks`` maps ``("jobs", "hero", "ratios", 1)`` to where that node stands.
    """

    path: Path
    text: str
    marks: Mapping[tuple[str | int, ...], Marks] = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hex digest of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def mark(self, at: tuple[str | int, ...], *, key: bool = False) -> Mark:
        """Where ``at`` stands; for a place that is not written, where its nearest parent stands."""
        while at and at not in self.marks:
            at, key = at[:-1], True
        marks = self.marks.get(at)
        if marks is None:
            return Mark(1, 1, 1)
        return marks.key if key and marks.key else marks.value

    def problem(self, at: tuple[str | int, ...], message: str, hint: str = "", *, key: bool = False) -> Problem:
        """A problem at a node's value, or at its key with ``key=True``."""
        return self.problem_at(self.mark(at, key=key), message, hint)

    def problem_at(self, mark: Mark, message: str, hint: str = "") -> Problem:
        """A problem at a place of the text, with the line it stands on."""
        lines = self.text.split("\n")
        excerpt = lines[mark.line - 1].rstrip("\r") if mark.line <= len(lines) else ""
        width = max(1, min(mark.width, len(excerpt) - mark.column + 1))
        return Problem(
            file=str(self.path),
            line=mark.line,
            column=mark.column,
            message=message,
            hint=hint,
            excerpt=excerpt,
            width=width,
        )
