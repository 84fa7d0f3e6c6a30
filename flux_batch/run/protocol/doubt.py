"""After an answer that leaves doubt: lookups, the positive control, and then one more send, or a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flux_batch.run.protocol.events import (
    Control,
    ControlFailed,
    ControlPassed,
    Event,
    Leave,
    Lookup,
    NoAnswer,
    NotFound,
    Post,
    Seen,
)  # fmt: skip
from flux_batch.run.protocol.paid import adopt
from flux_batch.run.protocol.steps import Moment, Rules, State, Step, moved, since, to
from flux_batch.run.records import Phase

AGREEING_LOOKUPS: Final = 3
_IN_DOUBT: Final = "it is not known whether the request arrived"


def doubt(state: State, now: Moment, *, first: float) -> Step:
    """From now on it is not known whether the request was taken; ask in ``first`` seconds."""
    doubtful = replace(state, doubt_since=now.mono, lookups=0, missing=0, throttled=False)
    return to(moved(doubtful, phase=Phase.UNCERTAIN), Lookup(after=first))


def in_doubt(state: State, event: Event, now: Moment, rules: Rules) -> Step | None:
    """What an answer means for a request that may have been taken."""
    match event:
        case Seen(snapshot=snapshot):
            return adopt(state, snapshot, now, rules)
        case NotFound():
            return _missing(state, now, rules)
        case NoAnswer():
            return _look_again(state, now, rules)
        case ControlPassed():
            return _resend_or_hold(state, rules)
        case ControlFailed():
            return _unproven(state, now, rules)
    return None


def _missing(state: State, now: Moment, rules: Rules) -> Step:
    """A 404 is never proof by itself: the settle window must have passed and several lookups agree."""
    state = replace(state, missing=state.missing + 1)
    if state.phase is Phase.HELD:
        return to(state, Leave(reason=f"held: {_IN_DOUBT}"))
    settled = since(state.doubt_since, now) >= rules.settle
    if settled and state.missing >= AGREEING_LOOKUPS:
        return to(state, Control())
    return _look_again(state, now, rules)


def _look_again(state: State, now: Moment, rules: Rules) -> Step:
    if state.phase is Phase.HELD or since(state.doubt_since, now) >= rules.patience:
        return to(state, Leave(reason=f"{state.phase}: {_IN_DOUBT}"))
    delay = rules.lookup_delays[min(state.lookups, len(rules.lookup_delays) - 1)]
    return to(replace(state, lookups=state.lookups + 1), Lookup(after=delay))


def _resend_or_hold(state: State, rules: Rules) -> Step:
    """The request is proven absent: send the same bytes once more, or leave it to a person."""
    if rules.resend and state.purchase.sends < rules.max_sends:
        again = moved(state, phase=Phase.INTENT, sends=state.purchase.sends + 1)
        return to(replace(again, doubt_since=None, lookups=0, missing=0, tries=0), Post())
    return to(moved(state, phase=Phase.HELD), Leave(reason=f"held: {_IN_DOUBT}"))


def _unproven(state: State, now: Moment, rules: Rules) -> Step:
    """Without a positive control a 404 proves nothing; after a while the next run has to look."""
    if since(state.doubt_since, now) >= 2 * rules.settle + rules.lookup_delays[0]:
        return to(state, Leave(reason="uncertain: no task accepted at that time can be found to compare with"))
    return _look_again(state, now, rules)
