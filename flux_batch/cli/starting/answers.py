"""What a person types, or a script gives as a flag → what a first spec says; each raises UsageError in plain words."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.plan.templates.template import leftover
from flux_batch.spec.building.ratios import not_a_ratio
from flux_batch.spec.building.variables import AXES, TEMPLATE_WORDS
from flux_batch.spec.reading.scalars import DIGITS_MAX
from flux_batch.spec.reading.text import UNREADABLE
from flux_batch.spec.vocabulary import RATIOS
from flux_batch.spec.words import closest, code, quoted

SUBJECT: Final = "subject"
"""The variable that holds what is pictured."""
SCENE: Final = "scene"

PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    "1:1": ("feed", "square"),
    "9:16": ("story", "reel"),
    "16:9": ("web", "video"),
    "3:4": ("portrait", "post"),
    "4:3": ("slide",),
    "2:3": ("poster", "pin"),
    "3:2": ("photo", "print"),
    "21:9": ("banner",),
    "9:21": ("skyscraper",),
}
"""Ratio → what it is for, in the order of the menu."""

TEXT_MAX: Final = 2_000
"""Characters of an answer; a prompt of 8,000 is made of several."""
REPEAT_MAX: Final = 1_000

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a first spec is to say; ``subject`` is empty where a table says what is pictured. ``budget`` is in USD."""

    name: str
    subject: str = ""
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ratios: tuple[str, ...] = ()
    repeat: int = 1
    budget: Decimal | None = None


def text_in(answer: str) -> str:
    """One text, as it was typed but for the white space around it."""
    text = answer.strip()
    if not text:
        raise UsageError("this needs a word at least")
    if found := UNREADABLE.search(text):
        raise UsageError(f"there is a character in it that nobody can see (U+{ord(found[0]):04X}); type it again")
    if brace := leftover(text, frozenset({SUBJECT, SCENE, *AXES})):
        # Every prompt that says this is refused: somebody's template was not filled in.
        raise UsageError(f"{code(brace)} cannot stand in a prompt: it is how a variable is written; take it out")
    if len(text) > TEXT_MAX:
        raise UsageError(f"this has {len(text):,} characters; at most {TEXT_MAX:,} can be used")
    return text


def values_in(answer: str) -> tuple[str, ...]:
    """Values between commas; a comma within quotes belongs to its value."""
    try:
        found = next(csv.reader([text_in(answer)], skipinitialspace=True, strict=True))
    except csv.Error:
        raise UsageError('a quote is not closed, or stands before a text: quote all of a value, "like, this"') from None
    values = tuple(text.strip() for text in found if text.strip())
    if not values:
        raise UsageError("this needs a value at least")
    _refuse_twins(values)
    return values


def variable_in(answer: str, taken: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """``light: dawn, dusk``, or with ``=``: a variable's name and its values."""
    found = re.fullmatch(r"\s*([^:=]*[^:=\s])\s*[:=](.*)", answer, re.DOTALL)
    if not found:
        raise UsageError("write a name and its values, like  light: soft morning light, blue dusk")
    name, values = found.groups()
    _check_name(name, taken)
    return name, values_in(values)


def ratios_in(answer: str) -> tuple[str, ...]:
    """Ratios, their numbers in the menu, or what they are for; each once, in the order typed."""
    words = [word for word in re.split(r"[,;\s]+", answer.strip()) if word]
    if not words:
        raise UsageError("this needs a ratio at least")
    return tuple(dict.fromkeys(_ratio(word.strip("\"'")) for word in words))


def repeat_in(answer: str) -> int:
    """A number of variations."""
    text = answer.strip()
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= REPEAT_MAX:
        raise UsageError(f"{quoted(text)} is not a number from 1 to {REPEAT_MAX:,}")
    return int(text)


def budget_in(answer: str) -> Decimal:
    """US dollars: ``5``, ``$5.00`` or ``5,50``."""
    text = answer.strip().removeprefix("$").strip()
    if re.fullmatch("[0-9]+,[0-9]{1,2}", text):
        text = text.replace(",", ".")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0 or len(f"{amount:f}") >= DIGITS_MAX:
        raise UsageError(f"{quoted(answer)} is not an amount of US dollars like 5.00")
    return amount


def _refuse_twins(values: tuple[str, ...]) -> None:
    """Two values that would share a label: labels are written on one line."""
    seen: set[str] = set()
    for label in (" ".join(value.split()) for value in values):
        if label in seen:
            raise UsageError(f"{quoted(label)} is there twice")
        seen.add(label)


def _check_name(name: str, taken: Collection[str]) -> None:
    if name in AXES:
        others = f"{', '.join(AXES)} are there already for every image"
        raise UsageError(f"{code(name)} cannot name a variable: {others}; choose another name")
    if name in TEMPLATE_WORDS:
        raise UsageError(f"{code(name)} cannot name a variable: it means something in a prompt; choose another name")
    if not _NAME.fullmatch(name):
        rule = "use letters, digits and underscores, starting with a letter"
        raise UsageError(f"{code(name)} cannot name a variable: {rule}")
    if name in taken:
        raise UsageError(f"there is a variable {code(name)} already; choose another name")


def _ratio(word: str) -> str:
    menu = dict(enumerate(PURPOSES, start=1))
    if word in RATIOS:
        return word
    if word.isascii() and word.isdigit():
        if int(word[:4]) in menu and len(word) < 4:
            return menu[int(word)]
        raise UsageError(f"there is no ratio number {word[:20]}: numbers go from 1 to {len(menu)}")
    uses = {use: ratio for ratio, found in PURPOSES.items() for use in found}
    if guess := closest(word, uses):
        if guess == word.casefold():
            return uses[guess]
        raise UsageError(f"{quoted(word)} is not a ratio: did you mean {guess} ({uses[guess]})?")
    message, hint = not_a_ratio(word)
    raise UsageError(message if "did you mean" in message else f"{message}: {hint}")
