"""``manifest.json``: the run for machines. Published as ``schemas/manifest.schema.json``, format 1."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from flux_batch import __version__
from flux_batch.plan.money import decimal_text
from flux_batch.plan.records import CURRENCY, Price, Reference
from flux_batch.report.files import write_if_changed
from flux_batch.report.phrases import disclosure
from flux_batch.report.redact import relative_name, without_queries
from flux_batch.report.summary import buyers, totals
from flux_batch.report.words import iso
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView, Times
from flux_batch.run.suspects import suspects_of

FORMAT: Final = 1
NAME: Final = "manifest.json"

_GENERATED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_EDITED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


def write_manifest(view: RunView, folder: Path) -> Path:
    """Bring ``manifest.json`` in ``folder`` up to date; an unchanged run leaves it untouched."""
    path = folder / NAME
    text = json.dumps(manifest(view), ensure_ascii=False, indent=2) + "\n"
    write_if_changed(path, text.encode("utf-8", "replace"))
    return path


def manifest(view: RunView) -> dict[str, Any]:
    """The manifest as JSON values: money as decimal strings, times as UTC, paths relative to the run folder.

    It depends on nothing but the run, so equal runs give equal manifests. Result URLs are left out: they expire,
    and their queries may be signed.
    """
    first, suspects = buyers(view.entries), suspects_of(view)
    return {
        "format": FORMAT,
        "version": __version__,
        "name": view.name,
        "disclosure": disclosure(view.rehearsal),
        "rehearsal": view.rehearsal,
        "provider": without_queries(view.base_url),
        "spec": {"file": relative_name(view.spec_file), "sha256": view.spec_sha256},
        "created": iso(view.created),
        "updated": iso(view.updated),
        "currency": CURRENCY,
        "prices": [_price(price) for price in view.prices],
        "totals": _totals(view),
        "tasks": [
            _task(entry, first[entry.task.key], suspects.get(entry.task.key, ""), rehearsal=view.rehearsal)
            for entry in view.entries
        ],
    }


def _totals(view: RunView) -> dict[str, Any]:
    counted = asdict(totals(view))
    return {name: decimal_text(value) if isinstance(value, Decimal) else value for name, value in counted.items()}


def _price(price: Price) -> dict[str, str]:
    return {
        "model": price.model,
        "amount": format(price.amount, "f"),
        "source": price.source,
        "date": price.date,
        "note": price.note,
    }


def _task(entry: Entry, buyer: str, suspect: str, *, rehearsal: bool) -> dict[str, Any]:
    task, purchase = entry.task, entry.purchase
    pays = task.id == buyer
    return {
        "id": task.id,
        "key": task.key,
        "job": task.job,
        "axes": dict(task.axes),
        "model": task.model,
        "prompt": task.prompt,
        "size": task.size,
        "reference": _reference(task.reference),
        "options": dict(task.options),
        "status": str(purchase.phase),
        "wanted": entry.wanted,
        "file": _file(purchase, suspect),
        "shared_with": None if pays else buyer,
        "remote_id": purchase.remote_id,
        "business_id": purchase.business_id,
        "generation": purchase.generation,
        "attempts": purchase.sends,
        "price": decimal_text(task.price if purchase.price is None else purchase.price),
        "cost": decimal_text(purchase.cost if pays else Decimal(0)),
        "error": _error(purchase.failure),
        "digital_source_type": None if rehearsal else _source_type(task.reference),
        "times": _times(purchase.times),
    }


def _file(purchase: Purchase, suspect: str) -> dict[str, Any] | None:
    """The stored image; ``suspect`` is there only when there is something to say."""
    if purchase.file is None or purchase.phase is not Phase.STORED:
        return None
    return {**asdict(purchase.file), **({"suspect": suspect} if suspect else {})}


def _reference(reference: Reference | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    source = without_queries(reference.source) if reference.kind == "url" else reference.source
    return {"kind": reference.kind, "source": source, "sha256": reference.sha256}


def _error(failure: Failure | None) -> dict[str, str] | None:
    return {"code": failure.code, "message": without_queries(failure.message)} if failure else None


def _times(times: Times) -> Mapping[str, str | None]:
    return {name: iso(moment) for name, moment in asdict(times).items()}


def _source_type(reference: Reference | None) -> str:
    return _EDITED if reference else _GENERATED
