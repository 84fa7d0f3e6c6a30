"""What one accepted request costs, and who says so."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from flux_batch.plan.records import Price

TABLE: Final = (
    Price(
        model="flux-kontext-pro",
        amount=Decimal("0.04"),
        source="Black Forest Labs list price",
        date="2026-10",
        note="upper bound: ToAPIs publishes no price for this model",
    ),
    Price(
        model="flux-kontext-max",
        amount=Decimal("0.04"),
        source="ToAPIs model guide",
        date="2026-05-02",
    ),
)


def prices_for(models: Iterable[str]) -> tuple[Price, ...]:
    """The known prices of ``models``, in the table's order; an unknown model has none."""
    wanted = set(models)
    return tuple(price for price in TABLE if price.model in wanted)


def price_of(model: str) -> Decimal | None:
    """USD for one accepted request, None when nobody published one: never 0."""
    return _AMOUNTS.get(model)


_AMOUNTS: Final = {price.model: price.amount for price in TABLE}
