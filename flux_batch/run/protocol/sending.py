"""Before an answer to the request: it is prepared, it leaves once, and what is proven unsent is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flux_batch.run.protocol.doubt import doubt
from flux_batch.run.protocol.events import (
    Accepted,
    Done,
    Doubtful,
    Event,
    Leave,
    Lookup,
    NeverSent,
    NoAnswer,
    NoMoney,
    NotFound,
    NotPrepared,
    Post,
    Prepare,
    Prepared,
    PrepareFailed,
    RefusedBy,
    Seen,
    TurnedAway,
    Withdrawn,
)  # fmt: skip
from flux_batch.run.protocol.paid import adopt
from flux_batch.run.protocol.steps import Moment, Rules, State, Step, backoff, moved, to
from flux_batch.run.records import Phase

CONNECT_TRIES: Final = 6


def planned(state: State, event: Event, now: Moment, _: Rules) -> Step | None:
    """What comes of making the request."""
    match event:
        case Prepared(body=body, business_id=business_id):
            times = replace(state.purchase.times, intent=now.wall)
            begun = moved(state, phase=Phase.INTENT, sends=1, body=body, business_id=business_id, times=times)
            return to(replace(begun, tries=0), Post(queue=False))
        case NotPrepared(failure=failure):
            return to(moved(state, phase=Phase.REFUSED, failure=failure), Done())
        case PrepareFailed(reason=reason, lasting=True):
            return to(state, Leave(reason=reason))
        case PrepareFailed(reason=reason):
            tries = state.tries + 1
            effect = Prepare(after=backoff(tries)) if tries < CONNECT_TRIES else Leave(reason=reason, stop=True)
            return to(replace(state, tries=tries), effect)
    return None


def intent(state: State, event: Event, now: Moment, rules: Rules) -> Step | None:
    """What an answer means for a request that is about to leave, or has just left."""
    match event:
        case Accepted(snapshot=snapshot) | Seen(snapshot=snapshot):
            return adopt(state, snapshot, now, rules)
        case RefusedBy():
            return _refused(state, event, now, rules)
        case NeverSent(reason=reason):
            return _never_sent(state, reason, now)
        case Withdrawn():
            return to(_take_back(state, now), Leave(reason="stopped before it was sent"))
        case Doubtful():
            return doubt(state, now, first=rules.lookup_delays[0])
        case TurnedAway(retry_after=pause):
            wait = backoff(state.tries + 1) if pause is None else pause
            return to(replace(state, throttled=True, tries=state.tries + 1), Lookup(after=wait))
        case NotFound() if state.throttled:
            return to(replace(state, throttled=False), Post())
        case NoAnswer() if state.throttled:
            return to(replace(state, tries=state.tries + 1), Lookup(after=backoff(state.tries + 1)))
        case NoMoney():
            return _no_money(state)
    return None


def _no_money(state: State) -> Step:
    """The send was not reserved, so it did not happen: back to before it."""
    reason = "the budget has no room for it"
    if state.purchase.sends <= 1:
        return to(
            moved(state, phase=Phase.PLANNED, sends=0, body=None, business_id=None), Leave(reason=reason, stop=True)
        )
    # A later run with more room decides by itself; a held one would wait for a person.
    return to(moved(state, phase=Phase.UNCERTAIN, sends=state.purchase.sends - 1), Leave(reason=reason))


def _refused(state: State, event: RefusedBy, now: Moment, rules: Rules) -> Step:
    """Final for a first attempt; for a later one only that attempt is closed, the first may have been taken."""
    if state.purchase.sends > 1:
        return doubt(state, now, first=rules.lookup_delays[0])
    if event.account:
        return to(_unsent(state), Leave(reason=event.failure.message, stop=True))
    return to(moved(state, phase=Phase.REFUSED, failure=event.failure), Done())


def _never_sent(state: State, reason: str, now: Moment) -> Step:
    """The same attempt again, after a pause; a network that stays away ends this process's work."""
    tries = state.tries + 1
    if tries < CONNECT_TRIES:
        return to(replace(state, tries=tries), Post(after=backoff(tries)))
    return to(_take_back(state, now), Leave(reason=reason, stop=True))


def _take_back(state: State, now: Moment) -> State:
    """The send proved not to have happened: back to before it, where an earlier one may still be in doubt."""
    if state.purchase.sends > 1:
        closed = moved(state, phase=Phase.UNCERTAIN, sends=state.purchase.sends - 1)
        return replace(closed, doubt_since=now.mono)
    return _unsent(state)


def _unsent(state: State) -> State:
    """Back to before the intent: nothing was bought and nothing stays reserved."""
    return moved(state, phase=Phase.PLANNED, sends=0, body=None, business_id=None)
