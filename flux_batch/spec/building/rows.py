"""``{from: data/products.csv}`` → the values of a variable, one for each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from flux_batch.spec.building.desk import Desk, Layer
from flux_batch.spec.building.fields import NAMES, Field, Figure, Record, has_text, inside, naming_field, text_of
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.records import Value
from flux_batch.spec.tables import Row, Table, TableProblem
from flux_batch.spec.tables.titles import field_name
from flux_batch.spec.words import code, did_you_mean, quoted

_TAG: Final = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_HEADING: Final = re.compile(r"\{\{\s*([^{}]*[^{}\s])\s*\}\}")


def table_values(written: Layer, desk: Desk) -> tuple[tuple[Value, ...], tuple[str, ...]]:
    """The rows of a table as values, and its columns; every problem of the table is reported at its ``from``."""
    at = (*written.at, "from")
    if "from" not in written.values or desk.is_lost_at(at):
        return (), ()
    try:
        table = desk.open_table(written.values["from"], *(written.values.get(key) for key in ("sheet", "flag")))
    except TableProblem as error:
        for fault in error.faults:
            desk.report(at, f"{fault.place}: {fault.message}" if fault.place else fault.message, fault.hint)
        return (), ()
    if not table.rows:
        desk.report(at, f"{table.path} has no rows", "fill in one row at least below the names of the columns")
        return (), table.columns
    name = _namer(written, table, desk)
    values = tuple(_value(row, table, name, at) for row in table.rows)
    if name is not _no_name:
        _refuse_unnamed(values, table, written, desk)
    return values, table.columns


def _no_name(_: Record) -> str:
    """For a label that was refused: rows without names are no news then."""
    return ""


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
    template = _with_names(wanted if "{{" in wanted else f"{{{{ {wanted} }}}}", table)
    if problem := _label_problem(wanted, template, table):
        at = (*written.at, "label")
        desk.problems.append(desk.source.problem_at(desk.source.find(at, problem[0]), *problem[1:]))
        return _no_name
    return lambda record: _TAG.sub(lambda tag: _text(inside(record, tuple(tag[1].split(".")))), template)


def _with_names(template: str, table: Table) -> str:
    """A label with the names of the fields where it has the headings of their columns, as the table writes them."""

    def named(tag: re.Match[str]) -> str:
        name = field_name(tag[1])
        heading = name in table.columns and tag[1].split(".")[0] not in table.columns
        return f"{{{{ {name} }}}}" if heading else tag[0]

    return _HEADING.sub(named, template)


def _label_problem(wanted: str, template: str, table: Table) -> tuple[str, str, str] | None:
    """What to point at in a label that cannot be used, the message and the hint."""
    if "{{" not in wanted and not _TAG.fullmatch(template):
        return "", f"{table.path} has no column {code(wanted)}", did_you_mean(wanted, table.columns)
    for field in _TAG.findall(template):
        if field.split(".")[0] not in table.columns:
            return field, f"{table.path} has no column {code(field)}", did_you_mean(field, table.columns)
    if left := re.search(r"\{\{.*?\}\}|\{[{%#]|[}%#]\}", _TAG.sub("", template)):
        return (
            left[0],
            f"{code(left[0])} cannot name rows",
            "a label is made of columns and of text: {{ sku }} {{ name }}",
        )
    return None


def _first_of(table: Table) -> Callable[[Record], str]:
    """By the main column, or the first one that tells all rows apart."""
    column = next(iter(_telling(table)), None)
    return naming_field if column is None else lambda record: _text(record.fields.get(column))


def _telling(table: Table) -> Iterator[str]:
    """The columns that tell all rows apart, those that are made for it first."""
    for column in dict.fromkeys((*([table.main] if table.main else []), *NAMES, *table.columns)):
        cells = [row.cells[column].value for row in table.rows if column in row.cells]
        texts = {_text(_seen(cell)) for cell in cells}
        if len(texts) == len(table.rows) and "" not in texts:
            yield column


def _text(value: object) -> str:
    return "" if value is None or not has_text(value) else " ".join(text_of(value).split())


def _refuse_unnamed(values: tuple[Value, ...], table: Table, written: Layer, desk: Desk) -> None:
    """Every row needs a name of its own: it stands in file names and on the contact sheet. Said once a kind."""
    wanted, at = written.values.get("label"), (*written.at, "from")
    blank = [value.place for value in values if not value.label]
    if blank:
        columns = _TAG.findall(wanted or "") or [wanted or "name"]
        hint = f"fill in its {code(columns[0])}, or take another column: label: {_choice(table)}"
        desk.report(at, f"{_places(blank)}: this row has no name to show", hint)
    seen: dict[str, str] = {}
    twins = [value for value in values if value.label and seen.setdefault(value.label, value.place) != value.place]
    if twins:
        first = twins[0]
        message = f"{first.place}: {quoted(first.label)} is already the name of {seen[first.label]}"
        if len(twins) > 1:
            message += f", and {len(twins) - 1:,} more like it"
        desk.report(at, message, f"name rows by what tells them apart: label: {_choice(table)}")


def _places(found: list[str]) -> str:
    return found[0] if len(found) == 1 else f"{found[0]} and {len(found) - 1:,} more"


def _choice(table: Table) -> str:
    """A column that tells the rows apart, or else two together."""
    telling = list(_telling(table))
    if telling:
        return " or ".join(telling[:2])
    return '"' + " ".join(f"{{{{ {column} }}}}" for column in table.columns[:2]) + '"'
