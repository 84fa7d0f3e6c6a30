"""What a run folder has learned: how long its images took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from flux_batch.run.pace.schedule import Span
from flux_batch.run.store.state import StateFile

_SPANS: Final = "making"


def making_seconds(state: StateFile) -> list[float]:
    """For every stored image the seconds from its acceptance until it was known to be ready."""
    taken = state.db.tuples(
        "SELECT json_extract(times, '$.submitted'), json_extract(times, '$.ready') FROM purchase WHERE phase = 'stored'"
    )
    return [ready - submitted for submitted, ready in taken if submitted and ready]


def making_spans(state: StateFile) -> dict[str, list[Span]]:
    """What earlier runs saw of how long images take, by model."""
    with state.db.legible():
        found: Mapping[str, list[list[float]]] = json.loads(state.meta(_SPANS) or "{}")
        return {model: [Span(low=low, high=high) for low, high in spans] for model, spans in found.items()}


def keep_making_spans(state: StateFile, spans: Mapping[str, Sequence[Span]]) -> None:
    """For later runs in this folder; committed at once."""
    told = {model: [[round(each.low, 3), round(each.high, 3)] for each in some] for model, some in spans.items()}
    state.set_meta(_SPANS, json.dumps(told))
