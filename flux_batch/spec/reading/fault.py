"""A complaint of the YAML parser, the lines it is about, and what is made of it for people; pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Final

from flux_batch.spec.reading.source import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A complaint: its words, its place, and where the construct began that it is about (lines from 1)."""

    what: str
    line: int
    column: int
    start_line: int
    start_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The same for people; ``repaired`` is the text with the fault mended, only to look for more behind it."""

    mark: Mark
    message: str
    hint: str
    repaired: str | None = None


LINE: Final = re.compile(
    r"""(?P<indent>\s*) (?P<dashes>(?:-\s+)*) (?:(?P<key>[A-Za-z0-9_.$-][^:#"'{}\[\]]*) : (?P<space>\s+))?
        (?P<value>.*?) (?P<end>\s*)""",
    re.VERBOSE | re.DOTALL,
)


class View:
    """A fault with the line it is on, and the line where the value begins that it is in."""

    def __init__(self, lines: tuple[str, ...], fault: Fault) -> None:
        self.lines = lines
        self.past_end = fault.line > len(lines)
        self.fault = replace(fault, start_line=min(fault.start_line, len(lines)))
        self.number = min(fault.line, len(lines))
        self.line = lines[self.number - 1]
        self.owner = self._owner()
        match = LINE.fullmatch(lines[self.owner - 1])
        self.key = (match["key"] or "").strip() if match else ""
        self.value = match["value"] if match else ""
        self.value_column = match.start("value") + 1 if match else 1
        self.indent = match.end("dashes" if self.key else "indent") if match else 0

    def _owner(self) -> int:
        """The nearest line, from the fault's upward, that begins a key or an item."""
        number = self.number
        while number > 1 and not re.match(r"\s*(-\s|[^\s#:]+:(\s|$))", self.lines[number - 1]):
            number -= 1
        return number

    def at_fault(self, width: int = 1) -> Mark:
        """The parser's own place."""
        return Mark(self.number, self.fault.column, width)

    def at_start(self) -> Mark:
        """Where the construct began."""
        return Mark(self.fault.start_line, self.fault.start_column, 1)

    def at_value(self) -> Mark:
        """The value that the fault is in."""
        return Mark(self.owner, self.value_column, len(self.value))

    @property
    def block(self) -> str:
        """The other way to write any text."""
        before = "colon" if self.key else "dash"
        return f"put >- after the {before} and the text on the next line, two spaces further in"

    def ends_here(self) -> bool:
        """Whether the fault is at the end of the text, or on a line that looks like the next key."""
        rest = self.line[self.fault.column - 1 :] + "".join(self.lines[self.number :])
        next_key = re.match(r"\s*[A-Za-z_]\w*:(\s|$)", self.line)
        return self.past_end or not rest.strip() or (self.number > self.fault.start_line and next_key is not None)

    def written(self, value: str) -> str:
        """The line as it should be: its key and another value."""
        return f"{self.key}: {value}" if self.key else f"- {value}"

    def with_value(self, value: str) -> str:
        """The text with another value, on one line."""
        line, start = self.lines[self.owner - 1], self.value_column - 1
        lines = [*self.lines[: self.owner - 1], line[:start] + value + line[start + len(self.value) :]]
        rest = iter(self.lines[self.owner :])
        for below in rest:
            # The same text goes on here: with its beginning in quotes, it would stand for nothing.
            if below.strip() and len(below) - len(below.lstrip()) <= self.indent:
                return "".join([*lines, below, *rest])
            lines.append("\n")
        return "".join(lines)

    def with_line(self, line: str, number: int | None = None) -> str:
        """The text with another line."""
        index = (number or self.number) - 1
        return "".join([*self.lines[:index], line, *self.lines[index + 1 :]])


def short(text: str) -> str:
    """As much of a value as a suggestion needs."""
    return text if len(text) <= 40 else f"{text[:39]}…"


def in_quotes(text: str) -> str:
    """A text as YAML takes it in any place."""
    return json.dumps(text, ensure_ascii=False)
