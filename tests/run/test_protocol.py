"""The submit protocol, driven without a socket: each rule, and what no order of events may do."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.protocol.events import (
    Accepted,
    Control,
    ControlFailed,
    ControlPassed,
    Done,
    Doubtful,
    Effect,
    Event,
    Fetch,
    Fetched,
    Leave,
    Lookup,
    NeverSent,
    NoAnswer,
    NoMoney,
    NotFetched,
    NotFound,
    NotPrepared,
    Poll,
    Post,
    Prepare,
    Prepared,
    PrepareFailed,
    RefusedBy,
    Seen,
    TurnedAway,
    Withdrawn,
)
from flux_batch.run.protocol.machine import (
    CONNECT_TRIES,
    FETCH_TRIES,
    MISSING_POLLS,
    Moment,
    Rules,
    State,
    Step,
    opening,
    step,
)
from flux_batch.run.records import Failure, Phase, Purchase, StoredFile
from flux_batch.run.store.rows import FINAL, exposure

RULES = Rules(settle=100.0)
PLANNED = Purchase(key="k", price=Decimal("0.04"))
READY = TaskSnapshot(id="task_1", status="completed", result_url="https://files.example/1.png", expires_at=9e9)
QUEUED = TaskSnapshot(id="task_1", status="queued")
FAILED = TaskSnapshot(id="task_1", status="failed", error_code="generation_failed", error_message="no")
FILE = StoredFile(path="images/a.png", sha256="0" * 64, bytes=1, width=1, height=1, mime="image/png")
PREPARED = Prepared(body=b"{}", business_id="fb-1")
REFUSED = RefusedBy(failure=Failure(code="invalid_request", message="bad"))
BROKE = RefusedBy(failure=Failure(code="insufficient_quota", message="empty"), account=True)


def at(seconds: float) -> Moment:
    """A moment, both clocks alike."""
    return Moment(mono=seconds, wall=seconds)


def play(*events: Event | tuple[float, Event], rules: Rules = RULES, purchase: Purchase = PLANNED) -> Step:
    """Open a purchase at second 0 and feed it events, at the seconds given with them."""
    current = opening(purchase, at(0.0))
    for each in events:
        seconds, event = each if isinstance(each, tuple) else (0.0, each)
        current = step(current.state, event, at(seconds), rules)
    return current


LOST = (PREPARED, Doubtful(reason="reset"), NotFound(), NotFound(), (100.0, NotFound()))


class TestSubmit:
    """From the intent to an answer."""

    def test_nothing_is_sent_before_the_intent_with_its_bytes(self) -> None:
        """The POST follows a state that holds body, business id and reserved money."""
        after = play(PREPARED)
        assert isinstance(after.effect, Post)
        assert after.state.phase is Phase.INTENT
        assert after.state.purchase.body == b"{}"
        assert exposure(after.state.purchase) == (0, 40_000)

    def test_an_accepted_request_is_polled(self) -> None:
        """A clean id ends the submit."""
        after = play(PREPARED, Accepted(snapshot=QUEUED))
        assert (after.state.phase, after.state.purchase.remote_id) == (Phase.SUBMITTED, "task_1")
        assert after.effect == Poll(after=5.0)

    def test_a_definite_4xx_is_final_and_costs_nothing(self) -> None:
        """Refused on the first attempt: not billed, not tried again."""
        after = play(PREPARED, REFUSED)
        assert (after.state.phase, type(after.effect)) == (Phase.REFUSED, Done)
        assert exposure(after.state.purchase) == (0, 0)

    def test_an_empty_account_is_not_the_images_fault(self) -> None:
        """402 takes the intent back and stops the run."""
        after = play(PREPARED, BROKE)
        assert after.state.phase is Phase.PLANNED
        assert after.effect == Leave(reason="empty", stop=True)

    def test_a_proven_unsent_request_is_the_same_attempt_again(self) -> None:
        """No connection: the same bytes after a pause, and no lookup."""
        after = play(PREPARED, NeverSent(reason="refused"))
        assert (after.state.phase, after.effect, after.state.purchase.sends) == (Phase.INTENT, Post(after=0.5), 1)

    def test_a_network_that_stays_away_takes_the_intent_back(self) -> None:
        """After several tries nothing was sent and nothing stays reserved."""
        after = play(PREPARED, *[NeverSent(reason="refused")] * CONNECT_TRIES)
        assert after.state.phase is Phase.PLANNED
        assert isinstance(after.effect, Leave)
        assert after.effect.stop

    def test_a_throttled_request_waits_looks_and_goes_again(self) -> None:
        """429: the pause asked for, one lookup, then the same attempt."""
        waiting = play(PREPARED, TurnedAway(retry_after=7.0))
        assert waiting.effect == Lookup(after=7.0)
        again = play(PREPARED, TurnedAway(retry_after=7.0), (7.0, NotFound()))
        assert (again.effect, again.state.purchase.sends) == (Post(), 1)

    def test_a_stop_before_sending_takes_the_intent_back(self) -> None:
        """Withdrawn: planned again, nothing reserved, nothing in doubt."""
        after = play(PREPARED, Withdrawn())
        assert (after.state.phase, exposure(after.state.purchase)) == (Phase.PLANNED, (0, 0))

    def test_no_money_sends_nothing(self) -> None:
        """A refused debit returns the image to the plan."""
        after = play(PREPARED, NoMoney())
        assert after.state.phase is Phase.PLANNED

    def test_a_reference_the_provider_refuses_is_final(self) -> None:
        """The request could never be made."""
        assert play(NotPrepared(failure=Failure(code="x", message="y"))).state.phase is Phase.REFUSED

    def test_a_reference_that_cannot_be_sent_now_is_tried_again(self) -> None:
        """An upload that failed says nothing about the image."""
        assert play(PrepareFailed(reason="reset")).effect == Prepare(after=0.5)


class TestDoubt:
    """What happens when nobody knows whether the request arrived."""

    def test_doubt_is_looked_up_never_sent_again_at_once(self) -> None:
        """A time-out leads to a question."""
        after = play(PREPARED, Doubtful(reason="timeout"))
        assert (after.state.phase, after.effect) == (Phase.UNCERTAIN, Lookup(after=2.0))

    def test_a_found_task_is_adopted(self) -> None:
        """The lookup brings the id home."""
        after = play(PREPARED, Doubtful(reason="reset"), NotFound(), Seen(snapshot=QUEUED))
        assert (after.state.phase, after.state.purchase.remote_id) == (Phase.SUBMITTED, "task_1")

    def test_many_404s_within_the_window_prove_nothing(self) -> None:
        """Before the settle window is over a 404 only leads to the next question."""
        after = play(PREPARED, Doubtful(reason="reset"), *[(99.0, NotFound())] * 20)
        assert isinstance(after.effect, Lookup)

    def test_one_404_after_the_window_proves_nothing_either(self) -> None:
        """Several lookups must agree."""
        after = play(PREPARED, Doubtful(reason="reset"), (500.0, NotFound()))
        assert isinstance(after.effect, Lookup)

    def test_absence_needs_a_positive_control(self) -> None:
        """When all agree, another task has to be found the same way first."""
        assert play(*LOST).effect == Control()

    def test_a_proven_loss_is_sent_once_more_with_the_same_bytes(self) -> None:
        """Same body, same id, money for both sends reserved."""
        after = play(*LOST, (100.0, ControlPassed()))
        assert (after.effect, after.state.phase, after.state.purchase.sends) == (Post(), Phase.INTENT, 2)
        assert (after.state.purchase.body, after.state.purchase.business_id) == (b"{}", "fb-1")
        assert exposure(after.state.purchase) == (0, 80_000)

    def test_hold_leaves_it_to_a_person(self) -> None:
        """``when_uncertain: hold`` never sends again."""
        after = play(*LOST, (100.0, ControlPassed()), rules=replace(RULES, resend=False))
        assert (after.state.phase, type(after.effect)) == (Phase.HELD, Leave)

    def test_a_second_loss_is_held(self) -> None:
        """Two sends are the most."""
        missing = [(300.0, NotFound())] * 3
        after = play(
            *LOST, (100.0, ControlPassed()), (100.0, Doubtful(reason="reset")), *missing, (300.0, ControlPassed())
        )
        assert after.state.phase is Phase.HELD

    def test_a_4xx_on_a_resend_closes_that_attempt_only(self) -> None:
        """The first attempt may have been taken, so the doubt goes on."""
        for refusal in (REFUSED, BROKE):
            after = play(*LOST, (100.0, ControlPassed()), (100.0, refusal))
            assert (after.state.phase, type(after.effect)) == (Phase.UNCERTAIN, Lookup)

    def test_without_a_control_the_next_run_has_to_look(self) -> None:
        """A failing control waits, then leaves the image in doubt and unsent."""
        waits = play(*LOST, (100.0, ControlFailed()))
        assert isinstance(waits.effect, Lookup)
        leaves = play(*LOST, (300.0, ControlFailed()))
        assert (leaves.state.phase, type(leaves.effect)) == (Phase.UNCERTAIN, Leave)

    @pytest.mark.parametrize("phase", [Phase.INTENT, Phase.UNCERTAIN, Phase.HELD])
    def test_at_start_up_whatever_may_have_been_sent_is_looked_up(self, phase: Phase) -> None:
        """No restart sends anything before it asked."""
        found = replace(PLANNED, phase=phase, sends=1, body=b"{}", business_id="fb-1")
        assert opening(found, at(0.0)).effect == Lookup(after=0.0)


class TestPaid:
    """What was accepted is never bought again."""

    def test_a_failed_task_is_final(self) -> None:
        """The provider's own words are kept, and nothing counts as spent."""
        after = play(PREPARED, Accepted(snapshot=QUEUED), Seen(snapshot=FAILED))
        assert after.state.purchase.failure == Failure(code="generation_failed", message="no")
        assert (after.state.phase, exposure(after.state.purchase)) == (Phase.FAILED, (0, 0))

    def test_a_completed_task_is_fetched_and_stored(self) -> None:
        """Ready, fetched, done."""
        ready = play(PREPARED, Accepted(snapshot=QUEUED), Seen(snapshot=READY))
        assert (ready.state.phase, ready.effect) == (Phase.READY, Fetch(url="https://files.example/1.png"))
        done = play(PREPARED, Accepted(snapshot=READY), Fetched(file=FILE))
        assert (done.state.phase, done.state.purchase.file) == (Phase.STORED, FILE)

    def test_completed_without_a_url_is_asked_again(self) -> None:
        """An answer without the picture is not an end."""
        after = play(PREPARED, Accepted(snapshot=TaskSnapshot(id="task_1", status="completed")))
        assert isinstance(after.effect, Poll)

    def test_poll_errors_change_nothing(self) -> None:
        """However many questions fail, the task stays submitted."""
        after = play(PREPARED, Accepted(snapshot=QUEUED), *[NoAnswer(reason="502")] * 50)
        assert (after.state.phase, after.effect) == (Phase.SUBMITTED, Poll(after=5.0))

    def test_an_id_never_changes(self) -> None:
        """An answer about another task is not taken for a new name of this one."""
        after = play(PREPARED, Accepted(snapshot=QUEUED), Seen(snapshot=replace(QUEUED, id="task_2")))
        assert (after.state.phase, after.state.purchase.remote_id) == (Phase.SUBMITTED, "task_1")

    def test_a_known_id_that_is_not_found_is_asked_for_again_then_left(self) -> None:
        """It is paid: however many 404s come, nothing is sent and the id stays."""
        again = play(PREPARED, Accepted(snapshot=QUEUED), NotFound())
        assert (again.state.phase, again.effect) == (Phase.SUBMITTED, Poll(after=5.0))
        left = play(PREPARED, Accepted(snapshot=QUEUED), *[NotFound()] * MISSING_POLLS)
        assert (left.state.phase, type(left.effect)) == (Phase.SUBMITTED, Leave)
        assert left.state.purchase.remote_id == "task_1"

    def test_what_was_ready_does_not_fail_any_more(self) -> None:
        """The image was there once, and is paid: a later word of a failure does not give it up."""
        after = play(PREPARED, Accepted(snapshot=READY), NotFetched(reason="cut"), Seen(snapshot=FAILED))
        assert (after.state.phase, type(after.effect)) == (Phase.READY, Poll)

    def test_a_long_wait_is_left_to_the_next_run(self) -> None:
        """Patience ends for this process only."""
        after = play(PREPARED, Accepted(snapshot=QUEUED), (3600.0, Seen(snapshot=QUEUED)))
        assert (after.state.phase, type(after.effect)) == (Phase.SUBMITTED, Leave)

    def test_a_file_that_does_not_come_is_asked_for_again_then_left(self) -> None:
        """Never a new POST: a fresh URL, and at last the next run."""
        again = play(PREPARED, Accepted(snapshot=READY), NotFetched(reason="cut"))
        assert isinstance(again.effect, Poll)
        tries: list[Event] = [NotFetched(reason="cut"), Seen(snapshot=READY)] * FETCH_TRIES
        left = play(PREPARED, Accepted(snapshot=READY), *tries[:-1])
        assert (left.state.phase, type(left.effect)) == (Phase.READY, Leave)
        assert left.state.purchase.unfetched

    def test_a_later_run_asks_twice_unless_the_address_is_new(self) -> None:
        """What eight tries did not bring is only looked after; a fresh address is tried as often as the first."""
        lost = replace(LOST_FILE, result_url=READY.result_url)
        once = step(opening(lost, at(0.0)).state, NotFetched(reason="404"), at(0.0), RULES)
        assert isinstance(once.effect, Poll)
        same = step(once.state, Seen(snapshot=READY), at(0.0), RULES)
        left = step(same.state, NotFetched(reason="404"), at(0.0), RULES)
        assert (left.state.phase, type(left.effect)) == (Phase.READY, Leave)
        fresh = step(
            once.state, Seen(snapshot=replace(READY, result_url="https://files.example/2.png")), at(0.0), RULES
        )
        assert not fresh.state.purchase.unfetched
        more = step(fresh.state, NotFetched(reason="404"), at(0.0), RULES)
        assert (more.state.phase, type(more.effect)) == (Phase.READY, Poll)

    @pytest.mark.parametrize(("before", "polls"), [(None, MISSING_POLLS), (Failure(code="not_fetched", message=""), 2)])
    def test_a_task_that_is_unknown_is_noted_and_later_asked_for_twice(
        self, before: Failure | None, polls: int
    ) -> None:
        """It stays paid and known to us."""
        current = opening(replace(LOST_FILE, phase=Phase.SUBMITTED, failure=before), at(0.0))
        for number in range(1, polls + 1):
            current = step(current.state, NotFound(), at(0.0), RULES)
            assert isinstance(current.effect, Leave) == (number == polls)
        assert (current.state.phase, current.state.purchase.unfetched) == (Phase.SUBMITTED, True)
        again = step(opening(current.state.purchase, at(0.0)).state, Seen(snapshot=QUEUED), at(0.0), RULES)
        assert again.state.purchase.failure is None


