"""The submit protocol as a pure function: ``step(state, event) → (state, effect)``.

    planned → intent → submitted → ready → stored
                ↓  ↖ re-send   ↓
            uncertain → held   failed · refused

Every rule about money is here and nowhere else; whoever carries out the effects decides nothing. The new state is
committed before its effect is carried out. One effect follows each event: what to do next for this one image.

Rules that must hold whatever happens:
* the POST happens only in phase ``intent``, with the money reserved and the exact bytes stored;
* after an answer that leaves doubt nothing is sent again before lookups, over the whole settle window of this process,
  agree that the request is unknown *and* another accepted task can be found the same way (positive control);
* a refusal of a re-send closes that attempt only, for the first one may have been taken;
* an id, once known, never changes, and no poll or download outcome leads to a new POST.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.events import (
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
)  # fmt: skip
from flux_batch.run.records import NOT_FETCHED, Failure, Phase, Purchase, StoredFile, Times

LOOKUP_DELAYS: Final = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds between lookups of a request in doubt; the last one repeats."""

AGREEING_LOOKUPS: Final = 3
CONNECT_TRIES: Final = 6
FETCH_TRIES: Final = 8
MISSING_POLLS: Final = 10
LATER_TRIES: Final = 2
"""How often a run asks for an image that an earlier one could not bring home, unless its address is a new one."""

LONGEST_BACKOFF: Final = 60.0
_IN_DOUBT: Final = "it is not known whether the request arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the spec and the command line decide. Times are seconds.

    ``max_sends`` is how often one request may leave this machine in doubt; ``patience`` is how long this process
    waits for one image before leaving it to the next run (it stays paid and known).
    """

    resend: bool = True
    settle: float = 120.0
    poll_first: float = 5.0
    poll_every: float = 5.0
    max_sends: int = 2
    patience: float = 3600.0
    lookup_delays: tuple[float, ...] = LOOKUP_DELAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now: ``mono`` for waiting (monotonic seconds), ``wall`` for people (Unix seconds)."""

    mono: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A purchase with what only this process knows of it; all but ``purchase`` is forgotten when it ends.

    ``doubt_since`` is when this process first doubted; ``lookups`` and ``missing`` count questions and agreeing
    answers since then. ``throttled`` marks a request that was turned away, proven by the provider's own word.
    """

    purchase: Purchase
    doubt_since: float | None = None
    lookups: int = 0
    missing: int = 0
    throttled: bool = False
    tries: int = 0
    waiting_since: float | None = None

    @property
    def phase(self) -> Phase:
        """Where the purchase stands."""
        return self.purchase.phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The new state, to be committed first, and the effect to carry out then."""

    state: State
    effect: Effect


def opening(purchase: Purchase, now: Moment) -> Step:
    """Where to go on with a purchase as found at start-up: an intent may have been sent."""
    state = State(purchase=purchase)
    match purchase.phase:
        case Phase.PLANNED:
            return Step(state=state, effect=Prepare())
        case Phase.INTENT:
            return _doubt(state, now, first=0.0)
        case Phase.UNCERTAIN | Phase.HELD:
            return Step(state=replace(state, doubt_since=now.mono), effect=Lookup(after=0.0))
        case Phase.SUBMITTED:
            return Step(state=replace(state, waiting_since=now.mono), effect=Poll(after=0.0))
        case Phase.READY:
            return Step(state=replace(state, waiting_since=now.mono), effect=_fetch_or_poll(purchase))
        case _:
            return Step(state=state, effect=Done())


