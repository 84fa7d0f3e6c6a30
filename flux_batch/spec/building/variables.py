"""``variables:`` → ``Variable`` records."""

from __future__ import annotations

from typing import Any, Final

from flux_batch.spec.building.desk import Desk, Layer, items
from flux_batch.spec.building.fields import Field, Figure, Record, Scalar, naming_field, text_of
from flux_batch.spec.building.rows import table_values
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.records import Value, Variable
from flux_batch.spec.words import code, quoted

AXES: Final = ("job", "model", "ratio", "n")
"""Axes that every image has; a variable cannot take their names."""

TEMPLATE_WORDS: Final = (
    *("and", "or", "not", "in", "is", "if", "else", "elif", "for"),
    *("true", "false", "none", "True", "False", "None", "self", "super", "loop"),
)
"""Words that mean something inside of {{ }}."""


def read_variables(layer: Layer, desk: Desk) -> dict[str, Variable]:
    """The variables of one level by name."""
    section = layer.section("variables")
    found = {}
    for name, written in section.values.items():
        at = (*section.at, name)
        if not _name_is_free(name, at, desk):
            continue
        variable = _variable(name, written, at, desk)
        _refuse_twins(variable.values, desk)
        found[name] = variable
    return found


def _name_is_free(name: str, at: FilePath, desk: Desk) -> bool:
    if name in AXES:
        hint = f"{', '.join(AXES)} are there already for every image; choose another name"
    elif name in TEMPLATE_WORDS:
        hint = "it has a meaning of its own inside of {{ }}; choose another name"
    else:
        return True
    desk.report(at, f"{code(name)} cannot name a variable", hint, key=True)
    return False


def _variable(name: str, written: Any, at: FilePath, desk: Desk) -> Variable:
    if isinstance(written, dict) and "from" in written:
        values, columns = table_values(Layer(written, at), desk)
        return Variable(name=name, values=values, at=at, columns=columns)
    return Variable(name=name, values=_values(written, at, desk), at=at)


def _values(written: Any, at: FilePath, desk: Desk) -> tuple[Value, ...]:
    if isinstance(written, dict):
        return tuple(
            _value(field_of(value), (*at, label), desk, label)
            for label, value in written.items()
            if _usable(value, (*at, label), desk)
        )
    places = items(written, at) if isinstance(written, list) else iter([(written, at)])
    return tuple(_value(field_of(value), place, desk) for value, place in places if _usable(value, place, desk))


def _usable(value: Any, at: FilePath, desk: Desk) -> bool:
    """Whether nothing of a value was lost; what is left of a list or a group would mean something else."""
    return value is not None and not any(lost[: len(at)] == at for lost in desk.lost)


def field_of(written: Any) -> Field:
    """A value as the file says it: a list is one value, a group of keys is a record."""
    if isinstance(written, list):
        return tuple(field_of(item) for item in written)
    if isinstance(written, dict):
        return Record({name: field_of(value) for name, value in written.items()})
    scalar: Scalar = Figure(written) if isinstance(written, str) else written
    return scalar


def _value(value: Field, at: FilePath, desk: Desk, label: str | None = None) -> Value:
    if isinstance(value, Record):
        label = label or naming_field(value)
        value = Record(value.fields, " ".join(label.split()))
    name = " ".join((text_of(value) if label is None else label).split())
    if not name:
        desk.report(at, "an empty value has no name to show", 'give it a label: {plain: "", snowy: with snow}')
    return Value(label=name, value=value, at=at)


def _refuse_twins(values: tuple[Value, ...], desk: Desk) -> None:
    seen: set[str] = set()
    for value in values:
        if value.label in seen and not value.place:
            desk.report(value.at, f"{quoted(value.label)} is already in this list", "take it out, or use `repeat`")
        seen.add(value.label)
