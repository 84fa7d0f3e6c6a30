"""Breadth first through every world there is, and what must hold in each: a violation comes with its shortest trace."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from flux_batch.run.protocol import machine as protocol
from flux_batch.run.protocol.events import Done, Post
from flux_batch.run.protocol.machine import State
from flux_batch.run.records import Phase
from flux_batch.run.store.rows import FINAL, exposure, micros

from .client import PRICE, Client, Node, Stepper
from .world import Environment, Scenario, World

_PRICE = micros(PRICE)
_FORGOTTEN = frozenset({Phase.PLANNED, Phase.REFUSED, Phase.FAILED, Phase.SKIPPED})


@dataclass(frozen=True, slots=True)
class Violation:
    """What is broken, and the moves that lead there."""

    what: str
    trace: tuple[str, ...]

    def __str__(self) -> str:
        """For people."""
        steps = "\n".join(f"  {number:2}. {label}" for number, label in enumerate(self.trace, start=1))
        return f"{self.what}:\n{steps}"


@dataclass(slots=True)
class Exploration:
    """How much there was to see, and the first violation of each sort."""

    states: int = 0
    transitions: int = 0
    violations: dict[str, Violation] = field(default_factory=dict)


class Checker:
    """One exploration of one scenario with one protocol."""

    def __init__(self, scenario: Scenario, stepper: Stepper = protocol.step) -> None:
        self.scenario = scenario
        self.client = Client(scenario.rules, stepper)
        self.environment = Environment(self.client, scenario)
        self.found = Exploration()
        self._from: dict[World, tuple[World, str] | None] = {}
        self._before: dict[World, list[World]] = {}

    def explore(self) -> Exploration:
        """Visit every world that can be reached; nothing is explored beyond a violation."""
        start = self.environment.start()
        self._from[start] = None
        waiting = deque([start])
        while waiting:
            world = waiting.popleft()
            try:
                waiting.extend(self._visit(world))
            except ValueError as error:
                self._report(str(error), self._trace(world))
        self.found.states = len(self._from)
        if self.scenario.index != "dead":
            self._check_ends()
        return self.found

    def _visit(self, world: World) -> Iterator[World]:
        """Take every move from here and yield the worlds that are new and sound."""
        for label, after in self.environment.moves(world):
            self.found.transitions += 1
            self._before.setdefault(after, []).append(world)
            broken = self._broken(world, after, label)
            if broken:
                self._report(broken, (*self._trace(world), label))
            elif after not in self._from:
                self._from[after] = (world, label)
                yield after

    def _broken(self, before: World, after: World, label: str) -> str | None:
        old, new = self.client.nodes[before.client], self.client.nodes[after.client]
        return self._broken_world(after, new) or _broken_step(old, new, label)

    def _broken_world(self, world: World, node: Node) -> str | None:
        bills = len(world.billed)
        if bills > 1:
            return "double bill"
        if bills and node.state.phase in _FORGOTTEN:
            return "lost image"
        if sum(exposure(node.state.purchase)) < bills * _PRICE:
            return "money not accounted for"
        if node.state.phase is Phase.PLANNED and world.flying:
            return "forgotten while a POST is on its way"
        return None

    def _check_ends(self) -> None:
        """From every world in which something is paid some continuation brings it home.

        Except where the provider has forgotten it: nobody can find it there, and it stays in doubt for a person.
        """
        ends = [world for world in self._from if self.client.nodes[world.client].state.phase in FINAL]
        home, waiting = set(ends), deque(ends)
        while waiting:
            for before in self._before.get(waiting.popleft(), ()):
                if before not in home:
                    home.add(before)
                    waiting.append(before)
        for world in self._from:
            if world.billed and world not in home and not any(job.forgotten for job in world.jobs):
                self._report("paid, and never brought home", self._trace(world))

    def _report(self, what: str, trace: tuple[str, ...]) -> None:
        self.found.violations.setdefault(what, Violation(what, trace))

    def _trace(self, world: World) -> tuple[str, ...]:
        labels: list[str] = []
        step = self._from[world]
        while step is not None:
            world, label = step
            labels.append(label)
            step = self._from[world]
        return tuple(reversed(labels))


def _broken_step(old: Node, new: Node, label: str) -> str | None:
    """What no single step may do."""
    if label.startswith("POST") and old.state.phase is not Phase.INTENT:
        return "POST outside of an intent"
    if new.effect is Post and (new.state.phase is not Phase.INTENT or not new.state.purchase.body):
        return "POST outside of an intent"
    if (new.effect is Done) != (new.state.phase in FINAL):
        return "stuck"
    if _rewritten(old.state, new.state):
        return "request changed within a generation"
    return None


def _rewritten(old: State, new: State) -> bool:
    if Phase.PLANNED in (old.phase, new.phase):
        return False
    before, after = old.purchase, new.purchase
    kept = (before.body, before.business_id, before.generation) == (after.body, after.business_id, after.generation)
    return not kept or before.remote_id not in (None, after.remote_id)


def check(scenario: Scenario, stepper: Stepper = protocol.step) -> Exploration:
    """Explore one scenario."""
    return Checker(scenario, stepper).explore()
