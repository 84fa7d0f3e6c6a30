"""How many images a spec multiplies to, before any of them is made."""

from __future__ import annotations

from decimal import Decimal

from flux_batch.errors import Problem
from flux_batch.plan.expansion.choices import Labels, count, labels_of, used_variables
from flux_batch.plan.totals.prices import TABLE
from flux_batch.spec.records import Job, Spec


def counts_of(jobs: list[Job]) -> dict[str, int]:
    """By job, its images before any rule leaves one out: never fewer than there will be. Parents stand first."""
    counts: dict[str, int] = {}
    axes: dict[str, Labels] = {}
    for job in jobs:
        parents, inherited = (counts[job.edit], axes[job.edit]) if job.edit else (1, {})
        variables = used_variables(job, inherited)
        counts[job.name] = count(job, parents, variables, inherited)
        axes[job.name] = labels_of(job, variables, inherited)
    return counts


def too_many(spec: Spec, jobs: list[Job]) -> list[Problem]:
    """A product over the limit, with its size and price, before it is expanded."""
    counts = counts_of(jobs)
    total, limit = sum(counts.values()), spec.limits.max_tasks
    if total <= limit:
        return []
    biggest = max(jobs, key=lambda job: counts[job.name])
    price = _brief(total * max(price.amount for price in TABLE), "$", ",.2f")
    less = [word for word in ("exclude", "where") if any(getattr(job, word) for job in jobs)]
    before = f", before {' and '.join(f'`{word}`' for word in less)}" if less else ""
    message = f"this multiplies to {_brief(total)} images{before}, about {price}; the limit is {limit:,}"
    share = f"most come from job `{biggest.name}` ({_brief(counts[biggest.name])}); " if len(jobs) > 1 else ""
    hint = f"{share}raise limits.max_tasks if you mean it"
    return [spec.source.problem(biggest.prompt_at, message, hint, key=True)]


def _brief(number: int | Decimal, sign: str = "", form: str = ",") -> str:
    """A number that a person can read, however absurd."""
    enough = 10**15
    return f"{sign}{number:{form}}" if number < enough else f"more than {sign}{enough:,}"
