"""Stored images that are gone from the disk: fetched again while the provider has them, and never bought again."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Final

from flux_batch.run.after.verify import has_size, is_intact
from flux_batch.run.folder.place import PLACE
from flux_batch.run.plane.originals import Listing, listing, stands
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.state import StateFile

_STORED: Final = (
    "SELECT key, json_extract(file, '$.path'), json_extract(file, '$.bytes') FROM purchase"
    " WHERE file IS NOT NULL AND phase = 'stored' AND chosen >= ? ORDER BY number"
)


def mend(state: StateFile, folder: Path, wanted: AbstractSet[str] | None) -> int:
    """Send images of ``wanted`` keys whose file is missing or shortened back to ``ready``; how many.

    Without ``wanted`` they are what the state file is about. What was sent back earlier is ``stored`` once more when
    its file is there again, or when nobody asks for it now. All in one transaction; the money stays where it is, and an
    intact run changes no byte.
    """
    listed = listing(state.meta(PLACE) or "")
    lost = [replace(each, phase=Phase.READY, failure=None) for each in _lost(state, folder, wanted, listed)]
    settled = [replace(each, phase=Phase.STORED, failure=None) for each in _settled(state, folder, wanted, listed)]
    changed: list[Purchase] = [*lost, *settled]
    if changed:
        state.save(changed, None)
    return len(lost)


def _lost(state: StateFile, folder: Path, wanted: AbstractSet[str] | None, listed: Listing | None) -> list[Purchase]:
    """What was stored and is not there as it was; of a hundred thousand images no more is read than this needs."""
    rows = state.db.tuples(_STORED, (2 if wanted is None else 0,))
    home = os.path.join(folder, "")  # noqa: PTH118 (a path object for each of a hundred thousand takes its time)
    with state.db.legible():
        gone = [
            key
            for key, path, size in rows
            if (wanted is None or key in wanted)
            and not (listed is None and stands(home + path, size))
            and not has_size(path, size, folder, listed)
        ]
    return [state.purchase(key) for key in gone]


def _settled(state: StateFile, folder: Path, wanted: AbstractSet[str] | None, listed: Listing | None) -> list[Purchase]:
    """What was sent back earlier and need not be fetched."""
    rows = state.db.rows("SELECT key, chosen FROM purchase WHERE file IS NOT NULL AND phase = 'ready' ORDER BY number")
    asked = {row["key"] for row in rows if (row["chosen"] == 2 if wanted is None else row["key"] in wanted)}
    found = [state.purchase(row["key"]) for row in rows]
    return [each for each in found if each.key not in asked or (each.file and is_intact(each.file, folder, listed))]
