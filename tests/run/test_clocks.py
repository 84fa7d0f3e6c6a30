"""Clocks that jump in the middle of a run: a laptop that slept for a day, and a wall clock set back or ahead.

Everything is real but the clock: SQLite, sockets, the simulator's ledger. A jump comes when an image stands in the
phase that the test is about.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

import flux_batch.run.protocol.paid as paid
from flux_batch.run.pace.clock import SystemClock
from flux_batch.run.protocol.machine import Moment
from flux_batch.run.records import Phase
from flux_batch.run.store.state import FILE
from flux_batch.simulator import Fault, fault

from .conftest import MakeBench
from .kit import CHAIN, QUICK, Bench, only, png, stored

HOUR = 3600.0
DAY = 24 * HOUR
SLEPT = 25 * HOUR

PAIR = """
    version: 1
    name: pair
    prompt: "a {{ thing }}"
    variables: {thing: [mug, plant]}
    ratios: ["1:1"]
"""

LOGO = """
    version: 1
    name: logo
    reference: logo.png
    prompt: "this on {{ ground }}"
    variables: {ground: [%s]}
"""

HIDDEN = (
    fault("cut", where="submit", prompt="mug", times=1),
    fault("lookup_lag", prompt="mug", lookups=4),
)
"""A request in doubt that more lookups than agree do not find, all within the settle window."""

LONG = {"url_life": 3 * DAY}


@dataclass(slots=True)
class JumpyClock(SystemClock):
    """The real clocks; the wall clock jumps by ``jump`` seconds, once, as soon as ``when`` is so.

    ``elsewhere`` is what happens in the world meanwhile.
    """

    jump: float
    when: Callable[[], bool]
    elsewhere: Callable[[], object] = lambda: None
    shift: float = field(default=0.0, init=False)

    def now(self) -> Moment:
        """Both clocks."""
        if not self.shift and self.when():
            self.shift = self.jump
            self.elsewhere()
        return Moment(mono=time.monotonic(), wall=time.time() + self.shift)


def stands(bench: Bench, phase: Phase) -> Callable[[], bool]:
    """Whether an image of the run stands in this phase."""

    def holds() -> bool:
        found = bench.view().entries if (bench.folder / FILE).exists() else ()
        return any(entry.purchase.phase is phase for entry in found)

    return holds


def sleep_in(bench: Bench, phase: Phase) -> JumpyClock:
    """A laptop that is closed when an image stands in this phase, and opened a day later: the world went on."""
    clock = JumpyClock(SLEPT, stands(bench, phase), lambda: bench.simulator.clock.advance(SLEPT))
    bench.clock = clock
    return clock


def check(bench: Bench, images: int) -> None:
    """Each image sent once and billed once, and its times in the order in which things happen."""
    assert len(bench.bills()) == images
    assert set(bench.bills().values()) == {1}
    assert bench.requests("submit") == images
    for entry in bench.view().entries:
        times = entry.purchase.times
        known = [at for at in (times.intent, times.submitted, times.ready, times.stored) if at is not None]
        assert known == sorted(known), entry.task.id


@pytest.mark.parametrize(
    ("phase", "faults"),
    [
        (Phase.UNCERTAIN, HIDDEN),
        (Phase.SUBMITTED, ()),
        (Phase.READY, (fault("expire", where="file", first=1, per="task"),)),
    ],
)
def test_a_laptop_that_slept_in_the_middle_goes_on(
    phase: Phase, faults: tuple[Fault, ...], make_bench: MakeBench
) -> None:
    """Waiting is by the monotonic clock, which stood still: a doubt is no older, no patience has ended."""
    bench = make_bench(*faults, **LONG)
    bench.rules = replace(QUICK, settle=2.0)
    clock = sleep_in(bench, phase)
    outcome = bench.run(PAIR)
    assert clock.shift
    assert only(outcome.phases, Phase.STORED)
    check(bench, 2)


def test_a_result_that_died_while_the_laptop_slept_is_named_and_never_bought_again(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider keeps results for a day: what slept longer is paid and gone, and nobody pays for it twice."""
    monkeypatch.setattr(paid, "FETCH_TRIES", 2)
    bench = make_bench(fault("slow", where="file", seconds=1.0))
    sleep_in(bench, Phase.READY)
    outcome = bench.run(PAIR)
    gone = outcome.phases.get(Phase.READY, 0)
    assert gone >= 1
    assert len(outcome.left) == gone
    assert all("paid, but not fetched" in reason for reason in outcome.left.values())
    bench.run(PAIR)
    check(bench, 2)


def test_an_edit_that_slept_before_it_was_sent_takes_its_parent_from_disk(make_bench: MakeBench) -> None:
    """The parent is stored, its address is dead: it is uploaded, and only it."""
    bench = make_bench()
    clock = sleep_in(bench, Phase.STORED)
    assert stored(bench.run(CHAIN, concurrency=1)) == 6
    assert clock.shift
    assert bench.requests("upload") == 1
    check(bench, 6)


@pytest.mark.parametrize("jump", [-DAY, DAY])
@pytest.mark.parametrize(("phase", "faults"), [(Phase.UNCERTAIN, HIDDEN), (Phase.SUBMITTED, ()), (Phase.READY, ())])
def test_a_wall_clock_that_is_set_mid_run_changes_nothing(
    phase: Phase, faults: tuple[Fault, ...], jump: float, make_bench: MakeBench
) -> None:
    """No settle window is shorter, nothing is sent twice, and no image is stored before it was ordered."""
    bench = make_bench(*faults)
    bench.rules = replace(QUICK, settle=2.0)
    clock = bench.clock = JumpyClock(jump, stands(bench, phase))
    assert stored(bench.run(PAIR)) == 2
    assert clock.shift == jump
    check(bench, 2)


def test_an_upload_from_a_time_yet_to_come_is_not_relied_on(make_bench: MakeBench) -> None:
    """Written down by a clock that was a day ahead: nobody knows how old it is, and uploading again is free."""
    bench = make_bench(upload_life=6 * HOUR, **LONG)
    (bench.home / "logo.png").write_bytes(png())
    bench.clock = JumpyClock(DAY, lambda: True)
    assert stored(bench.run(LOGO % "marble")) == 1
    bench.simulator.clock.advance(7 * HOUR)
    bench.clock = None
    assert stored(bench.run(LOGO % "marble, linen")) == 2
    assert bench.requests("upload") == 2
    check(bench, 2)
