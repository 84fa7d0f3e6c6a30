"""What a plain word in YAML means, and when it must be quoted instead of guessed at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from flux_batch.spec.words import quoted

CORE: Final = "tag:yaml.org,2002:"
DIGITS_MAX: Final = 18
"""Longer numbers are ids, and ids are text."""

UNREADABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML forbids."""

_SPECIAL = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unfit:
    """A word whose reading as a number would not be the text that was written."""

    message: str
    hint: str


def read_scalar(tag: str, text: str) -> str | int | Decimal | bool | Unfit | None:
    """The value of a scalar that YAML's core rules gave ``tag``; never a number that prints differently."""
    match tag.removeprefix(CORE):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int" | "float":
            return _number(text)
        case _:
            return _text(text)


def _text(text: str) -> str | Unfit:
    """Quoted text can name any character by a code; what no file may hold, no prompt may either."""
    if forbidden := UNREADABLE.search(text):
        return Unfit(f"this text has the character U+{ord(forbidden[0]):04X} in it", "take it out")
    return text


def _number(text: str) -> int | Decimal | Unfit:
    if _SPECIAL.fullmatch(text):
        return Unfit(f"{text} is not a number that can be used here", f'if it is text, quote it: "{text}"')
    if len(text) > DIGITS_MAX:
        return Unfit(f"{quoted(text)} is too long for a number", "if it is text, put it in quotes")
    number = _parse(text)
    if isinstance(number, Decimal) and abs(number.adjusted()) > DIGITS_MAX:
        return Unfit(f"{quoted(text)} is too long for a number", "if it is text, put it in quotes")
    if str(number) == text:
        return number
    read = f"{number:f}" if isinstance(number, Decimal) else str(number)
    return Unfit(f"unquoted, {text} is the number {read}", f'quote it: "{text}", or write the number as {read}')


def _parse(text: str) -> int | Decimal:
    lowered = text.lower()
    if lowered.startswith(("0x", "0o")):
        return int(lowered, 0)
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    return Decimal(text)
