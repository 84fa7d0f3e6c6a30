"""State-file rows ↔ records, and what a purchase holds of the budget: pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from flux_batch.plan.sharing import Shared
from flux_batch.run.records import Failure, Phase, Purchase, StoredFile, Times

MICRO: Final = 1_000_000
"""Millionths of a dollar in a dollar: money is stored as whole numbers, so that SQL can add it exactly."""

COLUMNS: Final = (
    "phase", "generation", "sends", "price", "business_id", "body", "remote_id", "result_url", "expires_at",
    "file", "failure", "times",
)  # fmt: skip

_MAYBE_SENT: Final = frozenset({Phase.INTENT, Phase.UNCERTAIN, Phase.HELD})

FINAL: Final = frozenset({Phase.STORED, Phase.FAILED, Phase.REFUSED, Phase.SKIPPED})
"""Phases in which a run has nothing left to do."""


def exposure(purchase: Purchase) -> tuple[int, int]:
    """What a purchase holds of the budget, as (spent, reserved) in micros.

    A request in doubt may have been billed once for every time it may have arrived. What was paid stays spent, also
    when a person gives it up.
    """
    price = micros(purchase.price or Decimal(0))
    if purchase.phase in _MAYBE_SENT:
        return 0, price * purchase.sends
    return (price, 0) if purchase.paid else (0, 0)


def micros(amount: Decimal) -> int:
    """A price in whole millionths, rounded up so that no budget is passed by a fraction."""
    return int((amount * MICRO).to_integral_value(ROUND_CEILING))


def whole_micros(limit: Decimal) -> int:
    """A limit in whole millionths, rounded down for the same reason."""
    return int((limit * MICRO).to_integral_value(ROUND_FLOOR))


def dollars(amount: int) -> Decimal:
    """Millionths back to USD."""
    return Decimal(amount) / MICRO


def to_row(purchase: Purchase) -> tuple[object, ...]:
    """The values of COLUMNS."""
    return (
        purchase.phase.value,
        purchase.generation,
        purchase.sends,
        None if purchase.price is None else micros(purchase.price),
        purchase.business_id,
        purchase.body,
        purchase.remote_id,
        purchase.result_url,
        purchase.expires_at,
        json.dumps(asdict(purchase.file)) if purchase.file else None,
        json.dumps(asdict(purchase.failure), ensure_ascii=False) if purchase.failure else None,
        json.dumps({name: at for name, at in asdict(purchase.times).items() if at is not None}),
    )


def from_row(row: Mapping[str, Any], shared: Shared | None = None) -> Purchase:
    """The inverse of ``to_row``, with the key; what other rows have, too, is taken from ``shared``."""
    shared = shared or Shared()
    file, failure, times = json.loads(f"[{row['file'] or 'null'},{row['failure'] or 'null'},{row['times']}]")
    return Purchase(
        key=row["key"],
        phase=Phase(row["phase"]),
        generation=row["generation"],
        sends=row["sends"],
        price=None if row["price"] is None else shared.made(dollars, row["price"]),
        business_id=row["business_id"],
        body=row["body"],
        remote_id=row["remote_id"],
        result_url=row["result_url"],
        expires_at=row["expires_at"],
        file=_file(file, shared) if file else None,
        failure=Failure(**failure) if failure else None,
        times=Times(**times),
    )


def held_from(row: Mapping[str, Any]) -> Purchase:
    """As much of a purchase as ``exposure`` asks for."""
    return Purchase(
        key=row["key"],
        phase=Phase(row["phase"]),
        sends=row["sends"],
        price=None if row["price"] is None else dollars(row["price"]),
        remote_id=row["remote_id"],
        failure=Failure(**json.loads(row["failure"])) if row["failure"] else None,
    )


def _file(fields: Mapping[str, Any], shared: Shared) -> StoredFile:
    return StoredFile(**{**fields, "mime": shared.text(fields["mime"])})
