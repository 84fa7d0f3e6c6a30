"""The counts that a watcher is shown."""

from __future__ import annotations

import pytest

from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.rows import micros
from flux_batch.run.watch import Nobody, tally

from .kit import usd


def at(phase: Phase) -> Purchase:
    """A purchase in a phase."""
    return Purchase(key="k", phase=phase, sends=1, price=usd("0.04"))


def test_every_phase_is_counted_once() -> None:
    """Stored, in flight, lost, and what is still to begin add up to all."""
    counted = tally(dict.fromkeys(Phase, 1), 0)
    waiting = counted.phases[Phase.PLANNED] + counted.phases[Phase.HELD]
    assert counted.total == len(Phase) == counted.stored + counted.flying + counted.lost + waiting
    assert counted.finished == counted.stored + counted.lost


@pytest.mark.parametrize("phase", Phase)
def test_a_move_keeps_the_total_and_follows_the_money(phase: Phase) -> None:
    """One leaves, one arrives; what is spent is what the state holds."""
    counted = tally({Phase.PLANNED: 3}, micros(usd("1.00")))
    counted.move(at(Phase.PLANNED), at(phase))
    assert counted.total == 3
    assert counted.spent == usd("1.00") + at(phase).cost
    counted.move(at(phase), at(Phase.FAILED))
    assert (counted.spent, counted.lost) == (usd("1.00"), 1)


def test_counts_of_another_tally_are_not_shared() -> None:
    """A tally starts from a copy."""
    counts = {Phase.PLANNED: 2}
    tally(counts, 0).move(at(Phase.PLANNED), at(Phase.STORED))
    assert counts == {Phase.PLANNED: 2}


def test_nobody_looks_away() -> None:
    """And answers nothing."""
    nobody = Nobody()
    nobody.changed(tally({}, 0))
    nobody.say("anything")
