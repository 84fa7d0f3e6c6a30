"""A person's word on lost requests: what each verb does to the image, the money and the provider's bill."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from decimal import Decimal

import pytest

from flux_batch.api.client import ApiClient, Timeouts
from flux_batch.api.settings import api_settings
from flux_batch.errors import OverBudget, Unclear, UsageError
from flux_batch.plan.choosing.select import Selection
from flux_batch.report.summary import totals
from flux_batch.run.pace.clock import SystemClock
from flux_batch.run.protocol.machine import FETCH_TRIES, LATER_TRIES
from flux_batch.run.records import Phase
from flux_batch.run.resolve import Decision, Resolved, Verb, abandon, adopt, named, questions, resend, unfetched
from flux_batch.run.store.rows import micros
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import Fault, fault

from .conftest import MakeBench
from .kit import CHAIN, KEY, MATRIX, Bench, only, usd


class Hasty(SystemClock):
    """Real clocks whose long waits are short."""

    async def sleep(self, seconds: float) -> None:
        """At most a moment."""
        await asyncio.sleep(min(seconds, 0.02))


LOST = fault("cut", where="submit", billed=False, first=1)
"""The first request never arrives."""
SINGLES = """
    version: 1
    name: singles
    prompt: "a {{ thing }}"
    variables: {thing: [mug, plant, chair]}
"""
BILLED = (fault("cut", where="submit", first=1), fault("hide", where="submit", first=1))
"""The first request arrives, is billed, and cannot be found by its business id."""


def held(make_bench: MakeBench, *faults: Fault, text: str = MATRIX) -> Bench:
    """A bench after a run that had to leave its first request to a person."""
    bench = make_bench(*faults)
    bench.rules = replace(bench.rules, resend=False)
    assert bench.run(text).phases[Phase.HELD] == 1
    return bench


def decide(bench: Bench, verb: Verb, remote_id: str = "", cap: Decimal | None = None) -> Resolved:
    """Carry out one verb on the one request in doubt."""

    async def carry_out(state: StateFile) -> Resolved:
        (entry,) = questions(state.view())
        decision = Decision(verb=verb, entry=entry, remote_id=remote_id)
        settings = api_settings(bench.simulator.base_url, KEY)
        async with ApiClient(settings, timeouts=Timeouts(connect=1.0, submit=1.0, query=1.0)) as api:
            if verb is Verb.ADOPT:
                return await adopt(state, api, decision, SystemClock())
            return await resend(state, api, decision, SystemClock(), cap=cap)

    with StateFile(bench.folder / FILE) as state:
        if verb is Verb.ABANDON:
            (entry,) = questions(state.view())
            return abandon(state, Decision(verb=verb, entry=entry))
        return asyncio.run(carry_out(state))


def money(bench: Bench) -> tuple[Decimal, Decimal]:
    """(spent, reserved)."""
    view = bench.view()
    return view.spent, view.reserved


def hidden_id(bench: Bench) -> str:
    """The provider's id of the request in doubt, as its console would show it."""
    (entry,) = questions(bench.view())
    (bill,) = (bill for bill in bench.simulator.ledger.entries if bill.business_id == entry.purchase.business_id)
    return bill.task_id


class TestAdopt:
    """The provider's id, given by hand."""

    def test_a_hidden_task_is_brought_home(self, make_bench: MakeBench) -> None:
        """One bill, no submit, all stored."""
        bench = held(make_bench, *BILLED)
        submits = bench.requests("submit")
        resolved = decide(bench, Verb.ADOPT, hidden_id(bench))
        assert resolved.clear
        assert resolved.purchase.remote_id is not None
        assert money(bench) == (usd("0.48"), usd("0"))
        assert only(bench.run(MATRIX).phases, Phase.STORED)
        assert bench.requests("submit") == submits
        assert set(bench.bills().values()) == {1}

    def test_an_id_nobody_knows_changes_nothing(self, make_bench: MakeBench) -> None:
        """Said, and held as before."""
        bench = held(make_bench, LOST)
        before = bench.view()
        with pytest.raises(UsageError, match="knows no task nonsense"):
            decide(bench, Verb.ADOPT, "nonsense")
        assert bench.view() == before

    def test_another_images_id_is_refused(self, make_bench: MakeBench) -> None:
        """By its business id: that picture is somebody else's."""
        bench = held(make_bench, LOST)
        other = next(entry.purchase.remote_id for entry in bench.view().entries if entry.purchase.remote_id)
        before = bench.view()
        with pytest.raises(UsageError, match="is another request"):
            decide(bench, Verb.ADOPT, other)
        assert bench.view() == before


