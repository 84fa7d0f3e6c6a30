"""A ratio in a cell: spreadsheets take 16:9 for the time of day, and people write it in many ways."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from flux_batch.spec.building.ratios import not_a_ratio
from flux_batch.spec.reading.scalars import Unfit
from flux_batch.spec.tables.records import Field
from flux_batch.spec.words import quoted

RATIOS: Final = frozenset({"ratio", "ratios", "aspect", "aspect_ratio"})
"""Fields that hold nothing but ratios."""
SIZES: Final = frozenset({"format", "size"})
"""Fields that may also hold 10x15 (centimetres), 42.5 (shoes) or A4: only a colon makes a ratio there."""

AS_TEXT: Final = "format the column as Text and type 16:9 again"

_COLON: Final = re.compile(r"(\d{1,2})\s*:\s*(\d{1,2})(?::00)?", re.ASCII)
_OTHER: Final = re.compile("(\\d{1,2})\\s*[x\N{MULTIPLICATION SIGN}/]\\s*(\\d{1,2})", re.ASCII | re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d{0,3}[.,]\d{1,17}", re.ASCII)


def as_ratio(field: str, value: Field) -> Field | Unfit:
    """The value of a cell; in a column of ratios as ``16:9``, or Unfit when that cannot be known any more."""
    if field not in RATIOS and field not in SIZES:
        return value
    if isinstance(value, str):
        return _from_text(field, value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _from_number(field, value)
    return value


def from_clock(field: str, seconds: float, shown: str) -> str | Unfit:
    """A time or duration of a spreadsheet, in seconds: 58,140 is 16:09 is 16:9.

    In other columns nobody knows whether a time of day, a ratio or a score was typed, so nothing is guessed.
    """
    if field not in RATIOS and field not in SIZES:
        return Unfit(f"this cell is a time ({shown})", "format the column as Text and type the value again")
    minutes, rest = divmod(round(seconds, 2), 60)
    width, height = divmod(int(minutes), 60)
    if rest or not 0 < width < 100 or not height:
        return Unfit(f"this cell is a time ({shown}), not a ratio", AS_TEXT)
    return f"{width}:{height}"


def _from_text(field: str, text: str) -> str | Unfit:
    match = _COLON.fullmatch(text) or (_OTHER.fullmatch(text) if field in RATIOS else None)
    if match and int(match[1]) and int(match[2]):
        return f"{int(match[1])}:{int(match[2])}"
    if _NUMBER.fullmatch(text):
        number = _from_number(field, Decimal(text.replace(",", ".")))
        return number if isinstance(number, Unfit) else text
    return text


def _from_number(field: str, number: int | Decimal) -> int | Decimal | Unfit:
    if isinstance(number, Decimal) and (field in RATIOS or _is_clock(number)):
        # 0.6729 is what a spreadsheet makes of 16:09 once the column is a number: the part of a day.
        message = f"{quoted(number)} is not a ratio: a spreadsheet may have made this number of one like 16:9"
        return Unfit(message, AS_TEXT)
    return Unfit(*not_a_ratio(number)) if field in RATIOS else number


def _is_clock(number: Decimal) -> bool:
    """Whether a number is a time rather than a size: few sizes have four decimals, and no ratio lasts five days."""
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent <= -4 and 0 < number < 5
