"""What templates are put together from, and the plain ones read: texts and variables, one after the other.

Most prompts are plain. They are read here without Jinja, whose import takes a fifth of the start of `plan`; whatever
is not surely plain is left to it, so that its words about a mistake stay the only ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flux_batch.plan.templates.helpers import HELPERS
from flux_batch.spec.building.fields import NoText, Record, has_text, inside, text_of

MAX_OUTPUT: Final = 8_000
"""Characters of one rendered text; the provider publishes no limit, ours catches accidents."""

MAX_TEMPLATE: Final = 20_000
"""Characters of a template; with conditions it may be longer than what comes out of it."""


class TemplateProblem(Exception):
    """A template that cannot be used; ``needle`` is the part of its text to point at, empty for the whole.

    ``at_its_end`` points at the last character of that part alone.
    """

    def __init__(self, message: str, *, needle: str = "", hint: str = "", at_its_end: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.needle = needle
        self.hint = hint
        self.at_its_end = at_its_end


@dataclass(frozen=True, slots=True)
class Piece:
    """A variable or a field in a template, and the filters that it goes through."""

    way: tuple[str, ...]
    filters: tuple[str, ...] = ()

    def text(self, value: object) -> str:
        """What stands in its place for a value of the variable; raises TemplateProblem or TypeError for none."""
        check_value(self.way, {self.way[0]: value})
        found = inside(value, self.way[1:])
        if found is None:
            raise NoText(f"`{'.'.join(self.way)}` is empty")
        for name in self.filters:
            found = HELPERS[name](found)
        return text_of(found)


def plain_pieces(text: str) -> tuple[str | Piece, ...] | None:
    """The pieces of a template that is surely plain; None for everything else, what is wrong with it included."""
    if "{" not in text:
        return (text,)
    if "\r" in text or "{%" in text or "{#" in text:
        return None
    *before, last = parts = re.split(_TAG, text.removesuffix("\n"))  # as Jinja leaves out the last end of line
    texts = (*before[::2], last)
    if any("{{" in each for each in texts) or any(each.endswith("{") for each in before[::2]):
        return None
    found = [_piece(part) if place % 2 else part for place, part in enumerate(parts) if part]
    pieces = tuple(piece for piece in found if piece is not None)
    return pieces if len(pieces) == len(found) else None


_NAME: Final = r"[A-Za-z][A-Za-z0-9_]*"
_TAG: Final = rf"\{{\{{[ \n\t]*({_NAME}(?:\.{_NAME}){{0,9}}(?:[ \n\t]*\|[ \n\t]*{_NAME}){{0,9}})[ \n\t]*\}}\}}"
_NO_NAMES: Final = frozenset({
    "and", "caller", "elif", "else", "false", "False", "if", "in", "is", "kwargs", "loop", "none", "None", "not", "or",
    "self", "super", "true", "True", "varargs",
})  # fmt: skip
"""Words that mean something of their own to Jinja, or may."""


def _piece(tag: str) -> Piece | None:
    name, *filters = (word.strip() for word in tag.split("|"))
    way = tuple(name.split("."))
    if not _NO_NAMES.isdisjoint(way) or not all(each in HELPERS for each in filters):
        return None
    return Piece(way, tuple(filters))


def check_value(way: tuple[str, ...], values: Mapping[str, object]) -> None:
    """Raise TemplateProblem for a variable without a value, or one that is too long."""
    if way[0] not in values:
        raise TemplateProblem(f"`{way[0]}` has no value", needle=way[0])
    value = inside(values[way[0]], way[1:])
    if value is None or isinstance(value, Record):
        return
    text = value if isinstance(value, str) else text_of(value) if has_text(value) else ""
    if len(text) > MAX_OUTPUT:  # asked first, for the words about it would be made for every image
        refuse_long(f"the value of `{'.'.join(way)}`", text)


def refuse_long(what: str, text: str, limit: int = MAX_OUTPUT) -> None:
    """Raise TemplateProblem for more characters than there may be."""
    if len(text) > limit:
        raise TemplateProblem(f"{what} has {len(text):,} characters; the limit is {limit:,}")