class TestResend:
    """Once more, by a person's word."""

    def test_a_lost_request_is_bought_and_brought_home(self, make_bench: MakeBench) -> None:
        """The same bytes under the same business id; one bill."""
        bench = held(make_bench, LOST)
        resolved = decide(bench, Verb.RESEND)
        assert (resolved.clear, resolved.purchase.sends) == (True, 2)
        assert money(bench) == (usd("0.48"), usd("0"))
        assert only(bench.run(MATRIX).phases, Phase.STORED)
        assert set(bench.bills().values()) == {1}
        sent = [each.business_id for each in bench.simulator.log.arrivals if each.place == "submit"]
        assert len(sent) - len(set(sent)) == 1

    def test_what_is_there_after_all_is_adopted(self, make_bench: MakeBench) -> None:
        """One lookup before the money: nothing is sent when it helps."""
        bench = held(
            make_bench, fault("cut", where="submit", first=1), fault("lookup_lag", where="submit", seconds=2, first=1)
        )
        time.sleep(2.0)
        submits = bench.requests("submit")
        assert "after all" in decide(bench, Verb.RESEND).said
        assert bench.requests("submit") == submits
        assert set(bench.bills().values()) == {1}

    def test_a_full_budget_sends_nothing(self, make_bench: MakeBench) -> None:
        """The first send is still counted, so the second needs room of its own."""
        bench = held(make_bench, LOST)
        submits, before = bench.requests("submit"), bench.view()
        with pytest.raises(OverBudget, match=r"no room for another \$0\.04"):
            decide(bench, Verb.RESEND, cap=usd("0.50"))
        assert (bench.requests("submit"), bench.view()) == (submits, before)
        assert decide(bench, Verb.RESEND, cap=usd("0.52")).clear

    @pytest.mark.parametrize(
        ("answer", "phase", "reserved"),
        [
            (fault("cut", where="submit", billed=False), Phase.UNCERTAIN, "0.08"),
            (fault("policy", where="submit"), Phase.UNCERTAIN, "0.08"),
            (fault("throttle", where="submit"), Phase.HELD, "0.04"),
        ],
    )
    def test_an_answer_that_does_not_help_is_written_down(
        self, answer: Fault, phase: Phase, reserved: str, make_bench: MakeBench
    ) -> None:
        """Lost again, refused, turned away: in doubt still, with the money of every send that may have arrived."""
        bench = held(make_bench, LOST)
        bench.simulator.faults.add(answer)
        resolved = decide(bench, Verb.RESEND)
        assert (resolved.clear, resolved.purchase.phase) == (False, phase)
        assert money(bench) == (usd("0.44"), usd(reserved))

    def test_without_an_answer_to_the_lookup_nothing_is_sent(self, make_bench: MakeBench) -> None:
        """A provider that cannot say what it has is not sent more."""
        bench = held(make_bench, LOST)
        bench.simulator.faults.add(fault("error", where="status", status=502))
        submits, before = bench.requests("submit"), bench.view()
        with pytest.raises(Unclear):
            decide(bench, Verb.RESEND)
        assert (bench.requests("submit"), bench.view()) == (submits, before)

    def test_what_the_spec_dropped_is_not_bought(self, make_bench: MakeBench) -> None:
        """Nothing is sent for an image nobody asks for."""
        bench = held(make_bench, LOST)
        bench.run(MATRIX.replace("a {{ colour", "one {{ colour"))
        with pytest.raises(UsageError, match="no longer in the spec"):
            decide(bench, Verb.RESEND)


