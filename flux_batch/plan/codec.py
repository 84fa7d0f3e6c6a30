"""Tasks and prices as JSON and back: for the saved plan and for the state file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from flux_batch.plan.records import Price, Reference, Task
from flux_batch.plan.sharing import Shared
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


def task_from_json(value: Mapping[str, Any], shared: Shared | None = None) -> Task:
    """The inverse of ``task_to_json``; what tasks read before have, too, is taken from ``shared``."""
    fields, shared = dict(value), shared or Shared()
    for name in _REPEATED:
        fields[name] = shared.text(fields[name])
    fields["axes"] = shared.texts(fields["axes"])
    fields["options"] = shared.whole(fields["options"])
    if fields["reference"] is not None:
        fields["reference"] = shared.made(_reference, tuple(fields["reference"]))
    fields["price"] = None if fields["price"] is None else shared.made(Decimal, fields["price"])
    return Task(**fields)


_REPEATED: Final = ("job", "model", "prompt", "size")


def _reference(value: tuple[Any, ...]) -> Reference:
    kind, source, sha256 = value
    return Reference(kind=kind, source=source, sha256=sha256)


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
