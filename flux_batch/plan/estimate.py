"""The money of a plan, before anything is sent. All amounts are USD as Decimal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flux_batch.plan.records import Action, Change, Plan, Task

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


def estimate(plan: Plan, changes: Sequence[Change], *, resend: bool = True) -> Estimate:
    """Price the changes of a plan."""
    purchases = plan.purchases()
    new = [purchases[change.key] for change in changes if change.action is Action.NEW]
    models = tuple(_model_cost(model, [task.price for task in new if task.model == model]) for model in _ordered(new))
    cost = sum((row.total for row in models), Decimal(0))
    counts = {action: sum(change.action is action for change in changes) for action in Action}
    selected = (task for key, task in purchases.items() if key in plan.selected)
    return Estimate(
        models=models,
        new=counts[Action.NEW],
        resumed=counts[Action.RESUME],
        reused=counts[Action.REUSED],
        failed=counts[Action.FAILED],
        removed=counts[Action.REMOVED],
        cost=cost,
        from_scratch=sum((task.price for task in selected if task.price is not None), Decimal(0)),
        worst_case=cost * (MAX_SENDS if resend else 1),
        unpriced=tuple(row.model for row in models if row.unit is None),
    )


def _ordered(tasks: Sequence[Task]) -> list[str]:
    return list(dict.fromkeys(task.model for task in tasks))


def _model_cost(model: str, prices: Sequence[Decimal | None]) -> ModelCost:
    unit = prices[0]
    return ModelCost(model=model, images=len(prices), unit=unit, total=(unit or Decimal(0)) * len(prices))
