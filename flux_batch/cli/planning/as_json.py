"""A plan as a script reads it."""

from __future__ import annotations

from typing import Any

from flux_batch.cli.planning.prepare import Planned
from flux_batch.plan.codec import price_to_json
from flux_batch.plan.records import CURRENCY
from flux_batch.plan.totals.axes import AxisCost
from flux_batch.plan.totals.money import decimal_text
from flux_batch.plan.totals.timing import Timing


def plan_json(planned: Planned) -> dict[str, Any]:
    """The plan for scripts: the contract's fields first, money as decimal strings."""
    cost, plan = planned.estimate, planned.plan
    return {
        "tasks": planned.wanted,
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
        "axes": [_axis(axis) for axis in planned.axes()],
        "seconds": round(planned.timing.seconds, 1),
        "timing": _timing(planned.timing),
        "first_prompt": planned.first().prompt,
        "changes": (
            {"id": change.id, "key": change.key, "action": change.action.value, "reason": change.reason}
            for change in planned.changes
        ),
        "notes": [
            {"file": note.file, "line": note.line, "column": note.column, "message": note.message, "hint": note.hint}
            for note in plan.notes
        ],
    }


def _axis(axis: AxisCost) -> dict[str, Any]:
    values = [
        {"label": value.label, "images": value.images, "new": value.new, "estimate": decimal_text(value.cost)}
        for value in axis.values
    ]
    return {"axis": axis.axis, "values": values}


def _timing(timing: Timing) -> dict[str, Any]:
    """What ``seconds`` is made of; ``learned_from`` is 0 where the time of an image is assumed."""
    return {
        "submit_rate": timing.pace.rate,
        "concurrency": timing.pace.concurrency,
        "seconds_per_image": round(timing.pace.image_seconds, 3),
        "learned_from": timing.pace.learned_from,
        "longest_chain": timing.longest_chain,
    }
