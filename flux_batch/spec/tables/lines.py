"""CSV text → lines of cells with their places; quotes as everybody writes them, doubled inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple


class Piece(NamedTuple):
    """One cell as written, without its quotes; ``line`` and ``column`` count from 1."""

    text: str
    line: int
    column: int


class Line(NamedTuple):
    """One row, which may go over several lines; ``number`` is the first."""

    number: int
    pieces: list[Piece]


class BrokenQuote(Exception):
    """A quote that opens at ``line`` and ``column``, and is not closed (``closed`` None) or closed too early."""

    def __init__(self, line: int, column: int, closed: int | None) -> None:
        self.line = line
        self.column = column
        self.closed = closed


def split_lines(text: str, delimiter: str) -> Iterator[Line]:
    """The rows of a text whose lines end with line feeds; empty lines have no pieces. BrokenQuote where one is."""
    number, start = 1, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if '"' in text[start:end]:
            scan = _Scan(text, delimiter, number, start)
            yield Line(number, scan.pieces())
            number, start = scan.number + 1, scan.at + 1
        else:
            yield Line(number, _plain(text[start:end], delimiter, number))
            number, start = number + 1, end + 1


def _plain(line: str, delimiter: str, number: int) -> list[Piece]:
    """The pieces of a line without quotes."""
    pieces, column = [], 1
    for piece in line.split(delimiter) if line else ():
        pieces.append(Piece(piece, number, column))
        column += len(piece) + 1
    return pieces


@cache
def _cell(delimiter: str) -> re.Pattern[str]:
    blank = " " if delimiter == "\t" else " \t"
    # Possessive: an open quote must not be matched by half of a doubled one.
    quoted = rf'[{blank}]*+"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"[{blank}]*+'
    return re.compile(rf"{quoted}|(?P<bare>[^{re.escape(delimiter)}\n]*+)")


class _Scan:
    """One row with quotes in it; ``at`` and ``number`` end at its last line break, or at the end of the text."""

    def __init__(self, text: str, delimiter: str, number: int, start: int) -> None:
        self.text = text
        self.delimiter = delimiter
        self.number = number
        self.line_start = self.at = start

    def pieces(self) -> list[Piece]:
        found = [self.piece()]
        while self.at < len(self.text) and self.text[self.at] == self.delimiter:
            self.at += 1
            found.append(self.piece())
        return found

    def piece(self) -> Piece:
        line, column = self.number, self.at - self.line_start + 1
        match = _cell(self.delimiter).match(self.text, self.at)
        assert match is not None  # noqa: S101 - the second half matches everything, also nothing
        self.at, bare, quoted = match.end(), match["bare"], match["quoted"]
        if quoted is None:
            if bare.lstrip(" \t").startswith('"'):
                raise BrokenQuote(line, column, None)
            return Piece(bare, line, column)
        if "\n" in quoted:
            self.number += quoted.count("\n")
            self.line_start = self.text.rindex("\n", 0, self.at) + 1
        if self.at < len(self.text) and self.text[self.at] not in (self.delimiter, "\n"):
            raise BrokenQuote(line, column, self.number)
        return Piece(quoted.replace('""', '"'), line, column)
