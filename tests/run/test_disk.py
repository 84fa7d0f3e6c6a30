"""The disk fails at the worst moment: the request was taken and billed, and its id cannot be written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from flux_batch.errors import LocalFailure
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.state import StateFile

from .conftest import MakeBench
from .kit import MATRIX, only


@pytest.mark.parametrize("phase", [Phase.SUBMITTED, Phase.READY, Phase.STORED])
def test_a_disk_that_is_full_when_it_matters_costs_nothing(
    phase: Phase, make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run stops and says so; with room again, the same command finds every image and buys none twice."""
    bench = make_bench()
    plain = StateFile.save

    def save(state: StateFile, purchases: Sequence[Purchase], *more: Any) -> list[bool]:
        if any(purchase.phase is phase for purchase in purchases):
            raise LocalFailure("state.sqlite: database or disk is full")
        return plain(state, purchases, *more)

    with monkeypatch.context() as full:
        full.setattr(StateFile, "save", save)
        with pytest.raises(LocalFailure, match="disk is full"):
            bench.run(MATRIX)
    told = [each for each in bench.watcher.said if each.startswith("Not written down: request fb-")]
    assert bool(told) is (phase is Phase.SUBMITTED), "an id that the disk did not take stands on the terminal"
    assert only(bench.run(MATRIX).phases, Phase.STORED)
    assert set(bench.bills().values()) == {1}
    assert len(bench.bills()) == 12
