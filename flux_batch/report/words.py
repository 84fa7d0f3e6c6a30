"""Numbers and dates as people read them, the same on every machine."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def file_size(count: int) -> str:
    """Bytes in the unit that fits: ``840 KB``, ``1.4 MB``."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} KB" if count < 999_500 else f"{count / 1_000_000:.1f} MB"


def day(seconds: float) -> str:
    """Unix seconds as ``23 November 2026`` (UTC), whatever the locale."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def iso(seconds: float | None) -> str | None:
    """Unix seconds as ``2026-11-23T06:44:12.345Z``."""
    if seconds is None:
        return None
    whole, part = divmod(seconds, 1)
    micros = round(part * 1_000_000)
    minute, second = divmod(int(whole) + micros // 1_000_000, 60)
    return f"{_minute(minute)}:{second:02}.{micros % 1_000_000 // 1000:03}Z"


@lru_cache(maxsize=1024)
def _minute(number: int) -> str:
    """The beginning of all moments in a minute, counted from 1970: a manifest tells forty thousand of a large run."""
    return datetime.fromtimestamp(number * 60, UTC).isoformat("T", "minutes").removesuffix("+00:00")
