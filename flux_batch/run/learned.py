"""What a run folder has learned: how long its images took."""

from __future__ import annotations

from flux_batch.run.state import StateFile


def making_seconds(state: StateFile) -> list[float]:
    """For every stored image the seconds from its acceptance until it was known to be ready."""
    taken = state.db.pairs(
        "SELECT json_extract(times, '$.submitted'), json_extract(times, '$.ready') FROM purchase WHERE phase = 'stored'"
    )
    return [ready - submitted for submitted, ready in taken if submitted and ready]
