"""What a cell of a sheet says: as a spreadsheet shows it, and never what it made of a text by mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Final

from flux_batch.spec.reading.scalars import Unfit
from flux_batch.spec.tables.aspect import AS_TEXT, RATIOS, SIZES, as_ratio, from_clock
from flux_batch.spec.tables.records import Field
from flux_batch.spec.tables.texts import clean_text
from flux_batch.spec.words import shown

SHEET_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps and shows; more were lost when they were typed."""

ZEROS: Final = re.compile("0{2,}")
"""A number format that fills up with zeros: 42 is shown as 00042, which is an article number."""


@dataclass(frozen=True, slots=True)
class Written:
    """A cell as stored: its ``value``, the number format, and whether it is an error or a formula without a result."""

    value: object
    number_format: str = ""
    error: bool = False
    unsolved: bool = False


def sheet_value(written: Written, field: str) -> Field | Unfit | None:
    """The cell's value for the field it stands in; None for an empty cell."""
    if written.unsolved:
        return Unfit("this formula has no result in the file", "open the workbook in Excel, save it once, try again")
    if written.error:
        return Unfit(f"this cell is the error {shown(written.value)}", "mend the formula, or clear the cell")
    value = written.value
    if isinstance(value, str):
        return _text(value, field)
    if isinstance(value, datetime | date | time | timedelta):
        return _moment(value, field)
    if isinstance(value, bool) or value is None:
        return value
    return _number(value, written.number_format, field)


def _text(text: str, field: str) -> Field | Unfit | None:
    # How a workbook writes the carriage return of a text that was pasted from Windows.
    cleaned = clean_text(text.replace("_x000D_", "\r"))
    return as_ratio(field, cleaned) if isinstance(cleaned, str) else cleaned


def _moment(value: date | time | timedelta, field: str) -> str | Unfit:
    if isinstance(value, timedelta):
        return from_clock(field, value.total_seconds(), str(value))
    if isinstance(value, time):
        seconds = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second).total_seconds()
        return from_clock(field, seconds + value.microsecond / 1e6, value.isoformat("auto"))
    if field in RATIOS or field in SIZES:
        # 4/3 is the third of April, or the fourth of March.
        return Unfit(f"this cell is a date ({value.isoformat()}), not a ratio", AS_TEXT)
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != time(0) else value.date().isoformat()
    return value.isoformat()


def _number(value: object, number_format: str, field: str) -> Field | Unfit:
    if not isinstance(value, int | float) or (isinstance(value, float) and not isfinite(value)):
        return Unfit("this cell cannot be read", "format the column as Text and type the value again")
    number = _shown(value)
    if len(number.as_tuple().digits) + max(0, int(number.as_tuple().exponent)) > SHEET_DIGITS:
        hint = "if it is an article number, format the column as Text and type it again"
        return Unfit(f"a spreadsheet keeps {SHEET_DIGITS} digits of a number, and this has more", hint)
    if number != number.to_integral_value():
        return as_ratio(field, Decimal(f"{number:f}"))
    if ZEROS.fullmatch(number_format):
        return f"{int(number):0{len(number_format)}d}"
    return as_ratio(field, int(number))


def _shown(value: float) -> Decimal:
    """The number with the digits that a sheet shows: 1.1 * 3 is 3.3 there, not 3.3000000000000003."""
    return Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{SHEET_DIGITS}g}")
