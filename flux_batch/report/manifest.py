"""``manifest.json``: the run for machines. Published as ``schemas/manifest.schema.json``, format 1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from itertools import chain
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from flux_batch import __version__
from flux_batch.plan.indented import indented
from flux_batch.plan.records import CURRENCY, Price, Reference
from flux_batch.plan.totals.money import decimal_text
from flux_batch.report.credentials import Credentials
from flux_batch.report.delivery.xmp import source_type
from flux_batch.report.files import encoded, stream_if_changed
from flux_batch.report.page.phrases import disclosure
from flux_batch.report.redact import relative_name, without_queries
from flux_batch.report.summary import buyers, totals
from flux_batch.report.words import iso
from flux_batch.run.after.suspects import suspects_of
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView, StoredFile, Times
from flux_batch.spec.records import Draft

FORMAT: Final = 1
NAME: Final = "manifest.json"

Found: TypeAlias = Mapping[str, Credentials]
_NONE: Final[Found] = MappingProxyType({})


def write_manifest(view: RunView, folder: Path, found: Found = _NONE) -> Path:
    """Bring ``manifest.json`` in ``folder`` up to date; an unchanged run leaves it untouched."""
    path = folder / NAME
    stream_if_changed(path, encoded(chain(indented(_head(view) | {"tasks": _tasks(view, found)}), ("\n",))))
    return path


def manifest(view: RunView, found: Found = _NONE) -> dict[str, Any]:
    """The manifest as JSON values: money as decimal strings, times as UTC, paths relative to the run folder.

    It depends on nothing but the run, and ``found``, the Content Credentials of its originals by content hash; so equal
    runs give equal manifests. Result URLs are left out: they expire, and their queries may be signed.
    """
    return _head(view) | {"tasks": list(_tasks(view, found))}


def _head(view: RunView) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": __version__,
        "name": view.name,
        "disclosure": disclosure(view.rehearsal),
        "rehearsal": view.rehearsal,
        "provider": without_queries(view.base_url),
        "spec": {
            "file": relative_name(view.spec_file),
            "sha256": view.spec_sha256,
            "inputs": {relative_name(path): sha256 for path, sha256 in view.inputs.items()},
        },
        **({"draft": {"run": view.draft.run, "folder": relative_name(view.draft.folder)}} if view.draft else {}),
        "created": iso(view.created),
        "updated": iso(view.updated),
        "currency": CURRENCY,
        "prices": [_price(price) for price in view.prices],
        "totals": _totals(view),
    }


def _tasks(view: RunView, found: Found) -> Iterator[dict[str, Any]]:
    """One after the other: of a large run they need not all be there at once to be written."""
    first, suspects = buyers(view.entries), suspects_of(view)
    for entry in view.entries:
        yield _task(entry, first[entry.task.key], suspects.get(entry.task.key, ""), found, view)


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


def _task(entry: Entry, buyer: str, suspect: str, found: Found, view: RunView) -> dict[str, Any]:
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
        "file": _file(purchase, suspect, found),
        "shared_with": None if pays else buyer,
        "remote_id": purchase.remote_id,
        "business_id": purchase.business_id,
        "generation": purchase.generation,
        "attempts": purchase.sends,
        "request_sha256": hashlib.sha256(purchase.body).hexdigest() if purchase.body else None,
        "price": decimal_text(task.price if purchase.price is None else purchase.price),
        "cost": decimal_text(purchase.cost if pays else Decimal(0)),
        "error": _error(purchase.failure),
        "digital_source_type": source_type(task, rehearsal=view.rehearsal) or None,
        "times": _times(purchase.times),
        **_drawn_from(entry, view.draft),
    }


def _drawn_from(entry: Entry, draft: Draft | None) -> dict[str, Any]:
    """The picked images of the draft that this one was made from; only where there are any."""
    picked = draft.images.get(entry.task.axes.get(draft.axis, ""), ()) if draft else ()
    return {"draft": [{"id": image.id, "sha256": image.sha256} for image in picked]} if picked else {}


def _file(purchase: Purchase, suspect: str, found: Found) -> dict[str, Any] | None:
    """The stored image; ``suspect`` and ``c2pa`` are there only when there is something to say."""
    if purchase.file is None or purchase.phase is not Phase.STORED:
        return None
    credentials = found.get(purchase.file.sha256)
    return {
        **dict(zip(_OF_FILE, _FILE_VALUES(purchase.file), strict=True)),
        **({"suspect": suspect} if suspect else {}),
        **({"c2pa": _c2pa(credentials)} if credentials else {}),
    }


def _c2pa(found: Credentials) -> dict[str, Any]:
    if not found.present:
        return {"present": False}
    said = {"signer": found.signer, "generator": found.generator, "problems": list(found.problems)}
    return {"present": True, "state": found.state, **{name: value for name, value in said.items() if value}}


def _reference(reference: Reference | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    source = without_queries(reference.source) if reference.kind == "url" else reference.source
    return {"kind": reference.kind, "source": source, "sha256": reference.sha256}


def _error(failure: Failure | None) -> dict[str, str] | None:
    return {"code": failure.code, "message": without_queries(failure.message)} if failure else None


def _times(times: Times) -> dict[str, str | None]:
    return dict(zip(_MOMENTS, map(iso, _MOMENTS_OF(times)), strict=True))


_OF_FILE: Final = tuple(field.name for field in fields(StoredFile) if field.name != "bare")
_MOMENTS: Final = tuple(field.name for field in fields(Times))
_FILE_VALUES, _MOMENTS_OF = attrgetter(*_OF_FILE), attrgetter(*_MOMENTS)
"""The fields of records that hold no others: to ask for their names again for every image takes longer than this."""