LOST_FILE = replace(
    PLANNED,
    phase=Phase.READY,
    sends=1,
    body=b"{}",
    business_id="fb-1",
    remote_id="task_1",
    failure=Failure(code="not_fetched", message="404; tried 8 times"),
)
"""Paid, and given up by the run before."""

EVENTS = st.sampled_from(
    [
        PREPARED, REFUSED, BROKE, NeverSent(reason="x"), TurnedAway(retry_after=None), Doubtful(reason="x"),
        Withdrawn(), NoMoney(), Accepted(snapshot=QUEUED), Accepted(snapshot=READY), Seen(snapshot=QUEUED),
        Seen(snapshot=READY), Seen(snapshot=FAILED), NotFound(), NoAnswer(reason="x"), ControlPassed(),
        ControlFailed(), Fetched(file=FILE), NotFetched(reason="x"), PrepareFailed(reason="x"),
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 400), EVENTS), max_size=40), st.booleans())
def test_no_order_of_events_breaks_the_promise(history: list[tuple[float, Event]], resend: bool) -> None:
    """Ids never change, bytes never change, no send without an intent, none beyond the second, final is final."""
    rules = replace(RULES, resend=resend)
    current = opening(PLANNED, at(0.0))
    now, doubt_from = 0.0, None
    for gap, event in history:
        now += gap
        if not possible(current.effect, event):
            continue
        before = current.state
        current = step(before, event, at(now), rules)
        doubt_from = now if isinstance(event, Doubtful) else doubt_from
        check(before, current, event, now, doubt_from)


