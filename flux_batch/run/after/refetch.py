"""Asking the provider once more for an image that is stored already, and may be a placeholder; it buys nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flux_batch.api.client import ApiClient
from flux_batch.errors import AccountRejected, ApiError, TaskNotFound
from flux_batch.run.after.suspects import suspects_of
from flux_batch.run.plane.picture import NotAnImage
from flux_batch.run.plane.seam import DataPlane
from flux_batch.run.records import Entry, Purchase, RunView, StoredFile
from flux_batch.run.store.state import StateFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of it; ``fresh`` is True when another picture, which is no suspect, has taken the place."""

    fresh: bool
    said: str


async def refetch(state: StateFile, api: ApiClient, plane: DataPlane, view: RunView, entry: Entry) -> Asked:
    """Fetch a stored image anew by a fresh address, under the run lock; the old file is kept in any case.

    Raises AccountRejected when no question will be answered, LocalFailure when the disk fails.
    """
    purchase = entry.purchase
    try:
        url = (await api.status(purchase.remote_id or "")).result_url
        if url is None:
            return Asked(fresh=False, said="the provider gives no address for it now")
        found = await plane.bring(url, _stem(state, purchase.key))
    except AccountRejected:
        raise
    except TaskNotFound:
        return Asked(fresh=False, said="the provider does not know it any more")
    except (ApiError, NotAnImage) as error:
        return Asked(fresh=False, said=f"it cannot be fetched now ({error})")
    return _take(state, view, purchase, found)


def _take(state: StateFile, view: RunView, purchase: Purchase, found: StoredFile) -> Asked:
    """Only a picture that is no suspect takes the place of one that is."""
    if purchase.file and found.sha256 == purchase.file.sha256:
        return Asked(fresh=False, said="the same bytes came again")
    fetched = replace(purchase, file=found)
    reason = suspects_of(_with(view, fetched)).get(purchase.key)
    if reason:
        return Asked(fresh=False, said=f"another picture came, no better ({reason}); it is kept as {found.path}")
    state.save([fetched], None)
    return Asked(fresh=True, said=f"fetched anew as {found.path}")


def _with(view: RunView, purchase: Purchase) -> RunView:
    """The run as if a purchase stood like this."""
    entries = (replace(entry, purchase=purchase) if entry.task.key == purchase.key else entry for entry in view.entries)
    return replace(view, entries=tuple(entries))


def _stem(state: StateFile, key: str) -> str:
    (row,) = state.db.rows("SELECT stem FROM purchase WHERE key = ?", (key,))
    return str(row["stem"])
