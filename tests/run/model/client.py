"""The real protocol as a finite automaton: its own functions, with every state they lead to numbered.

Finite because of two things that change no decision: moments are kept as ages (now is always second 0) cut off where
the rules stop telling them apart, and so are counters. Delays are dropped: an effect may be carried out at any time.
One unit of time is all the patience there is for a paid task, for nothing but a restart comes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from flux_batch.run.protocol import machine as protocol
from flux_batch.run.protocol.events import Effect, Event
from flux_batch.run.protocol.machine import AGREEING_LOOKUPS, FETCH_TRIES, MISSING_POLLS, Moment, Rules, State, Step
from flux_batch.run.records import Phase, Purchase

SETTLE: Final = 3
"""The settle window in units of the model's time."""

PATIENCE: Final = 2 * SETTLE + 2
RULES: Final = Rules(settle=SETTLE, patience=PATIENCE, lookup_delays=(1.0,), poll_first=1.0, poll_every=1.0)
PRICE: Final = Decimal("0.04")
PURCHASE: Final = Purchase(key="k", price=PRICE)
NOW: Final = Moment(mono=0.0, wall=0.0)

Stepper = Callable[[State, Event, Moment, Rules], Step]


@dataclass(frozen=True, slots=True)
class Node:
    """One state of the client with the sort of effect that follows."""

    state: State
    effect: type[Effect]


class Client:
    """Numbers the nodes and remembers where each event leads from them."""

    def __init__(self, rules: Rules = RULES, stepper: Stepper = protocol.step) -> None:
        self.rules = rules
        self.stepper = stepper
        self.nodes: list[Node] = []
        self._numbers: dict[Node, int] = {}
        self._fed: dict[tuple[int, Event], int] = {}
        self._aged: dict[int, int] = {}
        self._opened: dict[int, int] = {}
        self.start = self._number(protocol.opening(PURCHASE, NOW))

    def feed(self, number: int, event: Event) -> int:
        """Where an event leads; raises ValueError where the protocol has no rule for it."""
        found = self._fed.get((number, event))
        if found is None:
            found = self._number(self.stepper(self.nodes[number].state, event, NOW, self.rules))
            self._fed[number, event] = found
        return found

    def reopen(self, number: int) -> int:
        """What the next process makes of the purchase as it was committed last."""
        found = self._opened.get(number)
        if found is None:
            found = self._number(protocol.opening(self.nodes[number].state.purchase, NOW))
            self._opened[number] = found
        return found

    def age(self, number: int) -> int:
        """The same node one unit of time later."""
        found = self._aged.get(number)
        if found is None:
            node = self.nodes[number]
            waiting = None if node.state.waiting_since is None else -float(PATIENCE)
            older = replace(node.state, doubt_since=_older(node.state.doubt_since), waiting_since=waiting)
            found = self._intern(Node(older, node.effect))
            self._aged[number] = found
        return found

    def _number(self, after: Step) -> int:
        return self._intern(Node(_canonical(after.state), type(after.effect)))

    def _intern(self, node: Node) -> int:
        number = self._numbers.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number


def _older(since: float | None) -> float | None:
    return None if since is None else max(since - 1, -float(PATIENCE))


def _canonical(state: State) -> State:
    """Counters cut off where no rule compares them any more."""
    in_doubt = state.phase in (Phase.INTENT, Phase.UNCERTAIN, Phase.HELD)
    return replace(
        state,
        lookups=0,
        missing=min(state.missing, AGREEING_LOOKUPS if in_doubt else MISSING_POLLS),
        tries=min(state.tries, FETCH_TRIES),
    )
