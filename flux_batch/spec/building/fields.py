"""What one value of a variable may be: a word or number, a list meant as one value, or a record with named fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from flux_batch.spec.words import did_you_mean, plain, quoted

Scalar = str | int | Decimal | bool
"""What a value in YAML may be; numbers with a point are Decimal, so ``4.50`` stays ``4.50``."""

Field: TypeAlias = "Scalar | tuple[Field, ...] | Record"

NAMES: Final = ("label", "name", "title", "sku", "id")
"""Fields that name a record, the first that it has."""


_SIGN: Final = r"[$\N{EURO SIGN}\N{POUND SIGN}]?"
_AMOUNT: Final = re.compile(rf"{_SIGN}\s*([+-]?[0-9]{{1,18}}(?:\.[0-9]{{1,18}}|,[0-9]{{1,2}})?)\s*{_SIGN}")
"""A number as people write it in tables: ``12.50``, ``12,50``, ``€ 12.50``; ``1,234`` could be either and is none."""


class NoText(TypeError):
    """A record, or nothing at all, stands where a text is wanted; ``hint`` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """A row of a table, or a group of fields in the spec.

    ``label`` is what conditions may call it; ``shown`` is its text where it stands alone, None for a record that has
    several fields to choose from.
    """

    fields: Mapping[str, Field] = field(repr=False)
    label: str = ""
    shown: str | None = None

    def __eq__(self, other: object) -> bool:
        """Another record with the same fields, or a text that is its label or what it shows."""
        if isinstance(other, str):
            return other in (self.label, self.shown)
        return isinstance(other, Record) and dict(self.fields) == dict(other.fields)

    def __hash__(self) -> int:
        """By its fields' names: equal records have the same."""
        return hash(tuple(sorted(self.fields)))

    def __contains__(self, _: object) -> bool:
        """Nothing is in a record; conditions ask all the same."""
        return False

    def __str__(self) -> str:
        """What it shows; raises NoText for a record of several fields."""
        return text_of(self)


class Nothing:
    """A field or axis that is not there: equal to nothing, no more and no less; it cannot stand in a text."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def _never(self, _: object) -> bool:
        return False

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _never
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        """Missing counts as no."""
        return False

    def __str__(self) -> str:
        """Raises NoText: a text made of it would only look like one."""
        return text_of(self)


class Figure(str):
    """A text that conditions may compare with a number: ``product.price > 10``; it prints as it was written."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """The text, or the number that it writes."""
        if isinstance(other, int | float | Decimal) and not isinstance(other, bool):
            return (number := number_in(self)) is not None and number == other
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        """Neither the text nor the number."""
        return not self == other

    __hash__ = str.__hash__

    def __lt__(self, other: object) -> bool:
        """Both as numbers where both write one, else as texts."""
        return self._compared(other) < 0

    def __le__(self, other: object) -> bool:
        """Not more."""
        return self._compared(other) <= 0

    def __gt__(self, other: object) -> bool:
        """Not less, nor equal."""
        return not self <= other

    def __ge__(self, other: object) -> bool:
        """Not less."""
        return not self < other

    def _compared(self, other: object) -> int:
        """Less than 0, 0 or more, as this one is less, equal or more."""
        mine, theirs = number_in(self), number_in(other)
        if mine is not None and theirs is not None:
            return int(mine.compare(theirs))
        if isinstance(other, str):
            return (str(self) > str(other)) - (str(self) < str(other))
        raise TypeError(f"{quoted(self)} is not a number, and cannot be compared with {plain(other)}")


def number_in(value: object) -> Decimal | None:
    """The number that a value is or writes, None for every other text."""
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    written = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    return Decimal(written[1].replace(",", ".")) if written else None


def text_of(value: object) -> str:
    """A value as it stands in a prompt; raises NoText for a record of several fields, and for what is not there."""
    if isinstance(value, Nothing):
        raise NoText(f"`{value.name}` is empty", "fill it in, or write {% if … %} around it")
    if isinstance(value, Record):
        if value.shown is None:
            raise NoText("a group of fields is no text", f"write one of its fields after a dot: {_dotted(value)}")
        return value.shown
    if isinstance(value, tuple | list):
        return ", ".join(text_of(item) for item in value)
    return plain(value)


def _dotted(record: Record) -> str:
    return ", ".join(f".{name}" for name in list(record.fields)[:8])


def has_text(value: object) -> bool:
    """Whether a value can stand in a text."""
    try:
        text_of(value)
    except NoText:
        return False
    return True


def fields_of(value: Field) -> Iterator[tuple[str, ...]]:
    """Every way into a record: ``("name",)``, ``("size",)``, ``("size", "width")``."""
    if isinstance(value, Record):
        for name, inner in value.fields.items():
            yield (name,)
            yield from ((name, *deeper) for deeper in fields_of(inner))


def inside(value: object, way: tuple[str, ...]) -> object | None:
    """The field that a way leads to, None where there is none."""
    for name in way:
        if not isinstance(value, Record):
            return None
        value = value.fields.get(name)
    return value


def naming_field(value: Record) -> str:
    """The text that names a record: its label, name … or the first field with a text."""
    for name in (*NAMES, *value.fields):
        found = value.fields.get(name)
        if found is not None and has_text(found) and (text := " ".join(text_of(found).split())):
            return text
    return ""


def no_such_field(name: str, wanted: str, known: tuple[str, ...]) -> tuple[str, str]:
    """Message and hint for a field that a variable does not have."""
    if not known:
        return f"`{name}` is one text or number and has no `.{wanted}`", f"write {{{{ {name} }}}}"
    return f"`{name}` has no field `{wanted}`", did_you_mean(wanted, known)
