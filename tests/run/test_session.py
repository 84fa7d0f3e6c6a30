"""What stands before a run and around it: the budget's cap, clocks that jump, and folders that cannot be used."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from flux_batch.errors import LocalFailure, OverBudget, PriceUnknown, RunLocked, StateUnusable
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.totals.estimate import Estimate, estimate
from flux_batch.run.budget import budget_cap
from flux_batch.run.folder.lock import run_lock
from flux_batch.run.options import rules_for
from flux_batch.run.pace.clock import SystemClock
from flux_batch.run.protocol.machine import Moment, Rules
from flux_batch.run.records import Phase
from flux_batch.simulator import fault
from flux_batch.spec.records import Spec

from .conftest import MakeBench
from .kit import CHAIN, MATRIX, QUICK, Bench, make_plan_with, make_task, only, plain_spec, plan_of, stored, usd

FIVE = make_plan_with(*(make_task(f"mug {number}") for number in range(5)))


def cost_of(images: int, price: str | None = "0.04") -> Estimate:
    """The estimate of so many new images."""
    plan = make_plan_with(*(make_task(f"mug {number}", price=price) for number in range(images)))
    return estimate(plan, diff(plan, {}))


class TestBudgetCap:
    """The most a folder may hold, or a refusal."""

    @pytest.mark.parametrize(
        ("budget", "max_cost", "spent", "reserved", "images", "cap"),
        [
            (None, None, "0", "0", 5, None),
            ("1.00", None, "0", "0", 5, "1.00"),
            (None, "0.50", "0", "0", 5, "0.50"),
            (None, "0.50", "0.30", "0.10", 5, "0.90"),
            ("1.00", "0.50", "0.30", "0.10", 5, "0.90"),
            ("0.85", "0.50", "0.30", "0.10", 5, "0.85"),
            ("0.20", None, "0", "0", 5, "0.20"),
            (None, "0.20", "0", "0", 5, "0.20"),
            ("0.60", None, "0.30", "0.10", 5, "0.60"),
            (None, "0", "0.30", "0", 0, "0.30"),
            ("0.10", None, "0.30", "0.10", 0, "0.10"),
        ],
    )
    def test_the_lowest_limit_counts(
        self, budget: str | None, max_cost: str | None, spent: str, reserved: str, images: int, cap: str | None
    ) -> None:
        """The budget is over the life of the folder, ``--max-cost`` on top of what it holds already."""
        found = budget_cap(spec_with(budget), cost_of(images), (usd(spent), usd(reserved)), maybe(max_cost))
        assert found == maybe(cap)

    @pytest.mark.parametrize(
        ("budget", "max_cost", "spent", "reserved", "says"),
        [
            ("0.19", None, "0", "0", r"5 new images cost \$0\.20.*the budget of \$0\.19"),
            (None, "0.19", "0", "0", r"--max-cost of \$0\.19"),
            (
                "0.50",
                None,
                "0.30",
                "0.01",
                r"\$0\.30 is spent already, \$0\.01 kept for.* in doubt.*resolve.*\$0\.50",
            ),
            ("0.50", "1.00", "0.30", "0.01", r"the budget of \$0\.50"),
            ("5.00", "0.10", "0.30", "0.10", r"--max-cost of \$0\.10"),
        ],
    )
    def test_a_plan_that_does_not_fit_is_refused_with_the_numbers(
        self, budget: str | None, max_cost: str | None, spent: str, reserved: str, says: str
    ) -> None:
        """Which limit, how much, and what is there already."""
        with pytest.raises(OverBudget, match=says):
            budget_cap(spec_with(budget), cost_of(5), (usd(spent), usd(reserved)), maybe(max_cost))

    def test_one_image_is_one_image(self) -> None:
        """Said as people say it."""
        with pytest.raises(OverBudget, match=r"^1 new image costs \$0\.04"):
            budget_cap(spec_with("0.03"), cost_of(1), (usd("0"), usd("0")), None)

    @pytest.mark.parametrize(("budget", "max_cost"), [("9.00", None), (None, "9.00")])
    def test_no_price_no_budget(self, budget: str | None, max_cost: str | None) -> None:
        """What nobody has priced cannot be kept within anything."""
        with pytest.raises(PriceUnknown, match="flux-kontext-pro"):
            budget_cap(spec_with(budget), cost_of(5, None), (Decimal(0), Decimal(0)), maybe(max_cost))

    def test_without_a_limit_a_price_is_not_needed(self) -> None:
        """Whoever sets none has been asked."""
        assert budget_cap(spec_with(None), cost_of(5, None), (Decimal(0), Decimal(0)), None) is None

    def test_what_is_paid_is_finished_however_low_the_budget_has_become(self, make_bench: MakeBench) -> None:
        """Finishing costs nothing more, so no budget stands in its way."""
        bench = make_bench(latency=(0.4, 0.5))
        bench.rules = replace(QUICK, patience=0.1)
        assert stored(bench.run(MATRIX, concurrency=12)) == 0
        assert bench.view().spent == usd("0.48")
        bench.rules = QUICK
        assert stored(bench.run(MATRIX + "    budget: {max: 0.10}\n")) == 12
        assert stored(bench.run(MATRIX + "    budget: {max: 0.10}\n")) == 12


def test_a_paid_image_is_stored_although_the_spec_dropped_it(make_bench: MakeBench) -> None:
    """An edit of the spec between two runs loses nothing that was bought, and another key is refused for it too."""
    bench = make_bench(latency=(0.4, 0.5))
    bench.rules = replace(QUICK, patience=0.1)
    bench.run(MATRIX, concurrency=12)
    bench.rules = QUICK
    fewer = bench.spec(MATRIX.replace("red, green, blue", "red"))
    with pytest.raises(StateUnusable, match="another key"):
        bench.run_plan(fewer, plan_of(fewer), key="sk-another-key")
    outcome = bench.run_plan(fewer, plan_of(fewer))
    assert outcome.phases == {Phase.STORED: 4}
    assert {entry.purchase.phase for entry in bench.view().entries} == {Phase.STORED}
    assert len(bench.view().entries) == 12
    one = bench.spec('version: 1\nname: matrix\nprompt: "a red mug"\nratios: ["1:1"]\n')
    assert stored(bench.run_plan(one, plan_of(one), key="sk-another-key")) == 1


def spec_with(budget: str | None) -> Spec:
    """A spec with that budget."""
    return plain_spec("" if budget is None else f"budget: {{max: {budget}}}\n")


def maybe(amount: str | None) -> Decimal | None:
    """An amount, or none."""
    return None if amount is None else Decimal(amount)


@dataclass(slots=True)
class JumpyClock(SystemClock):
    """The real clocks; the wall clock jumps by ``jump`` seconds once somebody has asked ``after`` times."""

    jump: float
    after: int
    asked: int = 0

    def now(self) -> Moment:
        """Both clocks."""
        self.asked += 1
        shift = self.jump if self.asked > self.after else 0.0
        return Moment(mono=time.monotonic(), wall=time.time() + shift)


DAY = 24 * 3600.0


@pytest.mark.parametrize("jump", [-DAY, DAY, 25 * 3600.0])
def test_a_wall_clock_that_jumps_shortens_no_settle_window(jump: float, make_bench: MakeBench) -> None:
    """Waiting is by the monotonic clock: a request in doubt is neither sent too early nor waited for too long."""
    bench = make_bench(fault("cut", where="submit", first=2), fault("lookup_lag", where="submit", lookups=4))
    bench.clock = JumpyClock(jump, after=30)
    outcome = bench.run(MATRIX)
    assert only(outcome.phases, Phase.STORED)
    assert set(bench.bills().values()) == {1}
    assert bench.requests("submit") == 12


def test_a_laptop_that_slept_past_the_results_uploads_the_stored_parents(make_bench: MakeBench) -> None:
    """A day passes between parents and edits on the wall clock only: the chain goes on from disk."""
    bench = make_bench()
    bench.run(CHAIN.replace('      winter: {edit: base, prompt: "make it winter"}\n', "").replace(
        '      card: {edit: winter, prompt: "add a gold frame"}\n', ""
    ))  # fmt: skip
    bench.clock = JumpyClock(25 * 3600.0, after=0)
    assert stored(bench.run(CHAIN)) == 6
    assert bench.requests("upload") == 4


def test_a_folder_in_use_is_refused_before_anything_is_sent(bench: Bench) -> None:
    """Whoever holds its lock: no request, and no state file is even opened."""
    bench.folder.mkdir()
    with run_lock(bench.folder), pytest.raises(RunLocked):
        bench.run(MATRIX)
    assert sum(bench.simulator.log.counts.values()) == 0
    assert [path.name for path in bench.folder.iterdir()] == ["run.lock"]


def test_a_folder_that_cannot_be_made_is_a_local_failure(bench: Bench) -> None:
    """A file stands in its place."""
    bench.folder.write_text("")
    with pytest.raises(LocalFailure, match="choose another with --out"):
        bench.run(MATRIX)


def test_a_damaged_state_file_sends_nothing(bench: Bench) -> None:
    """Not one request before the truth can be read."""
    bench.folder.mkdir()
    (bench.folder / "state.sqlite").write_bytes(b"SQLite format 3\x00" + bytes(4000))
    with pytest.raises(LocalFailure):
        bench.run(MATRIX)
    assert sum(bench.simulator.log.counts.values()) == 0


def test_the_spec_sets_the_rules() -> None:
    """Word by word."""
    spec = plain_spec("execution: {poll: {first: 1, every: 2}, when_uncertain: hold, settle_seconds: 9}\n")
    assert rules_for(spec) == Rules(resend=False, settle=9, poll_first=1, poll_every=2)


def test_signals_are_given_back_afterwards(bench: Bench) -> None:
    """A program that calls this keeps its own handlers."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    bench.run(MATRIX)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