def step(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """One rule of the protocol; raises ValueError for an event that cannot happen in this phase."""
    found = _RULES.get(state.phase, _final)(state, event, now, rules)
    if found is None:
        raise ValueError(f"{type(event).__name__} cannot happen in phase {state.phase}")
    return found


def _planned(state: State, event: Event, now: Moment, _: Rules) -> Step | None:
    match event:
        case Prepared(body=body, business_id=business_id):
            times = replace(state.purchase.times, intent=now.wall)
            intent = _with(state, phase=Phase.INTENT, sends=1, body=body, business_id=business_id, times=times)
            return _to(replace(intent, tries=0), Post(queue=False))
        case NotPrepared(failure=failure):
            return _to(_with(state, phase=Phase.REFUSED, failure=failure), Done())
        case PrepareFailed(reason=reason, lasting=True):
            return _to(state, Leave(reason=reason))
        case PrepareFailed(reason=reason):
            tries = state.tries + 1
            effect = Prepare(after=_backoff(tries)) if tries < CONNECT_TRIES else Leave(reason=reason, stop=True)
            return _to(replace(state, tries=tries), effect)
    return None


def _intent(state: State, event: Event, now: Moment, rules: Rules) -> Step | None:
    match event:
        case Accepted(snapshot=snapshot) | Seen(snapshot=snapshot):
            return _adopt(state, snapshot, now, rules)
        case RefusedBy():
            return _refused(state, event, now, rules)
        case NeverSent(reason=reason):
            return _never_sent(state, reason, now)
        case Withdrawn():
            return _to(_take_back(state, now), Leave(reason="stopped before it was sent"))
        case Doubtful():
            return _doubt(state, now, first=rules.lookup_delays[0])
        case TurnedAway(retry_after=pause):
            wait = _backoff(state.tries + 1) if pause is None else pause
            return _to(replace(state, throttled=True, tries=state.tries + 1), Lookup(after=wait))
        case NotFound() if state.throttled:
            return _to(replace(state, throttled=False), Post())
        case NoAnswer() if state.throttled:
            return _to(replace(state, tries=state.tries + 1), Lookup(after=_backoff(state.tries + 1)))
        case NoMoney():
            return _no_money(state)
    return None


def _in_doubt(state: State, event: Event, now: Moment, rules: Rules) -> Step | None:
    match event:
        case Seen(snapshot=snapshot):
            return _adopt(state, snapshot, now, rules)
        case NotFound():
            return _missing(state, now, rules)
        case NoAnswer():
            return _look_again(state, now, rules)
        case ControlPassed():
            return _resend_or_hold(state, rules)
        case ControlFailed():
            return _unproven(state, now, rules)
    return None


def _paid(state: State, event: Event, now: Moment, rules: Rules) -> Step | None:
    match event:
        case Seen(snapshot=snapshot):
            return _progress(state, snapshot, now, rules)
        case NotFound():
            return _vanished(state, now, rules)
        case NoAnswer():
            return _poll_later(state, now, rules)
        case Fetched(file=file) if state.phase is Phase.READY:
            return _stored(state, file, now)
        case NotFetched(reason=reason) if state.phase is Phase.READY:
            return _not_fetched(state, reason)
    return None


def _final(_state: State, _event: Event, _now: Moment, _rules: Rules) -> None:
    """A final phase: nothing happens any more."""


_RULES: Final[Mapping[Phase, Callable[[State, Event, Moment, Rules], Step | None]]] = {
    Phase.PLANNED: _planned,
    Phase.INTENT: _intent,
    Phase.UNCERTAIN: _in_doubt,
    Phase.HELD: _in_doubt,
    Phase.SUBMITTED: _paid,
    Phase.READY: _paid,
}


def _no_money(state: State) -> Step:
    """The send was not reserved, so it did not happen: back to before it."""
    reason = "the budget has no room for it"
    if state.purchase.sends <= 1:
        return _to(
            _with(state, phase=Phase.PLANNED, sends=0, body=None, business_id=None), Leave(reason=reason, stop=True)
        )
    # A later run with more room decides by itself; a held one would wait for a person.
    return _to(_with(state, phase=Phase.UNCERTAIN, sends=state.purchase.sends - 1), Leave(reason=reason))


def _refused(state: State, event: RefusedBy, now: Moment, rules: Rules) -> Step:
    """Final for a first attempt; for a later one only that attempt is closed, the first may have been taken."""
    if state.purchase.sends > 1:
        return _doubt(state, now, first=rules.lookup_delays[0])
    if event.account:
        return _to(_unsent(state), Leave(reason=event.failure.message, stop=True))
    return _to(_with(state, phase=Phase.REFUSED, failure=event.failure), Done())


def _never_sent(state: State, reason: str, now: Moment) -> Step:
    """The same attempt again, after a pause; a network that stays away ends this process's work."""
    tries = state.tries + 1
    if tries < CONNECT_TRIES:
        return _to(replace(state, tries=tries), Post(after=_backoff(tries)))
    return _to(_take_back(state, now), Leave(reason=reason, stop=True))


def _take_back(state: State, now: Moment) -> State:
    """The send proved not to have happened: back to before it, where an earlier one may still be in doubt."""
    if state.purchase.sends > 1:
        closed = _with(state, phase=Phase.UNCERTAIN, sends=state.purchase.sends - 1)
        return replace(closed, doubt_since=now.mono)
    return _unsent(state)


def _unsent(state: State) -> State:
    """Back to before the intent: nothing was bought and nothing stays reserved."""
    return _with(state, phase=Phase.PLANNED, sends=0, body=None, business_id=None)


def _doubt(state: State, now: Moment, *, first: float) -> Step:
    doubtful = replace(state, doubt_since=now.mono, lookups=0, missing=0, throttled=False)
    return _to(_with(doubtful, phase=Phase.UNCERTAIN), Lookup(after=first))


def _missing(state: State, now: Moment, rules: Rules) -> Step:
    """A 404 is never proof by itself: the settle window must have passed and several lookups agree."""
    state = replace(state, missing=state.missing + 1)
    if state.phase is Phase.HELD:
        return _to(state, Leave(reason=f"held: {_IN_DOUBT}"))
    settled = _since(state.doubt_since, now) >= rules.settle
    if settled and state.missing >= AGREEING_LOOKUPS:
        return _to(state, Control())
    return _look_again(state, now, rules)


def _look_again(state: State, now: Moment, rules: Rules) -> Step:
    if state.phase is Phase.HELD or _since(state.doubt_since, now) >= rules.patience:
        return _to(state, Leave(reason=f"{state.phase}: {_IN_DOUBT}"))
    delay = rules.lookup_delays[min(state.lookups, len(rules.lookup_delays) - 1)]
    return _to(replace(state, lookups=state.lookups + 1), Lookup(after=delay))


def _resend_or_hold(state: State, rules: Rules) -> Step:
    """The request is proven absent: send the same bytes once more, or leave it to a person."""
    if rules.resend and state.purchase.sends < rules.max_sends:
        again = _with(state, phase=Phase.INTENT, sends=state.purchase.sends + 1)
        return _to(replace(again, doubt_since=None, lookups=0, missing=0, tries=0), Post())
    return _to(_with(state, phase=Phase.HELD), Leave(reason=f"held: {_IN_DOUBT}"))


def _unproven(state: State, now: Moment, rules: Rules) -> Step:
    """Without a positive control a 404 proves nothing; after a while the next run has to look."""
    if _since(state.doubt_since, now) >= 2 * rules.settle + rules.lookup_delays[0]:
        return _to(state, Leave(reason="uncertain: no task accepted at that time can be found to compare with"))
    return _look_again(state, now, rules)


def _adopt(state: State, snapshot: TaskSnapshot, now: Moment, rules: Rules) -> Step:
    """The provider has the task: from now on there is nothing left to buy."""
    times = replace(state.purchase.times, submitted=_later(state.purchase.times, now))
    known = _with(state, phase=Phase.SUBMITTED, remote_id=snapshot.id, times=times)
    known = replace(known, doubt_since=None, throttled=False, tries=0, waiting_since=now.mono)
    if snapshot.completed or snapshot.failed:
        return _progress(known, snapshot, now, rules)
    return _to(known, Poll(after=rules.poll_first))


def _progress(state: State, snapshot: TaskSnapshot, now: Moment, rules: Rules) -> Step:
    if snapshot.failed and state.phase is Phase.SUBMITTED:
        failure = Failure(code=snapshot.error_code or "failed", message=snapshot.error_message or "no reason given")
        return _to(_with(state, phase=Phase.FAILED, failure=failure), Done())
    if snapshot.completed and snapshot.result_url:
        return _to(_ready(state, snapshot, now), Fetch(url=snapshot.result_url))
    found = _with(state, failure=None) if state.phase is Phase.SUBMITTED else state
    return _poll_later(found, now, rules)


def _ready(state: State, snapshot: TaskSnapshot, now: Moment) -> State:
    """The image can be fetched; a new address is a new chance."""
    purchase, url = state.purchase, snapshot.result_url
    return _with(
        state,
        phase=Phase.READY,
        result_url=url,
        expires_at=snapshot.expires_at,
        failure=purchase.failure if url == purchase.result_url else None,
        times=replace(purchase.times, ready=purchase.times.ready or _later(purchase.times, now)),
    )


def _poll_later(state: State, now: Moment, rules: Rules) -> Step:
    """However long it takes, a task that was accepted is never given up: only this process's patience ends."""
    if _since(state.waiting_since, now) >= rules.patience:
        return _to(state, Leave(reason="still in progress at the provider"))
    return _to(state, Poll(after=rules.poll_every))


def _vanished(state: State, now: Moment, rules: Rules) -> Step:
    """A known id that the API does not know now: keep asking, then leave it to a later run. It is paid."""
    state = replace(state, missing=state.missing + 1)
    if state.missing >= _tries(state.purchase, MISSING_POLLS):
        reason = f"the provider does not know task {state.purchase.remote_id} now"
        kept = _unfetched(state, f"{reason}; asked {state.missing} times in the last run")
        return _to(kept, Leave(reason=f"paid, but {reason}"))
    return _poll_later(state, now, rules)


def _stored(state: State, file: StoredFile, now: Moment) -> Step:
    times = replace(state.purchase.times, stored=_later(state.purchase.times, now))
    return _to(_with(state, phase=Phase.STORED, file=file, failure=None, times=times), Done())


def _not_fetched(state: State, reason: str) -> Step:
    """Ask for a fresh URL and try again; the image is paid, so nothing is ever bought in its place."""
    tries = state.tries + 1
    if tries >= _tries(state.purchase, FETCH_TRIES):
        kept = _unfetched(state, f"{reason}; tried {tries} times in the last run, each at the address given then")
        return _to(kept, Leave(reason=f"paid, but not fetched: {reason}"))
    return _to(replace(state, tries=tries), Poll(after=min(_backoff(tries), 10.0)))


def _unfetched(state: State, message: str) -> State:
    """Noted for people and for later runs; the purchase stays what it is, paid and known."""
    return _with(state, failure=Failure(code=NOT_FETCHED, message=message))


def _tries(purchase: Purchase, most: int) -> int:
    """How often to ask: all is tried once, and later runs only look whether it has come back."""
    return min(most, LATER_TRIES) if purchase.unfetched else most


def _fetch_or_poll(purchase: Purchase) -> Effect:
    return Fetch(url=purchase.result_url) if purchase.result_url else Poll(after=0.0)


def _since(start: float | None, now: Moment) -> float:
    return 0.0 if start is None else now.mono - start


def _later(times: Times, now: Moment) -> float:
    """Unix seconds: now, but never before what happened to it already; a wall clock may have been set back."""
    return max(now.wall, times.intent or 0.0, times.submitted or 0.0, times.ready or 0.0)


def _backoff(tries: int) -> float:
    """Seconds: 0.5, 1, 2, 4 … 60."""
    return float(min(LONGEST_BACKOFF, 0.5 * 2 ** max(0, tries - 1)))


def _with(state: State, **changes: object) -> State:
    return replace(state, purchase=replace(state.purchase, **changes))  # type: ignore[arg-type]


def _to(state: State, effect: Effect) -> Step:
    return Step(state=state, effect=effect)
