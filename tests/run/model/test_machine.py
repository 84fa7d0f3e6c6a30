"""Many images, one budget and the real state file, through everything that Hypothesis thinks of."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flux_batch.errors import RunLocked
from flux_batch.plan.records import Plan
from flux_batch.run.folder.lock import run_lock
from flux_batch.run.protocol.events import Control, Effect, Fetch, Lookup, Poll, Post, Prepare
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.resolve import Decision, Verb, abandon, unfetched
from flux_batch.run.store import registry
from flux_batch.run.store.rows import dollars, exposure, from_row
from flux_batch.run.store.state import REMEMBERED

from ..kit import key_of, make_plan_with, make_task, plain_spec  # noqa: TID252
from . import process
from .process import Process
from .provider import Provider

PRICE: Final = Decimal("0.04")
PARENTS: Final = {"mug": None, "plant": None, "chair": None, "lamp": None, "winter": "mug", "card": "winter"}
NAMES: Final = st.sets(st.sampled_from(sorted(PARENTS)), min_size=1)
ENDS: Final = st.sampled_from(["completed", "completed", "failed"])
DAY: Final = 86_400.0
KNOWN: Final = frozenset(Phase) - {Phase.PLANNED, Phase.REFUSED, Phase.FAILED, Phase.SKIPPED}
ARRIVES: Final = st.sampled_from([0, 3, 5, 5, 99])
RESENT: Final = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8])
LATEST: Final = -2
"""The fate of a lookup that finds nothing while it may."""

LONG: Final = 400
"""More steps than any six images need to end when everything goes well."""


def with_parents(names: Iterable[str]) -> list[str]:
    """Names with all they are edits of, parents first, as a plan has them."""
    wanted = set(names)
    for name in ("card", "winter"):
        if name in wanted and PARENTS[name]:
            wanted.add(str(PARENTS[name]))
    return [name for name in PARENTS if name in wanted]


def plan_for(names: Iterable[str], selected: Iterable[str]) -> Plan:
    """A plan of these images; what is selected is among them."""
    wanted = with_parents(names)
    chosen = [name for name in with_parents(selected) if name in wanted]
    return make_plan_with(*(make_task(name, parent=PARENTS[name]) for name in wanted), selected=chosen)


class Runs(RuleBasedStateMachine):
    """Processes come and go on one run folder; the provider outlives them."""

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory(prefix="flux-batch-machine-")
        self.process: Process
        self.provider = Provider()
        self.plan = plan_for(PARENTS, PARENTS)
        self.cap: Decimal | None = None
        self.wall = 1_800_000_000.0
        self.owners: dict[str, str] = {}
        self.ids: dict[tuple[str, int], str] = {}
        self.given_up: dict[tuple[str, int], str] = {}

    def teardown(self) -> None:
        """Let all go well from here on: what is paid comes home."""
        self.finish_well()
        self.process.end()
        self.home.cleanup()

    @initialize(
        cap=st.sampled_from([None, "0.08", "0.12", "0.2"]),
        duplicates=st.sampled_from(["billed", "billed", "replayed", "rejected"]),
    )
    def begin(self, cap: str | None, duplicates: str) -> None:
        """A new run folder."""
        self.cap = None if cap is None else Decimal(cap)
        self.provider.duplicates = duplicates
        self.open(retry_failed=False)

    # Processes ------------------------------------------------------------------------------------------------------

    def open(self, *, retry_failed: bool) -> None:
        """A process starts; its monotonic clock starts anywhere."""
        boot = self.provider.now - 7.0 * len(self.provider.sold)
        self.process = Process(Path(self.home.name), self.provider, self.cap, self.wall, boot)
        registry.register(self.process.state, self.plan, plain_spec(), now=self.wall, retry_failed=retry_failed)

    @rule(away=st.sampled_from([0.0, 5.0, 130.0]), retry_failed=st.booleans())
    def crash(self, away: float, retry_failed: bool) -> None:
        """Whatever was in memory is gone; the same plan again."""
        self.process.end()
        self.provider.now += away
        self.open(retry_failed=retry_failed)

    @rule(names=NAMES, selected=NAMES, retry_failed=st.booleans())
    def edit(self, names: set[str], selected: set[str], retry_failed: bool) -> None:
        """The process ends, the spec is edited, or less is selected, and another one starts."""
        self.process.end()
        self.plan = plan_for(names, selected)
        self.open(retry_failed=retry_failed)

    @rule(which=st.integers(0, 5), retry_failed=st.booleans())
    def give_up(self, which: int, retry_failed: bool) -> None:
        """An image that is paid cannot be fetched, a person abandons it, and another process starts."""
        self.process.claim(6)
        ready = [key for key in sorted(self.process.active) if self.process.awaits(key, Fetch)]
        if not ready:
            return
        key = ready[which % len(ready)]
        while key in self.process.active:
            self.deliver_while(key, Fetch, 1)
            self.deliver_while(key, Poll, 0)
        (entry,) = (each for each in self.process.state.view().entries if each.task.key == key)
        assert entry in unfetched(self.process.state.view())
        abandon(self.process.state, Decision(verb=Verb.ABANDON, entry=entry))
        self.given_up[key, entry.purchase.generation] = entry.purchase.business_id or ""
        self.check()
        self.process.end()
        self.open(retry_failed=retry_failed)

    @rule()
    def second_opener(self) -> None:
        """Another process is refused."""
        with pytest.raises(RunLocked), run_lock(Path(self.home.name)):
            pass

    # Work -----------------------------------------------------------------------------------------------------------

    @rule(limit=st.integers(1, 6), fates=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 8)), max_size=30))
    def anything(self, limit: int, fates: list[tuple[int, int]]) -> None:
        """Whatever may happen to some images, in any order."""
        self.process.claim(limit)
        for which, fate in fates:
            self.deliver(which, fate)

    @rule(fates=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0] * 9 + [1])), max_size=30), status=ENDS)
    def mostly_well(self, fates: list[tuple[int, int]], status: str) -> None:
        """Images come, as they do on most days, or all fail."""
        self.process.claim(6)
        for which, fate in fates:
            self.provider.finish(status)
            self.deliver(which, fate)

    @rule(which=st.integers(0, 5), sent=st.integers(1, 3), arrives=ARRIVES, resent=RESENT)
    def doubt(self, which: int, sent: int, arrives: int, resent: int) -> None:
        """One POST without an answer, which may arrive after some lookups; they find it as late as they may."""
        self.process.claim(6)
        waiting = [key for key in sorted(self.process.active) if self.process.awaits(key, Prepare, Post)]
        if not waiting:
            return
        key = waiting[which % len(waiting)]
        self.deliver_while(key, Prepare, 0)
        self.deliver_while(key, Post, sent)
        for count in range(12):
            if count == arrives:
                self.provider.arrive()
            self.deliver_while(key, Lookup, LATEST)
        self.deliver_while(key, Control, 0)
        self.deliver_while(key, Post, resent)

    def deliver_while(self, key: str, effect: type[Effect], fate: int) -> None:
        """One fate for one image, if that is what it waits for."""
        if self.process.awaits(key, effect):
            self.process.deliver(key, fate)
            self.check()

    def deliver(self, which: int, fate: int) -> None:
        """One fate for one of the images at work."""
        keys = sorted(self.process.active)
        if keys:
            self.process.deliver(keys[which % len(keys)], fate)
            self.check()

    # Provider and clocks --------------------------------------------------------------------------------------------

    @precondition(lambda self: self.provider.flying)
    @rule()
    def arrive(self) -> None:
        """A late POST arrives."""
        self.provider.arrive()

    @rule(status=ENDS)
    def finish(self, status: str) -> None:
        """A task ends at the provider."""
        self.provider.finish(status)

    @rule(seconds=st.sampled_from([1.0, 30.0, 130.0, 1000.0]), wall=st.sampled_from([-DAY, 0.0, DAY]))
    def jump(self, seconds: float, wall: float) -> None:
        """Time passes, and somebody sets the clock on the wall."""
        self.provider.now += seconds
        self.wall += seconds + wall
        self.process.wall = self.wall

    def finish_well(self) -> None:
        """Nothing fails any more; a last process brings everything as far as it goes."""
        self.process.end()
        self.provider.flying.clear()
        self.provider.now += 1000.0
        self.open(retry_failed=False)
        for _ in range(LONG):
            self.process.claim(6)
            self.provider.finish("completed")
            if not self.process.active:
                break
            self.deliver(0, 0)
        left = {bill.business_id for bill in self.provider.billed()} - set(self.given_up.values())
        stored = {each.business_id for each in self.purchases() if each.phase is Phase.STORED}
        assert left - self.beyond_help() <= stored

    def beyond_help(self) -> set[str]:
        """What is in doubt and cannot be found any more, because the provider forgot it: a person has to decide."""
        forgotten = {sold.business_id for sold in self.provider.sold if not self.provider.knows(sold)}
        return {
            each.business_id
            for each in self.purchases()
            if each.phase in (Phase.UNCERTAIN, Phase.HELD) and each.business_id in forgotten
        }

    # What must hold after every step --------------------------------------------------------------------------------

    def purchases(self) -> list[Purchase]:
        """Every row of the state file."""
        return [from_row(row) for row in self.process.state.db.rows("SELECT * FROM purchase")]

    @invariant()
    def check(self) -> None:
        """Nothing is billed twice, for nothing is hidden for longer than the settle window; money and ids are right."""
        assert max(Counter(bill.business_id for bill in self.provider.billed()).values(), default=0) <= 1
        purchases = self.purchases()
        self.check_money(purchases)
        self.check_bills(purchases)
        self.check_ids(purchases)

    def check_money(self, purchases: list[Purchase]) -> None:
        """The ledger is the sum of what the purchases hold, within the budget, and covers every bill.

        What was given up and bought anew is on it as well: nobody gives that money back.
        """
        held = sum(self.process.state.committed(), Decimal(0))
        present = {(each.key, each.generation) for each in purchases}
        before = PRICE * sum(each not in present for each in self.given_up)
        assert held == dollars(sum(sum(exposure(each)) for each in purchases)) + before
        assert self.cap is None or held <= self.cap
        assert held >= PRICE * len(self.provider.billed())

    def check_bills(self, purchases: list[Purchase]) -> None:
        """Every bill belongs to a purchase that is looked for, known or stored, or that a person gave up."""
        phases = {each.business_id: each.phase for each in purchases if each.business_id}
        for bill in self.provider.billed():
            if bill.business_id in self.given_up.values():
                assert phases.get(bill.business_id, Phase.FAILED) is Phase.FAILED
                continue
            assert phases.get(bill.business_id) in KNOWN

    def check_ids(self, purchases: list[Purchase]) -> None:
        """A business id belongs to one image, and an id once known never changes within a generation."""
        for each in purchases:
            if each.business_id:
                assert self.owners.setdefault(each.business_id, each.key) == each.key
            if each.remote_id:
                assert self.ids.setdefault((each.key, each.generation), each.remote_id) == each.remote_id


class ForgottenRuns(Runs):
    """The same, with a provider that forgets what is old; the clock on the wall is never set back here.

    After a clock was set back, a task that was accepted later may look like one that was accepted before.
    """

    @initialize(cap=st.sampled_from([None, "0.12"]), duplicates=st.just("billed"))
    def begin(self, cap: str | None, duplicates: str) -> None:
        """A new run folder; the provider remembers just as long as the control counts on."""
        self.provider.keeps = REMEMBERED
        super().begin(cap, duplicates)

    @rule(seconds=st.sampled_from([1.0, 130.0, 1000.0, REMEMBERED / 2, DAY]), wall=st.sampled_from([0.0, DAY]))
    def jump(self, seconds: float, wall: float) -> None:
        """Days between two runs."""
        super().jump(seconds, wall)

    @rule(away=st.sampled_from([REMEMBERED - 130.0, REMEMBERED, DAY]))
    def come_back(self, away: float) -> None:
        """The process dies, and the run is taken up another day."""
        self.wall += away
        self.crash(away, retry_failed=False)


TestForgottenRuns = ForgottenRuns.TestCase
TestForgottenRuns.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)

TestRuns = Runs.TestCase
TestRuns.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_chain_is_planned_with_its_parents() -> None:
    """The plans of this machine are such as the planner makes."""
    assert with_parents(["card"]) == ["mug", "winter", "card"]
    assert plan_for(["card"], ["mug"]).selected == {key_of("mug")}


def days_later() -> set[str]:
    """The first request is taken without an answer; a day later another one is bought, and the first looked for."""
    machine = ForgottenRuns()
    machine.begin(None, "billed")
    try:
        machine.process.claim(6)
        first = min(machine.process.active)
        machine.deliver_while(first, Prepare, 0)
        machine.deliver_while(first, Post, 1)
        machine.come_back(DAY)
        machine.mostly_well([(1, 0)] * 8, "completed")
        machine.finish_well()
        return machine.beyond_help()
    finally:
        machine.process.end()
        machine.home.cleanup()


def test_what_the_provider_forgot_is_left_to_a_person() -> None:
    """All others come home."""
    assert len(days_later()) == 1


def test_a_witness_of_another_day_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine sees the second bill."""
    monkeypatch.setattr("flux_batch.run.store.state.REMEMBERED", 10 * DAY)
    with pytest.raises(AssertionError):
        days_later()


def late_and_hidden() -> None:
    """One image bought, then one whose POST arrives after 39 seconds and is shown 60 seconds later."""
    machine = Runs()
    machine.begin(None, "billed")
    try:
        machine.mostly_well([(0, 0)] * 8, "completed")
        machine.doubt(which=0, sent=2, arrives=5, resent=1)
        machine.finish_well()
    finally:
        machine.process.end()
        machine.home.cleanup()


def test_a_window_that_outlasts_what_is_hidden_is_enough() -> None:
    """The lookups go on until the task is shown."""
    late_and_hidden()


def test_a_window_that_is_too_short_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine sees the second bill."""
    monkeypatch.setattr(process, "RULES", replace(process.RULES, settle=60.0))
    with pytest.raises(AssertionError):
        late_and_hidden()
