"""Tasks and prices as JSON and back: for the saved plan and for the state file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flux_batch.plan.records import Price, Reference, Task
from flux_batch.plan.totals.money import decimal_text
from flux_batch.spec.records import ReferenceFile


def task_to_json(task: Task) -> dict[str, Any]:
    """Plain values only; money as a decimal string."""
    reference = task.reference
    return {
        "key": task.key,
        "id": task.id,
        "job": task.job,
        "axes": dict(task.axes),
        "model": task.model,
        "prompt": task.prompt,
        "size": task.size,
        "options": dict(task.options),
        "reference": [reference.kind, reference.source, reference.sha256] if reference else None,
        "n": task.n,
        "stem": task.stem,
        "price": decimal_text(task.price),
        "line": task.line,
    }


def task_from_json(value: Mapping[str, Any]) -> Task:
    """The inverse of ``task_to_json``."""
    fields = dict(value)
    reference = fields["reference"]
    if reference is not None:
        kind, source, sha256 = reference
        fields["reference"] = Reference(kind=kind, source=source, sha256=sha256)
    fields["price"] = None if fields["price"] is None else Decimal(fields["price"])
    return Task(**fields)


def price_to_json(price: Price) -> dict[str, str]:
    """Plain values only."""
    return {
        "model": price.model,
        "amount": str(price.amount),
        "source": price.source,
        "date": price.date,
        "note": price.note,
    }


def price_from_json(value: Mapping[str, str]) -> Price:
    """The inverse of ``price_to_json``."""
    return Price(**{**value, "amount": Decimal(value["amount"])})  # type: ignore[arg-type]


def file_to_json(file: ReferenceFile) -> dict[str, Any]:
    """Plain values only."""
    return {
        "path": file.path,
        "sha256": file.sha256,
        "bytes": file.bytes,
        "mime": file.mime,
        "width": file.width,
        "height": file.height,
    }
