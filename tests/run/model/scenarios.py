"""The providers the protocol is held against, and unsafe protocols that the checker must see through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flux_batch.run.protocol.events import (
    ControlFailed,
    ControlPassed,
    Done,
    Doubtful,
    Event,
    NotFound,
    Post,
    RefusedBy,
)
from flux_batch.run.protocol.machine import Moment, Rules, State, Step, step
from flux_batch.run.records import Phase

from .client import RULES, SETTLE, Stepper
from .world import Scenario

_THREE: Final = replace(RULES, max_sends=3)
_HOLD: Final = replace(RULES, resend=False)

SAFE: Final = (
    Scenario(name="every POST at once, every task visible"),
    Scenario(name="late 1, lag 2", late=1, lag=2),
    Scenario(name="late 2, lag 1", late=2, lag=1),
    Scenario(name="late 2", late=2),
    Scenario(name="lag 3", lag=SETTLE),
    Scenario(name="late 2, lag 1, three sends", late=2, lag=1, rules=_THREE),
    Scenario(name="late 2, lag 1, hold", late=2, lag=1, rules=_HOLD),
    Scenario(name="late 3, lag 3, hold", late=SETTLE, lag=SETTLE, rules=_HOLD),
    Scenario(name="late 2, lag 1, index dead", late=2, lag=1, index="dead"),
    Scenario(name="late 3, lag 3, index dead", late=SETTLE, lag=SETTLE, index="dead", rules=_THREE),
    Scenario(name="late 3, lag 3, duplicates rejected", late=SETTLE, lag=SETTLE, duplicates="rejected"),
    Scenario(name="late 3, lag 3, duplicates replayed", late=SETTLE, lag=SETTLE, duplicates="replayed"),
    Scenario(name="index flaps, duplicates rejected", late=2, lag=2, duplicates="rejected", index="flaps", slow=1),
    Scenario(name="index flaps, duplicates replayed", late=2, lag=2, duplicates="replayed", index="flaps", slow=1),
    Scenario(name="late 2, lag 1, index blinks", late=2, lag=1, index="blinks"),
    Scenario(name="late 2, lag 1, slow 1", late=2, lag=1, slow=1),
    Scenario(name="late 2, lag 1, forgotten after 2", late=2, lag=1, keeps=2),
    Scenario(name="late 2, lag 1, slow 1, forgotten after 5", late=2, lag=1, slow=1, keeps=SETTLE + 2),
    Scenario(name="late 2, index flaps, forgotten, rejected", late=2, index="flaps", keeps=2, duplicates="rejected"),
)
"""Nothing may go wrong: the settle window outlasts what is hidden, or duplicates are not billed, or none is sent."""

HIDDEN: Final = (
    Scenario(name="late 2, lag 2", late=2, lag=2),
    Scenario(name="late 1, lag 3", late=1, lag=SETTLE),
    Scenario(name="late 3", late=SETTLE),
    Scenario(name="lag 4", lag=SETTLE + 1),
)
"""A task hidden for as long as the settle window or longer: billed twice, as the design says; the checker sees it."""

GAPS: Final = (
    Scenario(name="late 2, lag 1, slow 1, asked once", late=2, lag=1, slow=1, rechecks=False),
    Scenario(name="late 2, lag 1, index blinks, asked once", late=2, lag=1, index="blinks", rechecks=False),
)
"""Limits of a control that does not ask again: a 404 older than the window, an index that is back for the control."""

FORGETFUL: Final = (
    Scenario(name="forgotten after 5, only the newest asked for", keeps=SETTLE + 2, witnesses="newest"),
    Scenario(name="forgotten at random after 5", keeps=SETTLE + 2, forgets="at random"),
)
"""A control that asks only for what was accepted last, and a provider whose other tasks say nothing of this one."""


def retry_on_timeout(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """Unsafe: what brought no clear answer is sent again."""
    if isinstance(event, Doubtful) and state.purchase.sends < rules.max_sends:
        return _send_again(state)
    return step(state, event, now, rules)


def repost_on_first_404(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """Unsafe: one 404 counts as proof."""
    if isinstance(event, NotFound) and state.phase is Phase.UNCERTAIN and state.purchase.sends < rules.max_sends:
        return _send_again(state)
    return step(state, event, now, rules)


def refusal_is_final(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """Unsafe: a 4xx on a re-send closes the image."""
    if isinstance(event, RefusedBy) and not event.account:
        refused = replace(state.purchase, phase=Phase.REFUSED, failure=event.failure)
        return Step(state=replace(state, purchase=refused), effect=Done())
    return step(state, event, now, rules)


def no_control(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """Unsafe: lookups that find nothing at all are believed."""
    return step(state, ControlPassed() if isinstance(event, ControlFailed) else event, now, rules)


def _send_again(state: State) -> Step:
    again = replace(state.purchase, phase=Phase.INTENT, sends=state.purchase.sends + 1)
    return Step(state=State(purchase=again), effect=Post())


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsafe:
    """A protocol that must be caught: with what, and how its trace ends."""

    name: str
    stepper: Stepper
    scenario: Scenario
    what: str
    last: str


UNSAFE: Final = (
    Unsafe(
        name="retry on timeout",
        stepper=retry_on_timeout,
        scenario=SAFE[0],
        what="double bill",
        last="POST: taken",
    ),
    Unsafe(
        name="re-POST on the first 404",
        stepper=repost_on_first_404,
        scenario=SAFE[2],
        what="double bill",
        last="POST: taken",
    ),
    Unsafe(
        name="4xx on a re-send is final",
        stepper=refusal_is_final,
        scenario=SAFE[10],
        what="lost image",
        last="POST: refused",
    ),
    Unsafe(
        name="no positive control",
        stepper=no_control,
        scenario=SAFE[8],
        what="double bill",
        last="POST: taken",
    ),
)

ADMITTED: Final = (*HIDDEN, *GAPS, *FORGETFUL)
"""What the promise leaves out, and the checker must see."""
