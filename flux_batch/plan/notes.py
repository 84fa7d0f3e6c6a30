"""What is worth saying about a plan and stops nothing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from flux_batch.errors import Problem
from flux_batch.plan.naming import apart
from flux_batch.plan.records import Task
from flux_batch.spec.records import Spec


def over_budget(spec: Spec, tasks: Sequence[Task]) -> list[Problem]:
    """A note when all images together cost more than the spec's own budget, which no run will pass."""
    most = spec.budget.max
    prices = {task.key: task.price for task in tasks}
    cost = sum((price for price in prices.values() if price is not None), Decimal(0))
    if most is None or cost <= most:
        return []
    what = f"all {len(prices):,} images cost" if len(prices) > 1 else "its one image costs"
    message = f"{what} about ${cost:,.2f}, which is more than the budget, ${most:,.2f}"
    return [spec.source.problem(("budget", "max"), message, "raise it, or leave images out: no run passes it")]


def repeated(spec: Spec, tasks: list[Task]) -> list[Problem]:
    """A note when images repeat the request of another one."""
    first: dict[str, Task] = {}
    again = [task for task in tasks if first.setdefault(task.key, task) is not task]
    if not again:
        return []
    at = next(job.prompt_at for job in spec.jobs if job.name == again[0].job)
    one, other = first[again[0].key].axes, again[0].axes
    example = f"for instance {apart(one, other)} and {apart(other, one)}"
    verb = "repeats" if len(again) == 1 else "repeat"
    message = (
        f"{len(again):,} of {len(tasks):,} images {verb} the request of another: bought once, shown in both places"
    )
    return [spec.source.problem(at, message, example, key=True)]
