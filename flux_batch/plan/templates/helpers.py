"""The filters of prompts: a small allow-list of what marketers want; each takes a value and gives a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from flux_batch.spec.building.fields import text_of


def article(value: Any) -> str:
    """``a mug``, ``an olive bowl``: the English article by how the word sounds, before the text."""
    text = text_of(value)
    return f"{_article(text)} {text}" if text.strip() else text


def list_and(value: Any) -> str:
    """``red, green and blue`` for a list; a text stays as it is."""
    items = [text_of(item) for item in value] if isinstance(value, tuple | list) else [text_of(value)]
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)


_SILENT_H: Final = re.compile(r"(hour|honest|honou?r|heir|herb\b)", re.IGNORECASE)
_VOWEL_NOT_HEARD: Final = re.compile(
    r"(uni([^nm]|$)|us[aeiu]|ut[ei]|ur[ai]|eu|ewe|one\b|once\b|ubiq|uk[ru])", re.IGNORECASE
)
_BEFORE: Final = "\"'\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}(*"
_LETTERS: Final = re.compile(r"[A-Z](?![a-z])[A-Z0-9-]*\b")
_AN_LETTERS: Final = frozenset("AEFHILMNORSX")
"""Letters whose names begin with a vowel: an LED, an X-ray."""


def _article(text: str) -> str:
    word = text.lstrip().lstrip(_BEFORE)
    if letters := _LETTERS.match(word):
        return "an" if letters[0][0] in _AN_LETTERS else "a"
    if re.match(r"(8|11\b|18\b)", word) or _SILENT_H.match(word):
        return "an"
    return "an" if word[:1].lower() in "aeiou" and word[:1] and not _VOWEL_NOT_HEARD.match(word) else "a"


HELPERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "article": article,
    "capitalize": lambda value: text_of(value)[:1].upper() + text_of(value)[1:],
    "list_and": list_and,
    "lower": lambda value: text_of(value).lower(),
    "title": lambda value: text_of(value).title(),
    "trim": lambda value: text_of(value).strip(),
    "upper": lambda value: text_of(value).upper(),
}