class TestAbandon:
    """Giving up."""

    def test_it_is_failed_its_money_is_free_and_its_edits_are_skipped(self, make_bench: MakeBench) -> None:
        """And the message says that it may have been billed."""
        bench = held(make_bench, LOST, text=CHAIN)
        resolved = decide(bench, Verb.ABANDON)
        assert (resolved.clear, resolved.purchase.phase) == (True, Phase.FAILED)
        assert money(bench)[1] == usd("0")
        assert bench.run(CHAIN).phases == {Phase.STORED: 3, Phase.FAILED: 1, Phase.SKIPPED: 2}
        failure = resolved.purchase.failure
        assert failure is not None
        assert (failure.code, "may have billed" in failure.message) == ("abandoned", True)

    def test_it_is_bought_anew_only_when_asked(self, make_bench: MakeBench) -> None:
        """``--retry-failed`` makes a new purchase of it, under a new business id."""
        bench = held(make_bench, LOST)
        first = questions(bench.view())[0].purchase.business_id
        decide(bench, Verb.ABANDON)
        assert bench.run(MATRIX).phases[Phase.FAILED] == 1
        assert only(bench.run(MATRIX, retry_failed=True).phases, Phase.STORED)
        assert first not in bench.bills()


def dead(make_bench: MakeBench, text: str = SINGLES) -> Bench:
    """A bench after a run that paid for its first image and could not fetch it."""
    bench = make_bench(fault("expire", where="file", prompt="a mug"))
    bench.clock = Hasty()
    outcome = bench.run(text)
    assert outcome.phases[Phase.READY] == 1
    return bench


def give_up(bench: Bench) -> Resolved:
    """Abandon what could not be fetched."""
    with StateFile(bench.folder / FILE) as state:
        (entry,) = unfetched(state.view())
        return abandon(state, Decision(verb=Verb.ABANDON, entry=named((entry,), entry.task.id, Verb.ABANDON)))


