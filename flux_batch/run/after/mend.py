"""Stored images that are gone from the disk: fetched again while the provider has them, and never bought again."""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from flux_batch.run.after.verify import is_intact, looks_intact
from flux_batch.run.folder.place import PLACE
from flux_batch.run.plane.originals import listing
from flux_batch.run.records import Phase, Purchase, StoredFile
from flux_batch.run.store.state import StateFile


def mend(state: StateFile, folder: Path, wanted: AbstractSet[str]) -> int:
    """Send images of ``wanted`` keys whose file is missing or shortened back to ``ready``; how many.

    What was sent back earlier is ``stored`` once more when its file is there again, or when nobody asks for it now.
    All in one transaction; the money stays where it is, and an intact run changes no byte.
    """
    lost, settled, listed = [], [], listing(state.meta(PLACE) or "")
    for key, phase, file in _files(state):
        if phase is Phase.STORED and key in wanted and not looks_intact(file, folder, listed):
            lost.append(replace(state.purchase(key), phase=Phase.READY, failure=None))
        elif phase is Phase.READY and (key not in wanted or is_intact(file, folder, listed)):
            settled.append(replace(state.purchase(key), phase=Phase.STORED, failure=None))
    changed: list[Purchase] = [*lost, *settled]
    if changed:
        state.save(changed, None)
    return len(lost)


def _files(state: StateFile) -> list[tuple[str, Phase, StoredFile]]:
    """Every purchase that has, or had, its image on disk."""
    rows = state.db.rows(
        "SELECT key, phase, file FROM purchase WHERE file IS NOT NULL AND phase IN ('stored', 'ready') ORDER BY number"
    )
    with state.db.legible():
        return [(row["key"], Phase(row["phase"]), StoredFile(**json.loads(row["file"]))) for row in rows]
