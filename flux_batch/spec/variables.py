"""``variables:`` → ``Variable`` records."""

from __future__ import annotations

from typing import Any, Final

from flux_batch.spec.desk import Desk, Layer, items
from flux_batch.spec.records import Value, Variable
from flux_batch.spec.source import FilePath
from flux_batch.spec.words import code, plain, quoted

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
        values = _values(written, at, desk)
        _refuse_twins(values, desk)
        found[name] = Variable(name=name, values=values, at=at)
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


def _values(written: Any, at: FilePath, desk: Desk) -> tuple[Value, ...]:
    if isinstance(written, dict):
        _refuse_from(written, at, desk)
        pairs = [(label, value, (*at, label)) for label, value in written.items()]
    elif isinstance(written, list):
        pairs = [(plain(value), value, place) for value, place in items(written, at)]
    else:
        pairs = [(plain(written), written, at)]
    return tuple(Value(label=_label(label, place, desk), value=value, at=place) for label, value, place in pairs)


def _refuse_from(written: dict[str, Any], at: FilePath, desk: Desk) -> None:
    # Kept free: a later version reads tables this way, and no old spec may change its meaning then.
    if "from" in written:
        hint = "values cannot be read from a file yet: write them here, or choose another label"
        desk.report((*at, "from"), "`from` cannot be a label", hint, key=True)


def _label(text: str, at: FilePath, desk: Desk) -> str:
    label = " ".join(text.split())
    if not label:
        desk.report(at, "an empty value has no name to show", 'give it a label: {plain: "", snowy: with snow}')
    return label


def _refuse_twins(values: tuple[Value, ...], desk: Desk) -> None:
    seen: set[str] = set()
    for value in values:
        if value.label in seen:
            desk.report(value.at, f"{quoted(value.label)} is already in this list", "take it out, or use `repeat`")
        seen.add(value.label)