class TestGiveUpWhatIsPaid:
    """An image that the provider took, and no longer has."""

    def test_it_stays_spent_and_no_run_asks_for_it(self, make_bench: MakeBench) -> None:
        """Failed by name, its price on the books and in the costs, and not one question about it any more."""
        bench = dead(make_bench)
        assert money(bench) == (usd("0.12"), usd("0"))
        resolved = give_up(bench)
        assert (resolved.clear, resolved.purchase.phase, resolved.purchase.cost) == (True, Phase.FAILED, usd("0.04"))
        assert (money(bench), totals(bench.view()).cost) == ((usd("0.12"), usd("0")), usd("0.12"))
        assert unfetched(bench.view()) == ()
        requests = dict(bench.simulator.log.counts)
        outcome = bench.run(SINGLES)
        assert outcome.phases == {Phase.STORED: 2, Phase.FAILED: 1}
        assert dict(bench.simulator.log.counts) == requests

    def test_what_it_edits_into_is_skipped(self, make_bench: MakeBench) -> None:
        """As after every failure."""
        bench = dead(make_bench, CHAIN)
        give_up(bench)
        assert bench.run(CHAIN).phases == {Phase.STORED: 3, Phase.FAILED: 1, Phase.SKIPPED: 2}

    def test_it_is_bought_anew_only_when_asked_and_both_are_on_the_books(self, make_bench: MakeBench) -> None:
        """A new generation under a new business id, and the price of the first is still spent."""
        bench = dead(make_bench)
        first = unfetched(bench.view())[0].purchase
        give_up(bench)
        bench.simulator.faults.replace(())
        outcome = bench.run(SINGLES, retry_failed=True)
        assert only(outcome.phases, Phase.STORED)
        assert (money(bench), len(bench.simulator.ledger)) == ((usd("0.16"), usd("0")), 4)
        again = next(entry.purchase for entry in bench.view().entries if entry.task.key == first.key)
        assert (again.generation, again.business_id == first.business_id) == (2, False)

    def test_a_budget_counts_what_was_given_up(self, make_bench: MakeBench) -> None:
        """A budget for three has no room for a fourth."""
        bench = dead(make_bench)
        give_up(bench)
        with pytest.raises(OverBudget):
            bench.run(SINGLES + "    budget: {max: 0.12}\n", retry_failed=True)

    def test_a_task_that_the_provider_forgot_may_be_given_up(self, make_bench: MakeBench) -> None:
        """Taken and paid, then unknown: it is listed, and can be ended."""
        bench = make_bench(latency=(60, 60))
        bench.rules = replace(bench.rules, patience=0.1)
        only(bench.run(MATRIX).phases, Phase.SUBMITTED)
        with StateFile(bench.folder / FILE) as state:
            first = state.view().entries[0].purchase
            state.save([replace(first, remote_id="task_img_gone")], None)
        bench.rules = replace(bench.rules, patience=3.0)
        bench.run(MATRIX, selection=Selection(limit=1))
        (entry,) = unfetched(bench.view())
        assert entry.purchase.failure is not None
        assert "does not know task task_img_gone" in entry.purchase.failure.message
        assert give_up(bench).purchase.phase is Phase.FAILED

    @pytest.mark.parametrize("verb", [Verb.ADOPT, Verb.RESEND])
    def test_nothing_else_can_be_said_of_it(self, verb: Verb, make_bench: MakeBench) -> None:
        """It is paid, so it is never adopted anew or sent again."""
        bench = dead(make_bench)
        (entry,) = unfetched(bench.view())
        with pytest.raises(UsageError, match="is paid, as task_"):
            named(bench.view().entries, entry.task.id, verb)

    def test_what_is_only_on_its_way_is_not_given_up(self, make_bench: MakeBench) -> None:
        """There is nothing wrong with it yet."""
        bench = make_bench(latency=(60, 60))
        bench.rules = replace(bench.rules, patience=0.1)
        bench.run(MATRIX)
        entries = bench.view().entries
        with pytest.raises(UsageError, match="is submitted: there is nothing to decide"):
            named(entries, entries[0].task.id, Verb.ABANDON)


def test_a_later_run_only_looks_whether_it_has_come_back(make_bench: MakeBench) -> None:
    """Eight tries in the first run, two in each later one, and when it is back it is stored."""
    bench = dead(make_bench)
    assert bench.requests("file") - 2 == FETCH_TRIES
    for _ in range(2):
        before = bench.requests("file")
        assert bench.run(SINGLES).phases[Phase.READY] == 1
        assert bench.requests("file") - before == LATER_TRIES
    bench.simulator.faults.replace(())
    assert only(bench.run(SINGLES).phases, Phase.STORED)
    assert unfetched(bench.view()) == ()


def test_tasks_are_named_by_either_id(make_bench: MakeBench) -> None:
    """Ours or the business id; what is not in doubt, or not there, is said."""
    bench = held(make_bench, LOST)
    entries = bench.view().entries
    (entry,) = questions(bench.view())
    assert named(entries, entry.task.id) == named(entries, entry.purchase.business_id or "") == entry
    stored = next(other for other in entries if other.purchase.phase is Phase.STORED)
    with pytest.raises(UsageError, match="is stored: there is nothing to decide"):
        named(entries, stored.task.id)
    with pytest.raises(UsageError, match="no such task"):
        named(entries, "nonsense")


def test_an_intent_of_a_killed_process_is_in_doubt(bench: Bench) -> None:
    """It may have been sent, so a person may decide about it as well."""
    bench.run(MATRIX)
    with StateFile(bench.folder / FILE) as state:
        purchase = state.view().entries[0].purchase
        state.save([replace(purchase, phase=Phase.INTENT, remote_id=None, file=None)], None)
    assert len(questions(bench.view())) == 1
    resolved = decide(bench, Verb.RESEND)
    assert "after all" in resolved.said
    assert micros(money(bench)[0]) == 480_000
