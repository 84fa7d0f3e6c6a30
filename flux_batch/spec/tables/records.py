"""A table as it was read: rows of named cells, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

Field: TypeAlias = "str | int | Decimal | bool | tuple[Field, ...] | Mapping[str, Field]"
"""What a cell may hold; only JSON and YAML have lists and groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One value and its place: ``data/products.csv:3:2`` or ``data/products.xlsx, sheet Prices, cell B3``."""

    value: Field
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The filled cells of one row by field name, in the order of the table's columns."""

    cells: Mapping[str, Cell]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file that was read, as it was then; ``path`` is relative to the spec's folder, ``bytes`` its size."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything in one table.

    ``path`` is what the spec names, relative to its folder; ``main`` the field that a row prints as, None where
    several could be meant. ``files`` is empty for a pattern: its images are only named, not read.
    """

    path: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    main: str | None
    files: tuple[InputFile, ...]
