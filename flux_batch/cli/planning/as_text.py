"""A plan as a person reads it."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from itertools import compress

from flux_batch.cli.planning.facts import (
    SIGNS,
    TITLES,
    amounts,
    counts,
    duration,
    over_budget,
    reasons,
    so_far,
    total,
    wanted,
)
from flux_batch.cli.planning.prepare import Planned
from flux_batch.cli.terminal.columns import fit
from flux_batch.cli.terminal.output import plural
from flux_batch.plan.records import Price
from flux_batch.plan.totals.axes import AxisCost, ValueCost
from flux_batch.plan.totals.estimate import ModelCost
from flux_batch.plan.totals.money import usd

MOST_REASONS = 8
MOST_VALUES = 12
"""An axis with more values is one line."""

WIDEST_LABEL = 40


def plan_lines(planned: Planned, width: int) -> list[str]:
    """The whole plan, ready to print in ``width`` columns."""
    blocks = [
        _head(planned),
        _reasons(planned),
        _table(planned),
        _by_axis(planned, width),
        _money(planned),
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
    plan = planned.plan
    return [
        f"Plan  {plan.name}   {planned.spec.source.path}",
        f"  {wanted(planned)}:   {'   '.join(counts(planned))}",
        *(f"  {line}" for line in _axes(planned)),
    ]


def _axes(planned: Planned) -> list[str]:
    """How many values each axis has, job by job: where the number of images comes from."""
    values: dict[str, dict[str, set[str]]] = {}
    images: Counter[str] = Counter()
    for group in planned.tasks.groups():
        wanted = planned.chosen[group.start : group.start + group.size]
        images[group.job] += wanted.count(1)
        for axis in group.axes if any(wanted) else ():
            numbers, label_of = group.label(axis)
            labels = values.setdefault(group.job, {}).setdefault(axis, set())
            labels.update(map(label_of, set(compress(numbers, wanted))))
    return [f"{job}: {_shape(images[job], axes)}" for job, axes in values.items()]


def _shape(images: int, axes: Mapping[str, set[str]]) -> str:
    """A multiplication only where it is one: less is wanted of a pair, a table's ratios, a condition."""
    sizes = {axis: len(seen) for axis, seen in axes.items() if len(seen) > 1}
    if math.prod(sizes.values()) == images:
        return " x ".join(f"{axis} {size}" for axis, size in sizes.items()) or "one image"
    leading = next((axis for axis, size in sizes.items() if size == images), None)
    if leading:  # no two images share its value, so that it has whatever goes with it to itself
        others = " and ".join(axis for axis in sizes if axis != leading)
        return f"{leading} {images:,}, each with its own {others}"
    crossed = " x ".join(f"{axis} {size}" for axis, size in sizes.items())
    return f"{images:,} of the {math.prod(sizes.values()):,} images of {crossed}"


def _reasons(planned: Planned) -> list[str]:
    told = reasons(planned)
    lines = [f"  {SIGNS[action]} {count:,}  {reason}" for action, count, reason in told[:MOST_REASONS]]
    more = len(told) - MOST_REASONS
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
    files = planned.new() if planned.plan.references else ()
    needed = {task.reference.sha256 for task in files if task.reference and task.reference.sha256}
    return [*lines, f"  {plural(len(needed), 'reference image')} to upload, free"] if needed else lines


def _row(row: ModelCost) -> str:
    unit, whole = ("unknown", "unknown") if row.unit is None else (usd(row.unit), usd(row.total))
    return f"  {row.model:<20}{row.images:>8,}{unit:>12}{whole:>12}"


def _source(price: Price) -> str:
    note = f"; {price.note}" if price.note else ""
    return f"{price.model}: {price.source}, {price.date}{note}"


def _by_axis(planned: Planned, width: int) -> list[str]:
    """What every value costs, while there is something to buy."""
    axes = planned.axes() if planned.estimate.new else ()
    if not axes:
        return []
    room = max(12, min(WIDEST_LABEL, width - 30))
    heading = f"  {'By axis':<{room}}{'Images':>8}{'To buy':>8}{'Estimate':>12}"
    return [heading, *(line for axis in axes for line in _axis(axis, room))]


def _axis(axis: AxisCost, room: int) -> list[str]:
    title = TITLES.get(axis.axis, axis.axis)
    if len(axis.values) > MOST_VALUES:
        return [f"  {title}: {len(axis.values):,} values, see --json"]
    return [f"  {title}", *(_value(value, room) for value in axis.values)]


def _value(value: ValueCost, room: int) -> str:
    cost = "unknown" if value.cost is None else usd(value.cost)
    return f"    {fit(value.label, room - 2)}{value.images:>8,}{value.new:>8,}{cost:>12}"


def _money(planned: Planned) -> list[str]:
    lines = [f"  {each.title:<13}{each.amount:>11}  {each.remark}" for each in amounts(planned)]
    took = duration(planned)
    return [*lines, *_against_budget(planned), *([f"  It takes {took}"] if took else [])]


def _against_budget(planned: Planned) -> list[str]:
    budget, whole, sum_up = planned.spec.budget, total(planned), f"  {so_far(planned)}"
    if budget.max is None:
        return [f"{sum_up}; the spec sets no budget"]
    if over := over_budget(planned):
        return [f"  {over}", sum_up]
    share = whole / budget.max if budget.max else Decimal(0)
    filled = min(20, int(share * 20))
    lines = [f"{sum_up} of {usd(budget.max)}  [{'#' * filled}{'-' * (20 - filled)}] {share:.0%}"]
    if budget.warn is not None and whole > budget.warn:
        lines.append(f"  Note: over {usd(budget.warn)}, where the spec asks to be warned")
    return lines


def _first_prompt(planned: Planned) -> list[str]:
    """The prompt of the first image to be bought, or of the first one wanted."""
    return ["  First prompt:", f"  “{planned.first().prompt}”"]


def _notes(planned: Planned) -> list[str]:
    return [line for note in planned.plan.notes for line in f"note: {note.render()}".split("\n")]
