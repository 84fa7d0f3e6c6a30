"""Records from JSON or YAML → columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Final, TypeAlias

from flux_batch.spec.reading.scalars import Unfit
from flux_batch.spec.tables.aspect import as_ratio
from flux_batch.spec.tables.faults import Faults
from flux_batch.spec.tables.grid import Grid
from flux_batch.spec.tables.limits import COLUMNS_MAX, DEPTH_MAX, TITLE_MAX
from flux_batch.spec.tables.records import Cell, Field, Row
from flux_batch.spec.tables.tally import Tally
from flux_batch.spec.tables.texts import clean_text
from flux_batch.spec.tables.titles import NAME_HINT, field_name
from flux_batch.spec.words import code, quoted

At: TypeAlias = tuple[str | int, ...]
Place: TypeAlias = Callable[[At], str]
"""A path into the file's value → its place in words."""

LABEL: Final = "label"
"""The column of the keys, where a table is written as ``label: row``."""
SHAPE: Final = "a table is a list of records, like {sku: M-1, name: mug}"


def build_records(value: object, place: Place, faults: Faults) -> Grid:
    """The table in a value of lists, dicts and scalars; faults are laid down, also for an Unfit in it."""
    reader = _Reader(place, faults)
    rows = tuple(reader.rows(_records(value, place, faults)))
    if not rows and not faults.found:
        faults.add(place(()), "the table has no rows", SHAPE)
    columns = tuple(reader.columns)
    return Grid(columns=columns, rows=tuple(_ordered(row, columns) for row in rows))


def _ordered(row: Row, columns: tuple[str, ...]) -> Row:
    return Row(cells={name: row.cells[name] for name in columns if name in row.cells}, place=row.place)


def _records(value: object, place: Place, faults: Faults) -> Iterator[tuple[At, object, str | None]]:
    """Each record with its path, and its label where it has one."""
    at: At = ()
    if isinstance(value, dict) and value:
        if all(isinstance(each, dict) for each in value.values()):
            yield from (((key,), each, key) for key, each in value.items())
            return
        lists = [key for key, each in value.items() if _is_table(each)]
        if len(lists) > 1:
            raise faults.stop(place(()), f"{code(lists[0])} and {code(lists[1])} are both lists of records", SHAPE)
        if lists:
            value, at = value[lists[0]], (lists[0],)
    if not isinstance(value, list):
        raise faults.stop(place(()), "there is no list of records in this file", SHAPE)
    yield from (((*at, index), each, None) for index, each in enumerate(value))


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)


class _Reader:
    """One pass over the records, collecting the columns."""

    def __init__(self, place: Place, faults: Faults) -> None:
        self.place = place
        self.faults = faults
        self.columns: dict[str, None] = {}
        self.names: dict[str, str] = {}
        self.tally = Tally(faults)

    def rows(self, records: Iterator[tuple[At, object, str | None]]) -> Iterator[Row]:
        for at, record, label in records:
            place = self.place(at)
            self.tally.add_row(place)
            if not isinstance(record, dict):
                self.faults.add(place, "this is not a record with names and values", SHAPE)
            elif cells := self.cells(at, record, label):
                yield Row(cells=cells, place=place)

    def cells(self, at: At, record: dict[str, object], label: str | None) -> dict[str, Cell]:
        cells = {}
        if label is not None and LABEL in {self.name(key) for key in record}:
            self.faults.add(self.place(at), f"this row has a {code(LABEL)} of its own beside its key", "keep one")
        for field, inner, value in self.fields(at, record, label):
            read = self.value(value, inner, field)
            if read is not None:
                self.columns.setdefault(field)
                cells[field] = Cell(value=read, place=self.place(inner))
        if len(self.columns) > COLUMNS_MAX:
            raise self.faults.stop(self.place(at), f"the table has more than {COLUMNS_MAX} columns", "keep those used")
        return cells

    def fields(self, at: At, record: dict[str, object], label: str | None) -> Iterator[tuple[str, At, object]]:
        """The field, path and value of each key that can be a name."""
        seen: set[str] = set()
        if label is not None:
            yield LABEL, at, label
        for key, value in record.items():
            name, inner = self.name(key), (*at, key)
            if not name or len(key) > TITLE_MAX:
                self.faults.add(self.place(inner), f"{quoted(key)} cannot name a field", NAME_HINT)
            elif name in seen:
                self.faults.add(self.place(inner), f"two fields are named {code(name)}", "give each its own name")
            else:
                seen.add(name)
                yield name, inner, value

    def name(self, key: str) -> str:
        if key not in self.names:
            self.names[key] = field_name(key)
        return self.names[key]

    def value(self, value: object, at: At, field: str = "", depth: int = 1) -> Field | None:
        """A value as a cell holds it, None when it is empty or a fault; ``field`` is that of a whole cell."""
        self.tally.add_cell(value, self.place(at))
        if depth > DEPTH_MAX:
            raise self.faults.stop(self.place(at), f"nested more than {DEPTH_MAX} levels deep", "write it flatter")
        if isinstance(value, list):
            return tuple(self.items(value, at, depth))
        if isinstance(value, dict):
            inner = ((name, self.value(each, path, "", depth + 1)) for name, path, each in self.fields(at, value, None))
            return {name: each for name, each in inner if each is not None}
        read = _scalar(value, field)
        if isinstance(read, Unfit):
            self.faults.add(self.place(at), read.message, read.hint)
            return None
        return read

    def items(self, values: list[object], at: At, depth: int) -> Iterator[Field]:
        for index, value in enumerate(values):
            read = self.value(value, (*at, index), "", depth + 1)
            if value is None:
                self.faults.add(self.place((*at, index)), "null stands in a list", "take it out, or write a value")
            if read is not None:
                yield read


def _scalar(value: object, field: str) -> Field | Unfit | None:
    if value is None or isinstance(value, Unfit | bool):
        return value
    if isinstance(value, str):
        cleaned = clean_text(value)
        return as_ratio(field, cleaned) if isinstance(cleaned, str) else cleaned
    if isinstance(value, int | Decimal):
        return as_ratio(field, value)
    raise TypeError(f"a {type(value).__name__} in a table")  # neither of the two readers makes any
