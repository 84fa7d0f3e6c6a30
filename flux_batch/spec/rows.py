"""``{from: data/products.csv}`` → the values of a variable, one for each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from flux_batch.spec.desk import Desk, Layer
from flux_batch.spec.fields import NAMES, Field, Figure, Record, inside, naming_field, text_of
from flux_batch.spec.records import Value
from flux_batch.spec.source import FilePath
from flux_batch.spec.tables import Row, Table, TableProblem
from flux_batch.spec.words import code, did_you_mean, quoted

TWINS_SHOWN: Final = 5
_TAG: Final = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def table_values(written: Layer, desk: Desk) -> tuple[tuple[Value, ...], tuple[str, ...]]:
    """The rows of a table as values, and its columns; every problem of the table is reported at its ``from``."""
    at = (*written.at, "from")
    if "from" not in written.values or desk.is_lost_at(at):
        return (), ()
    try:
        table = desk.open_table(written.values["from"], written.values.get("sheet"))
    except TableProblem as error:
        for fault in error.faults:
            desk.report(at, f"{fault.place}: {fault.message}" if fault.place else fault.message, fault.hint)
        return (), ()
    if not table.rows:
        desk.report(at, f"{table.path} has no rows", "fill in one row at least below the names of the columns")
        return (), table.columns
    name = _namer(written, table, desk)
    values = tuple(_value(row, table, name, at) for row in table.rows)
    _refuse_unnamed(values, table, desk, at)
    return values, table.columns


def _value(row: Row, table: Table, name: Callable[[Record], str], at: FilePath) -> Value:
    fields = {field: _seen(cell.value) for field, cell in row.cells.items()}
    main = fields.get(table.main) if table.main else None
    record = Record(fields, shown=None if main is None else text_of(main))
    label = " ".join(name(record).split())
    return Value(label=label, value=Record(fields, label, record.shown), at=at, place=row.place)


def _seen(value: object) -> Field:
    """A cell's value; texts can be compared with numbers, for a table's cells are often texts that write one."""
    match value:
        case str():
            return Figure(value)
        case tuple() | list():
            return tuple(_seen(item) for item in value)
        case Mapping():
            return Record({str(name): _seen(inner) for name, inner in value.items()})
    scalar: Field = value  # type: ignore[assignment]
    return scalar


def _namer(written: Layer, table: Table, desk: Desk) -> Callable[[Record], str]:
    """How rows are named: by a column, by a text made of columns, or by the first column that is made for it."""
    wanted = written.values.get("label")
    if wanted is None:
        return naming_field if set(NAMES) & set(table.columns) else _first_of(table)
    template = wanted if "{{" in wanted else f"{{{{ {wanted} }}}}"
    for field in _TAG.findall(template):
        if field.split(".")[0] not in table.columns:
            message = f"{table.path} has no column {code(field)}"
            desk.report((*written.at, "label"), message, did_you_mean(field, table.columns))
            return naming_field
    return lambda record: _TAG.sub(lambda tag: _text(inside(record, tuple(tag[1].split(".")))), template)


def _first_of(table: Table) -> Callable[[Record], str]:
    """By the main column, or the first one that tells all rows apart."""
    for column in (table.main, *table.columns):
        texts = [str(row.cells[column].value) for row in table.rows if column and column in row.cells]
        if column and len(set(texts)) == len(table.rows):
            return lambda record, column=column: _text(record.fields.get(column))  # type: ignore[misc]
    return naming_field


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, Record) else text_of(value)


def _refuse_unnamed(values: tuple[Value, ...], table: Table, desk: Desk, at: FilePath) -> None:
    """Every row needs a name of its own: it stands in file names and on the contact sheet."""
    for message, hint in _first(_naming_problems(values, table)):
        desk.report(at, message, hint)


def _naming_problems(values: tuple[Value, ...], table: Table) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for value in values:
        if not value.label:
            yield f"{value.place}: this row has no name to show", f"fill in its {code(table.columns[0])}"
        elif value.label in seen:
            message = f"{value.place}: {quoted(value.label)} is already the name of {seen[value.label]}"
            yield message, f"name rows by a column that tells them apart: label: {' or '.join(table.columns[:4])}"
        seen.setdefault(value.label, value.place)


def _first(problems: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    """A few: a table with a wrong column has as many as rows."""
    return [problem for _, problem in zip(range(TWINS_SHOWN), problems, strict=False)]
