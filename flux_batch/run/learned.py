"""What a run folder has learned: how long its images took."""

from __future__ import annotations

import json

from flux_batch.run.state import StateFile


def making_seconds(state: StateFile) -> list[float]:
    """For every stored image the seconds from its acceptance until it was known to be ready."""
    rows = state.db.rows("SELECT times FROM purchase WHERE phase = 'stored'")
    with state.db.legible():
        times = [json.loads(row["times"]) for row in rows]
        return [each["ready"] - each["submitted"] for each in times if each.get("ready") and each.get("submitted")]
