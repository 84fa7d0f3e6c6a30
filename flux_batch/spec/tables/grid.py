"""Rows of plain cells, from CSV or a sheet → a header and named rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from flux_batch.spec.reading.scalars import Unfit
from flux_batch.spec.tables.faults import Faults
from flux_batch.spec.tables.limits import COLUMNS_MAX, TITLE_MAX
from flux_batch.spec.tables.records import Cell, Field, Row
from flux_batch.spec.tables.tally import Tally
from flux_batch.spec.tables.titles import NAME_HINT, field_name
from flux_batch.spec.words import code, plain, quoted

T = TypeVar("T")

NUMBER: Final = re.compile(r"[-+]?\d+([.,]\d+)*", re.ASCII)


class RawCell(NamedTuple, Generic[T]):
    """A filled cell: ``column`` counts from 0."""

    column: int
    value: T
    place: str


class RawRow(NamedTuple, Generic[T]):
    """The cells of a row that have something in them."""

    place: str
    cells: list[RawCell[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A header and what stands under it."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def build(path: str, rows: Iterable[RawRow[T]], read: Callable[[T, str], Field | Unfit | None], faults: Faults) -> Grid:
    """The grid of a file; faults are laid down. ``read`` gives a cell's value for the field it stands in."""
    remaining = iter(rows)
    fields = _header(path, remaining, read, faults)
    body = _Body(fields, read, faults)
    found = tuple(body.rows(remaining))
    if not found and not faults.found:
        faults.add(path, "the table names its columns, but has no rows", "write one row for each value")
    return Grid(columns=tuple(fields.values()), rows=found)


def _header(
    path: str, rows: Iterator[RawRow[T]], read: Callable[[T, str], Field | Unfit | None], faults: Faults
) -> dict[int, str]:
    """Column → field name, from the first row with anything in it."""
    for row in rows:
        titles = [(cell, read(cell.value, "")) for cell in row.cells]
        filled = [(cell, title) for cell, title in titles if title is not None]
        if filled:
            return _fields(row, filled, faults)
    raise faults.stop(path, "the table is empty", "the first row names the columns, like sku and name")


def _fields(row: RawRow[T], titles: list[tuple[RawCell[T], Field | Unfit]], faults: Faults) -> dict[int, str]:
    if titles[-1][0].column >= COLUMNS_MAX:
        raise faults.stop(row.place, f"the table has more than {COLUMNS_MAX} columns", "keep those that are used")
    if all(_is_data(title) for _, title in titles):
        raise faults.stop(row.place, "the first row must name the columns", "put a row above it, like sku, name, price")
    fields: dict[int, str] = {}
    for cell, title in titles:
        if isinstance(title, Unfit):
            faults.add(cell.place, title.message, title.hint)
        elif name := _named(cell, plain(title), fields, faults):
            fields[cell.column] = name
    faults.check()
    return fields


def _is_data(title: Field | Unfit) -> bool:
    return not isinstance(title, str | Unfit) or (isinstance(title, str) and bool(NUMBER.fullmatch(title)))


def _named(cell: RawCell[T], title: str, fields: dict[int, str], faults: Faults) -> str:
    name = field_name(title)
    if not name:
        faults.add(cell.place, f"the column title {quoted(title)} has no letter or digit", NAME_HINT)
    elif len(title) > TITLE_MAX:
        faults.add(cell.place, f"the column title {quoted(title)} has {len(title):,} characters", NAME_HINT)
    elif name in fields.values():
        faults.add(cell.place, f"two columns are named {code(name)}", "give each column its own title")
    else:
        return name
    return ""


class _Body(Generic[T]):
    """The rows under a header."""

    def __init__(self, fields: dict[int, str], read: Callable[[T, str], Field | Unfit | None], faults: Faults) -> None:
        self.fields = fields
        self.read = read
        self.faults = faults
        self.tally = Tally(faults)
        self.width = max(fields) + 1
        self.nameless: set[int] = set()

    def rows(self, rows: Iterable[RawRow[T]]) -> Iterator[Row]:
        """The rows with anything in them."""
        for raw in rows:
            if cells := self.cells(raw):
                self.tally.add_row(raw.place)
                yield Row(cells=cells, place=raw.place)

    def cells(self, raw: RawRow[T]) -> dict[str, Cell]:
        cells = {}
        for index, written, place in raw.cells:
            field = self.fields.get(index)
            value = self.read(written, field or "")
            if value is None:
                continue
            if field is None:
                self.report_nameless(index, place)
            elif isinstance(value, Unfit):
                self.faults.add(place, value.message, value.hint)
            else:
                self.tally.add_cell(value, place)
                cells[field] = Cell(value=value, place=place)
        return cells

    def report_nameless(self, index: int, place: str) -> None:
        """A value that no template could ever use; said once for a column with a gap above, else for each row."""
        if index >= self.width:
            named = f"{self.width} column{'s' if self.width > 1 else ''}"
            hint = "put quotes around a text with a separator in it, or name every column"
            self.faults.add(place, f"this row has a column {index + 1}, but the first row names {named}", hint)
        elif index not in self.nameless:
            self.nameless.add(index)
            self.faults.add(place, f"column {index + 1} has no name", "write one into the first row")
