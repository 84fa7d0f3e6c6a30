"""A spec's text with the place of everything in it, so that any later stage can point at a line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Final

from flux_batch.errors import Fix, Problem
from flux_batch.spec.words import harmless

FilePath = tuple[str | int, ...]
"""Where something stands in the file: ``("jobs", "hero", "ratios", 1)``."""

LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|[\r\n]|$)")
"""A line with its end. The scanner knows three more line ends, which ``text.py`` refuses."""

EXCERPT_MAX: Final = 400
"""Characters; a longer line (JSON without line breaks) says nothing under a caret."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file: ``line`` and ``column`` count from 1, ``width`` is in characters on that line.

    ``of`` is the file, None for the one that was asked.
    """

    line: int
    column: int
    width: int
    of: Source | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one node: its ``key`` (None for list items and the root), its ``value``, and where that ends."""

    key: Mark | None
    value: Mark
    end: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file's name as the user gave it, its text, and the marks by path.

    ``marks`` maps ``("jobs", "hero", "ratios", 1)`` to where that node stands.
    """

    path: Path
    text: str
    marks: Mapping[FilePath, Marks] = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hex digest of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def lines(self) -> tuple[str, ...]:
        """The text's lines, each with its line end."""
        return _lines(self.text)

    def mark(self, at: FilePath, *, key: bool = False) -> Mark:
        """Where ``at`` stands; for a place that is not written, where its nearest parent stands."""
        while at and at not in self.marks:
            at, key = at[:-1], True
        marks = self.marks.get(at)
        if marks is None:
            return Mark(1, 1, 1)
        return marks.key if key and marks.key else marks.value

    def find(self, at: FilePath, needle: str, *, last: bool = False) -> Mark:
        """Where ``needle`` stands inside the value at ``at``, also in a block; the value's own mark if nowhere.

        A whole word is preferred to a part of one, and a space in ``needle`` also matches a line break. ``last`` asks
        for its last character.
        """
        words = [re.escape(word) for word in needle.split()]
        marks = self.marks.get(at)
        if not words or marks is None or marks.end is None:
            return self.mark(at)
        pattern = r"\s+".join(words)
        start, end = self._offset(marks.value), self._offset(marks.end)
        for candidate in (rf"(?<!\w){pattern}(?!\w)", pattern):
            if found := re.compile(candidate).search(self.text, start, end):
                begin = found.end() - 1 if last else found.start()
                return self._mark_at(begin, found.end() - begin)
        return marks.value

    def problem(
        self, at: FilePath, message: str, hint: str = "", *, key: bool = False, fix: Fix | None = None
    ) -> Problem:
        """A problem at a node's value, or at its key with ``key=True``."""
        return self.problem_at(self.mark(at, key=key), message, hint, fix)

    def problem_at(self, mark: Mark, message: str, hint: str = "", fix: Fix | None = None) -> Problem:
        """A problem at a place of the text, with the line it stands on."""
        if mark.of is not None and mark.of is not self:
            return mark.of.problem_at(replace(mark, of=None), message, hint, fix)
        lines = self.lines
        excerpt = _shown(lines[mark.line - 1]) if mark.line <= len(lines) else ""
        return Problem(
            file=str(self.path),
            line=mark.line,
            column=mark.column,
            message=harmless(message),
            hint=harmless(hint),
            excerpt=excerpt,
            width=max(1, min(mark.width, len(excerpt) - mark.column + 1)),
            fix=fix,
        )

    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) for line in self.lines)]

    def _offset(self, mark: Mark) -> int:
        starts = self._starts()
        return starts[min(mark.line, len(starts)) - 1] + mark.column - 1

    def _mark_at(self, offset: int, width: int) -> Mark:
        starts = self._starts()
        line = max(index for index, start in enumerate(starts[:-1]) if start <= offset)
        return Mark(line + 1, offset - starts[line] + 1, width)


@lru_cache(maxsize=4)
def _lines(text: str) -> tuple[str, ...]:
    """Kept, because a file with a thousand problems asks for its lines a thousand times."""
    return tuple(line for line in LINE.findall(text) if line)


def _shown(line: str) -> str:
    """A line as it may be printed: one column per character, nothing a terminal would obey."""
    return "" if len(line) > EXCERPT_MAX else harmless(line.rstrip("\r\n"))
