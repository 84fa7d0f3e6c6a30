"""A value as conditions see it: by what it writes, and by its label."""

from __future__ import annotations

from flux_batch.spec.building.fields import Field, Figure, Record
from flux_batch.spec.records import Value
from flux_batch.spec.words import plain


class Labelled(Figure):
    """A value that a condition may also call by its label: ``scene == 'linen'`` for ``linen: rumpled linen``."""

    __slots__ = ("label",)
    label: str

    def __eq__(self, other: object) -> bool:
        """The text, the number or the word that it writes, or its label."""
        written = plain(other) if isinstance(other, bool) else other
        return super().__eq__(written) is True or self.label == written

    def __ne__(self, other: object) -> bool:
        """Neither the text nor its label."""
        return not self == other

    __hash__ = str.__hash__


def seen(value: Value) -> Field:
    """The value itself where its label says no more than it does."""
    if type(value.value) is str and value.value == value.label:  # nearly all of them
        return value.value
    if isinstance(value.value, tuple | Record) or plain(value.value) == value.label:
        return value.value
    labelled = Labelled(plain(value.value))
    labelled.label = value.label
    return labelled
