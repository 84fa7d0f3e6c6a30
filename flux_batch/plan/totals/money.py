"""Amounts of money as people and as scripts read them: decimal, never a float, the same everywhere."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache


@lru_cache(maxsize=256)
def usd(amount: Decimal) -> str:
    """``$1,234.50``: at least two decimals, and as many more as the amount has (``$0.035``)."""
    return f"${amount:,.{_decimals(amount)}f}"


def decimal_text(amount: Decimal | None) -> str | None:
    """``1234.50``, for JSON: never in scientific notation; None stays None."""
    return None if amount is None else f"{amount:.{_decimals(amount)}f}"


@lru_cache(maxsize=256)
def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(2, -exponent) if isinstance(exponent, int) else 2
