"""A plan as a person reads it, 80 columns wide; and as a script reads it."""

from __future__ import annotations

import textwrap
from collections import Counter
from decimal import Decimal
from typing import Any

from flux_batch.cli.output import plural
from flux_batch.cli.planning import Planned
from flux_batch.plan.codec import price_to_json
from flux_batch.plan.estimate import ModelCost
from flux_batch.plan.money import decimal_text, usd
from flux_batch.plan.records import CURRENCY, Action, Price

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


def plan_json(planned: Planned) -> dict[str, Any]:
    """The plan for scripts: the contract's fields first, money as decimal strings."""
    cost, plan = planned.estimate, planned.plan
    selected = [task for task in plan.tasks if task.key in plan.selected]
    return {
        "tasks": len(selected),
        "new": cost.new,
        "reused": cost.reused,
        "removed": cost.removed,
        "estimate": decimal_text(cost.cost),
        "worst_case": decimal_text(cost.worst_case),
        "currency": CURRENCY,
        "name": plan.name,
        "spec": str(planned.spec.source.path),
        "run_folder": str(planned.folder),
        "all_tasks": len(plan.tasks),
        "resumed": cost.resumed,
        "failed": cost.failed,
        "from_scratch": decimal_text(cost.from_scratch),
        "spent": decimal_text(planned.spent),
        "reserved": decimal_text(planned.reserved),
        "budget": {"max": decimal_text(planned.spec.budget.max), "warn": decimal_text(planned.spec.budget.warn)},
        "uploads": len(plan.references),
        "models": [
            {"model": row.model, "images": row.images, "unit": decimal_text(row.unit), "total": decimal_text(row.total)}
            for row in cost.models
        ],
        "prices": [price_to_json(price) for price in plan.prices],
        "first_prompt": plan.tasks[0].prompt,
        "changes": [
            {"id": change.id, "key": change.key, "action": change.action.value, "reason": change.reason}
            for change in planned.changes
        ],
        "notes": [
            {"file": note.file, "line": note.line, "column": note.column, "message": note.message, "hint": note.hint}
            for note in plan.notes
        ],
    }


def _head(planned: Planned) -> list[str]:
    cost, plan = planned.estimate, planned.plan
    counts = [f"+ {cost.new:,} to buy"]
    counts += [f"> {cost.resumed:,} to finish"] if cost.resumed else []
    counts += [f"= {cost.reused:,} already stored"] if cost.reused else []
    counts += [f"! {cost.failed:,} failed before"] if cost.failed else []
    counts += [f"- {cost.removed:,} no longer wanted"] if cost.removed else []
    selected = sum(task.key in plan.selected for task in plan.tasks)
    of = "" if selected == len(plan.tasks) else f" of {len(plan.tasks):,}"
    return [
        f"Plan  {plan.name}   {planned.spec.source.path}",
        f"  {selected:,}{of} images wanted:   {'   '.join(counts)}",
        f"  {_axes(planned)}",
    ]


def _axes(planned: Planned) -> str:
    """How many values each axis has, job by job: where the number of images comes from."""
    values: dict[str, dict[str, set[str]]] = {}
    for task in planned.plan.tasks:
        job = values.setdefault(task.job, {})
        for axis, label in task.axes.items():
            job.setdefault(axis, set()).add(label)
    jobs = [
        f"{job}: {' x '.join(f'{axis} {len(seen)}' for axis, seen in axes.items() if len(seen) > 1) or 'one image'}"
        for job, axes in values.items()
    ]
    return "\n  ".join(jobs)


def _reasons(planned: Planned) -> list[str]:
    """Why, where it is not plain: the commonest reasons with their counts."""
    plain = {Action.REUSED: "the same request is already stored", Action.NEW: "not bought yet"}
    reasons = Counter(
        (change.action, change.reason) for change in planned.changes if plain.get(change.action) != change.reason
    )
    signs = {Action.NEW: "+", Action.RESUME: ">", Action.REUSED: "=", Action.FAILED: "!", Action.REMOVED: "-"}
    lines = [f"  {signs[action]} {count:,}  {reason}" for (action, reason), count in reasons.most_common(MOST_REASONS)]
    more = len(reasons) - MOST_REASONS
    return [*lines, f"    and {more} more reasons: see --json"] if more > 0 else lines


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
    uploads = len(planned.plan.references)
    return [*lines, f"  {plural(uploads, 'reference image')} to upload, free"] if uploads else lines


def _row(row: ModelCost) -> str:
    unit, total = ("unknown", "unknown") if row.unit is None else (usd(row.unit), usd(row.total))
    return f"  {row.model:<20}{row.images:>8,}{unit:>12}{total:>12}"


def _source(price: Price) -> str:
    note = f"; {price.note}" if price.note else ""
    return f"{price.model}: {price.source}, {price.date}{note}"


def _budget(planned: Planned) -> list[str]:
    cost, held = planned.estimate, planned.spent + planned.reserved
    total = held + cost.cost
    lines = []
    if cost.from_scratch != cost.cost:
        lines.append(f"  From scratch {usd(cost.from_scratch)}; this run {usd(cost.cost)}, for what is not there yet")
    if cost.worst_case > cost.cost:
        worst = f"  Worst case {usd(cost.worst_case)}: every first request lost, billed all the same, and sent again"
        lines.append(worst)
    limit = planned.spec.budget.max
    if limit is None:
        return [
            *lines,
            f"  Spent so far {usd(held)} + this run {usd(cost.cost)} = {usd(total)}; the spec sets no budget",
        ]
    share = total / limit if limit else Decimal(1)
    filled = min(20, int(share * 20))
    warn = planned.spec.budget.warn
    over = "  OVER BUDGET" if total > limit else f"  over the warning at {usd(warn)}" if warn and total > warn else ""
    bar = f"[{'#' * filled}{'-' * (20 - filled)}] {share:.0%}{over}"
    return [*lines, f"  Spent {usd(held)} + this run {usd(cost.cost)} = {usd(total)} of {usd(limit)}  {bar}"]


def _first_prompt(planned: Planned) -> list[str]:
    return ["  First prompt:", f"  “{planned.plan.tasks[0].prompt}”"]


def _notes(planned: Planned) -> list[str]:
    return [line for note in planned.plan.notes for line in f"note: {note.render()}".split("\n")]
