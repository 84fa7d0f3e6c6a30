"""What is worth saying about a plan and stops nothing."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import compress

from flux_batch.errors import Problem
from flux_batch.plan.expansion.naming import apart
from flux_batch.plan.expansion.tasks import Tasks
from flux_batch.spec.building.colours import ENOUGH, LIGHT, accent_for, least
from flux_batch.spec.records import Spec


def over_budget(spec: Spec, tasks: Tasks) -> list[Problem]:
    """A note when all images together cost more than the spec's own budget, which no run will pass."""
    most = spec.budget.max
    offers = Counter(compress(tasks.offers(), tasks.firsts()))
    prices = [(tasks.offer(number)[1], times) for number, times in offers.items()]
    cost = sum((price * times for price, times in prices if price is not None), Decimal(0))
    if most is None or cost <= most:
        return []
    count = offers.total()
    what = f"all {count:,} images cost" if count > 1 else "its one image costs"
    message = f"{what} about ${cost:,.2f}, which is more than the budget, ${most:,.2f}"
    return [spec.source.problem(("budget", "max"), message, "raise it, or leave images out: no run passes it")]


def faint_accent(spec: Spec) -> list[Problem]:
    """A note when the accent could not be read on the light sheet, and what is taken instead.

    The dark sheet lightens most colours, which nobody takes for a mistake.
    """
    wanted = (spec.report.accent or "").lower()
    if not wanted or (taken := accent_for(wanted).light) == wanted:
        return []
    message = f"{wanted} on white has a contrast of {least(wanted, LIGHT):.1f}:1 and text needs {ENOUGH}:1"
    return [spec.source.problem(("report", "accent"), message, f"the light sheet takes {taken} instead")]


def repeated(spec: Spec, tasks: Tasks) -> list[Problem]:
    """A note when images repeat the request of another one."""
    count = len(tasks.repeats)
    if not count:
        return []
    place, first = next(iter(tasks.repeats.items()))
    at = next(job.prompt_at for job in spec.jobs if job.name == tasks[place].job)
    one, other = tasks[first].axes, tasks[place].axes
    example = f"for instance {apart(one, other)} and {apart(other, one)}"
    verb = "repeats" if count == 1 else "repeat"
    message = f"{count:,} of {len(tasks):,} images {verb} the request of another: bought once, shown in both places"
    return [spec.source.problem(at, message, example, key=True)]
