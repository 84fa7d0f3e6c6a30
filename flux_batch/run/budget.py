"""What a run may spend: the lowest of its limits, or a refusal with the numbers."""

from __future__ import annotations

from decimal import Decimal

from flux_batch.errors import OverBudget, PriceUnknown
from flux_batch.plan.totals.estimate import Estimate
from flux_batch.run.asked import Wishes


def budget_cap(
    spec: Wishes, cost: Estimate, committed: tuple[Decimal, Decimal], max_cost: Decimal | None
) -> Decimal | None:
    """The USD this folder may hold in all; raises RefusedToSpend when the plan does not fit or cannot be priced.

    Finishing what is paid costs nothing, so it is never refused.
    """
    held = sum(committed, Decimal(0))
    limits = [limit for limit in (spec.budget.max, None if max_cost is None else held + max_cost) if limit is not None]
    if not limits:
        return None
    if cost.unpriced:
        raise PriceUnknown(f"no price is known for {', '.join(cost.unpriced)}, so no budget can be kept")
    cap = min(limits)
    if cost.new and held + cost.cost > cap:
        name = "the budget" if cap == spec.budget.max else "--max-cost"
        doubts = f", ${committed[1]} kept for requests in doubt (see flux-batch resolve)" if committed[1] else ""
        images = f"{cost.new:,} new images cost" if cost.new > 1 else "1 new image costs"
        raise OverBudget(
            f"{images} ${cost.cost}, ${committed[0]} is spent already{doubts}: together over {name} "
            f"of ${spec.budget.max if cap == spec.budget.max else max_cost}"
        )
    return cap