def possible(effect: Effect, event: Event) -> bool:
    """Whether this event can follow that effect."""
    follows: dict[type, tuple[type, ...]] = {
        Prepare: (Prepared, PrepareFailed, NotPrepared),
        Post: (Accepted, RefusedBy, NeverSent, TurnedAway, Doubtful, Withdrawn, NoMoney),
        Lookup: (Seen, NotFound, NoAnswer),
        Control: (ControlPassed, ControlFailed),
        Poll: (Seen, NotFound, NoAnswer),
        Fetch: (Fetched, NotFetched),
    }
    return isinstance(event, follows.get(type(effect), ()))


def check(before: State, after: Step, event: Event, now: float, doubt_from: float | None) -> None:
    """The invariants of one step."""
    old, new = before.purchase, after.state.purchase
    assert old.phase not in FINAL
    assert old.remote_id in (None, new.remote_id)
    assert new.sends <= 2
    if old.phase is not Phase.PLANNED and new.phase is not Phase.PLANNED:
        assert (old.body, old.business_id) == (new.body, new.business_id)
    if isinstance(after.effect, Post):
        assert new.phase is Phase.INTENT
        assert new.remote_id is None
    if isinstance(event, ControlPassed) and new.phase is Phase.INTENT:
        assert doubt_from is not None
        assert now - doubt_from >= RULES.settle
    if old.remote_id is not None:
        assert not isinstance(after.effect, Post | Prepare)
