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
from dataclasses import replace
from typing import Final

from flux_batch.run.protocol.doubt import AGREEING_LOOKUPS, doubt, in_doubt
from flux_batch.run.protocol.events import Done, Event, Lookup, Poll, Prepare
from flux_batch.run.protocol.paid import FETCH_TRIES, LATER_TRIES, MISSING_POLLS, fetch_or_poll, paid
from flux_batch.run.protocol.sending import CONNECT_TRIES, intent, planned
from flux_batch.run.protocol.steps import LOOKUP_DELAYS, Moment, Rules, State, Step
from flux_batch.run.records import Phase, Purchase

__all__ = [
    "AGREEING_LOOKUPS",
    "CONNECT_TRIES",
    "FETCH_TRIES",
    "LATER_TRIES",
    "LOOKUP_DELAYS",
    "MISSING_POLLS",
    "Moment",
    "Rules",
    "State",
    "Step",
    "opening",
    "step",
]


def opening(purchase: Purchase, now: Moment) -> Step:
    """Where to go on with a purchase as found at start-up: an intent may have been sent."""
    state = State(purchase=purchase)
    match purchase.phase:
        case Phase.PLANNED:
            return Step(state=state, effect=Prepare())
        case Phase.INTENT:
            return doubt(state, now, first=0.0)
        case Phase.UNCERTAIN | Phase.HELD:
            return Step(state=replace(state, doubt_since=now.mono), effect=Lookup(after=0.0))
        case Phase.SUBMITTED:
            return Step(state=replace(state, waiting_since=now.mono), effect=Poll(after=0.0))
        case Phase.READY:
            return Step(state=replace(state, waiting_since=now.mono), effect=fetch_or_poll(purchase))
        case _:
            return Step(state=state, effect=Done())


def step(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """One rule of the protocol; raises ValueError for an event that cannot happen in this phase."""
    found = _RULES.get(state.phase, _final)(state, event, now, rules)
    if found is None:
        raise ValueError(f"{type(event).__name__} cannot happen in phase {state.phase}")
    return found


def _final(_state: State, _event: Event, _now: Moment, _rules: Rules) -> None:
    """A final phase: nothing happens any more."""


_RULES: Final[Mapping[Phase, Callable[[State, Event, Moment, Rules], Step | None]]] = {
    Phase.PLANNED: planned,
    Phase.INTENT: intent,
    Phase.UNCERTAIN: in_doubt,
    Phase.HELD: in_doubt,
    Phase.SUBMITTED: paid,
    Phase.READY: paid,
}
