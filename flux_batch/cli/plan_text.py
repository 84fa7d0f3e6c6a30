"""A plan as a person reads it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from flux_batch.cli.output import plural
from flux_batch.cli.planning import Planned
from flux_batch.plan.estimate import ModelCost
from flux_batch.plan.money import usd
from flux_batch.plan.records import Action, Price, Task

MOST_REASONS = 8


def plan_lines(planned: Planned, width: int) -> list[str]:
    """The whole plan, ready to print in ``width`` columns."""
    blocks = [
        _head(planned),
        _reasons(planned),
        _table(planned),
        _budget(planned),
        _first_prompt(planned),
    ]
    folded = [line for block in blocks if block for line in (*_folded(block, width), "")]
    return [*folded, *_notes(planned)] if planned.plan.notes else folded[:-1]


def _folded(block: list[str], width: int) -> list[str]:
    lines = [line for text in block for line in text.split("\n")]
    return [part for line in lines for part in _fold(line, width)]


def _fold(line: str, width: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def _head(planned: Planned) -> list[str]:
    plan, selected = planned.plan, planned.selected()
    of = "" if len(selected) == len(plan.tasks) else f" of {len(plan.tasks):,}"
    return [
        f"Plan  {plan.name}   {planned.spec.source.path}",
        f"  {len(selected):,}{of} images wanted:   {'   '.join(_counts(planned))}",
        *(f"  {line}" for line in _axes(selected)),
    ]


def _counts(planned: Planned) -> list[str]:
    cost, selected = planned.estimate, planned.selected()
    repeats = len(selected) - len({task.key for task in selected})
    parts = [f"+ {cost.new:,} to buy" if cost.new else "nothing to buy"]
    parts += [f"> {cost.resumed:,} to finish"] if cost.resumed else []
    parts += [f"= {cost.reused:,} already stored"] if cost.reused else []
    parts += [f"{repeats:,} repeat another"] if repeats else []
    parts += [f"! {cost.failed:,} failed before"] if cost.failed else []
    return [*parts, f"- {cost.removed:,} no longer wanted"] if cost.removed else parts


def _axes(tasks: Sequence[Task]) -> list[str]:
    """How many values each axis has, job by job: where the number of images comes from."""
    values: dict[str, dict[str, set[str]]] = {}
    for task in tasks:
        job = values.setdefault(task.job, {})
        for axis, label in task.axes.items():
            job.setdefault(axis, set()).add(label)
    return [
        f"{job}: {' x '.join(f'{axis} {len(seen)}' for axis, seen in axes.items() if len(seen) > 1) or 'one image'}"
        for job, axes in values.items()
    ]


_SIGNS = {Action.NEW: "+", Action.RESUME: ">", Action.FAILED: "!", Action.REMOVED: "-"}
_PLAIN = frozenset({"not bought yet", "no longer wanted; its image is kept"})


def _reasons(planned: Planned) -> list[str]:
    """Why, where it is not plain: what is bought first, the commonest reasons first."""
    told = [change for change in planned.changes if change.action in _SIGNS and change.reason not in _PLAIN]
    counted = Counter((change.action, change.reason) for change in told).most_common()
    order = list(_SIGNS)
    counted.sort(key=lambda each: order.index(each[0][0]))
    lines = [f"  {_SIGNS[action]} {count:,}  {reason}" for (action, reason), count in counted[:MOST_REASONS]]
    more = len(counted) - MOST_REASONS
    return [*lines, f"    and {plural(more, 'more reason')}: see --json"] if more > 0 else lines


def _table(planned: Planned) -> list[str]:
    cost = planned.estimate
    if not cost.models:
        return []
    prices = {price.model: price for price in planned.plan.prices}
    lines = [f"  {'Model':<20}{'Images':>8}{'Unit price':>12}{'Estimate':>12}"]
    lines += [_row(row) for row in cost.models]
    if len(cost.models) > 1:
        lines.append(f"  {'Total':<20}{cost.new:>8,}{'':>12}{usd(cost.cost):>12}")
    lines += [f"  {_source(prices[row.model])}" for row in cost.models if row.model in prices]
    needed = {task.reference.sha256 for task in planned.new() if task.reference and task.reference.sha256}
    return [*lines, f"  {plural(len(needed), 'reference image')} to upload, free"] if needed else lines


def _row(row: ModelCost) -> str:
    unit, total = ("unknown", "unknown") if row.unit is None else (usd(row.unit), usd(row.total))
    return f"  {row.model:<20}{row.images:>8,}{unit:>12}{total:>12}"


def _source(price: Price) -> str:
    note = f"; {price.note}" if price.note else ""
    return f"{price.model}: {price.source}, {price.date}{note}"


def _budget(planned: Planned) -> list[str]:
    cost = planned.estimate
    lines = []
    if cost.from_scratch != cost.cost:
        lines.append(f"  From scratch {usd(cost.from_scratch)}; this run {usd(cost.cost)}, for what is not there yet")
    if cost.worst_case > cost.cost:
        worst = f"  Worst case {usd(cost.worst_case)}: every first request lost, billed all the same, and sent again"
        lines.append(worst)
    return [*lines, *_against_budget(planned)]


def _against_budget(planned: Planned) -> list[str]:
    cost, held, budget = planned.estimate, planned.spent + planned.reserved, planned.spec.budget
    total = held + cost.cost
    spent = "Simulated" if planned.rehearsal else "Spent"
    sum_up = f"  {spent} {usd(held)} + this run {usd(cost.cost)} = {usd(total)}"
    if budget.max is None:
        return [f"{sum_up}; the spec sets no budget"]
    if total > budget.max:
        return [f"  Over the budget of {usd(budget.max)} by {usd(total - budget.max)}: run will refuse", sum_up]
    share = total / budget.max if budget.max else Decimal(0)
    filled = int(share * 20)
    lines = [f"{sum_up} of {usd(budget.max)}  [{'#' * filled}{'-' * (20 - filled)}] {share:.0%}"]
    if budget.warn is not None and total > budget.warn:
        lines.append(f"  Note: over {usd(budget.warn)}, where the spec asks to be warned")
    return lines


def _first_prompt(planned: Planned) -> list[str]:
    """The prompt of the first image to be bought, or of the first one wanted."""
    first = (planned.new() or planned.selected())[0]
    return ["  First prompt:", f"  “{first.prompt}”"]


def _notes(planned: Planned) -> list[str]:
    return [line for note in planned.plan.notes for line in f"note: {note.render()}".split("\n")]
