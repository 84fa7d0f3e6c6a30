"""Which character separates the columns of a CSV file."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Final

from flux_batch.spec.tables.faults import problem
from flux_batch.spec.tables.lines import BrokenQuote, split_lines

DELIMITERS: Final = (",", ";", "\t", "|")
SAMPLE: Final = 200
"""Rows that are looked at."""


def find_delimiter(text: str, path: str) -> tuple[str, int]:
    """The delimiter and how many lines at the top only say which it is (Excel's ``sep=;``)."""
    first, _, _ = text.partition("\n")
    if first.strip('"').lower().startswith("sep=") and len(first.strip('"')) <= 5:
        return _announced(first.strip('"')[4:], path), 1
    usual = "\t" if path.lower().endswith(".tsv") else ","
    scores = [(_score(text, delimiter), delimiter == usual, delimiter) for delimiter in DELIMITERS]
    best, _, delimiter = max(scores, key=lambda each: each[:2])
    # A table of one column has no delimiter: one in a cell must be quoted, as everywhere else.
    return (delimiter if best > (0, 0) else usual), 0


def _announced(delimiter: str, path: str) -> str:
    if delimiter in DELIMITERS:
        return delimiter
    raise problem("the first line names a separator that is not used here", "take , ; | or a tab", f"{path}:1")


def _score(text: str, delimiter: str) -> tuple[int, int]:
    """How many rows have as many columns as the first, and how many columns these are; nothing for one column."""
    widths = _widths(text, delimiter)
    if not widths or widths[0] < 2:
        return 0, 0
    return Counter(widths)[widths[0]], widths[0]


def _widths(text: str, delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for line in islice(split_lines(text, delimiter), SAMPLE):
            widths += [len(line.pieces)] if any(each.text.strip() for each in line.pieces) else []
    except BrokenQuote:
        pass  # with a wrong delimiter quotes seem to stand inside of cells: what was read until there counts
    return widths
