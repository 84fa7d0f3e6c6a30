"""What a step of the protocol is made of: the rules, the moment, the state before, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flux_batch.run.pace.schedule import Polls
from flux_batch.run.protocol.events import Effect
from flux_batch.run.records import Phase, Purchase, Times

LOOKUP_DELAYS: Final = (2.0, 5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds between lookups of a request in doubt; the last one repeats."""

LONGEST_BACKOFF: Final = 60.0


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
    poll_times: tuple[float, ...] = ()
    max_sends: int = 2
    patience: float = 3600.0
    lookup_delays: tuple[float, ...] = LOOKUP_DELAYS

    @property
    def polls(self) -> Polls:
        """When to ask about a task that the provider has."""
        return Polls(first=self.poll_first, every=self.poll_every, times=self.poll_times)


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


def moved(state: State, **changes: object) -> State:
    """The same state with a changed purchase."""
    return replace(state, purchase=replace(state.purchase, **changes))  # type: ignore[arg-type]


def to(state: State, effect: Effect) -> Step:
    """A state to commit, and what to do then."""
    return Step(state=state, effect=effect)


def since(start: float | None, now: Moment) -> float:
    """Seconds since then; none when it has not begun."""
    return 0.0 if start is None else now.mono - start


def later(times: Times, now: Moment) -> float:
    """Unix seconds: now, but never before what happened to it already; a wall clock may have been set back."""
    return max(now.wall, times.intent or 0.0, times.submitted or 0.0, times.ready or 0.0)


def backoff(tries: int) -> float:
    """Seconds: 0.5, 1, 2, 4 … 60."""
    return float(min(LONGEST_BACKOFF, 0.5 * 2 ** max(0, tries - 1)))
