"""The money of a plan, before anything is sent. All amounts are USD as Decimal."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from flux_batch.plan.difference.changes import Changes
from flux_batch.plan.records import Action, Plan
from flux_batch.plan.totals.columns import Columns, Offer, columns_of

MAX_SENDS = 2
"""How often one request is sent at most: once, and once more when the first is proven lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCost:
    """One row of the price table: ``unit`` is None when nobody published a price."""

    model: str
    images: int
    unit: Decimal | None
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run would buy.

    ``cost`` counts new images once; ``from_scratch`` is the price of the whole selection without reuse;
    ``worst_case`` counts a new image twice when a request that is proven lost may be sent again (`resend`).
    ``unpriced`` names models without a known price: their images are in no sum.
    """

    models: tuple[ModelCost, ...]
    new: int
    resumed: int
    reused: int
    failed: int
    removed: int
    cost: Decimal
    from_scratch: Decimal
    worst_case: Decimal
    unpriced: tuple[str, ...]


def estimate(plan: Plan, changes: Changes, *, resend: bool = True) -> Estimate:
    """Price the changes of a plan."""
    tasks = columns_of(plan.tasks)
    offers = array("I", tasks.offers())
    new = Counter(offers[place] for place in changes.places_of(Action.NEW))
    counts: Counter[Action] = Counter()
    for (action, _), times in changes.counts().items():
        counts[action] += times
    return priced(
        [(tasks.offer(number), times) for number, times in new.items()],
        counts,
        from_scratch=_worth(tasks, Counter(offers[place] for place in changes.places)),
        resend=resend,
    )


def priced(
    new: Iterable[tuple[Offer, int]], counts: Counter[Action], *, from_scratch: Decimal, resend: bool
) -> Estimate:
    """The money of so many new images of each offer, in the plan's order; ``counts`` has all that would be done."""
    models = tuple(_model_costs(new))
    cost = sum((row.total for row in models), Decimal(0))
    return Estimate(
        models=models,
        new=counts[Action.NEW],
        resumed=counts[Action.RESUME],
        reused=counts[Action.REUSED],
        failed=counts[Action.FAILED],
        removed=counts[Action.REMOVED],
        cost=cost,
        from_scratch=from_scratch,
        worst_case=cost * (MAX_SENDS if resend else 1),
        unpriced=tuple(row.model for row in models if row.unit is None),
    )


def _worth(tasks: Columns, offers: Counter[int]) -> Decimal:
    """USD for so many images of each offer, those without a price left out."""
    prices = [(tasks.offer(number)[1], times) for number, times in offers.items()]
    return sum((price * times for price, times in prices if price is not None), Decimal(0))


def _model_costs(offers: Iterable[tuple[Offer, int]]) -> Iterator[ModelCost]:
    """One row for each model, as often as it is bought at the price of its first."""
    counts: dict[str, int] = {}
    units: dict[str, Decimal | None] = {}
    for (model, price), times in offers:
        counts[model] = counts.get(model, 0) + times
        units.setdefault(model, price)
    for model, images in counts.items():
        unit = units[model]
        yield ModelCost(model=model, images=images, unit=unit, total=(unit or Decimal(0)) * images)
