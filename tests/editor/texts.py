"""Texts as an editor handles them: a cursor in them, and a snippet put into them; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MARK: Final = re.compile(r"\\(?P<escaped>[\\$}])|\$\{\d+:(?P<proposal>(?:\\.|[^\\}])*)\}|\$\d+|\$\{\d+\}")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text as the protocol counts: both from 0."""

    line: int
    character: int

    def offset(self, text: str) -> int:
        """The same in characters from the beginning."""
        lines = text.split("\n")
        return sum(len(line) + 1 for line in lines[: self.line]) + self.character


@dataclass(frozen=True, slots=True)
class Edit:
    """A snippet that replaces a part of a text; ``indented`` says whether the editor indents its later lines."""

    start: Place
    end: Place
    snippet: str
    indented: bool

    def applied(self, text: str) -> str:
        """The text afterwards, when nobody changes what the snippet proposes."""
        line = text.split("\n")[self.start.line]
        indent = line[: len(line) - len(line.lstrip(" "))] if self.indented else ""
        inserted = proposed(self.snippet).replace("\n", "\n" + indent)
        return text[: self.start.offset(text)] + inserted + text[self.end.offset(text) :]


def proposed(snippet: str) -> str:
    """A snippet's text with its placeholders as they are proposed: ``${1:mug}`` → ``mug``."""

    def meant(mark: re.Match[str]) -> str:
        return mark["escaped"] or proposed(mark["proposal"] or "")

    return _MARK.sub(meant, snippet)


def split(marked: str) -> tuple[str, Place]:
    """A text without the ``|`` that shows where the cursor is, and that place; at the end where there is none."""
    before, _, after = marked.partition("|")
    lines = before.split("\n")
    return before + after, Place(len(lines) - 1, len(lines[-1]))
