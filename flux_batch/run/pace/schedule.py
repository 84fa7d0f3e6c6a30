"""When to ask whether an image is ready: pure, from how long images took.

Times are taken as log-normal: never negative, with a long tail. What is known of each is an interval, for nobody saw
the moment itself: it was not ready when asked at ``low``, and was when asked at ``high``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, erf, exp, inf, log, pi, sqrt
from statistics import fmean
from typing import Final

DELAY: Final = 0.514
"""Of the spacing: how late an image may be known to be ready, on average; a fixed schedule is half of it late."""

LONGEST: Final = 2.0
"""Of the spacing: as long as two questions may be apart, however unlikely an image is to be ready in between."""

_GRIDS: Final = (20, 10, 4, 2)
"""Steps in a spacing: the finest that keeps a plan under _PLACES steps."""

_PLACES: Final = 300

_ENOUGH: Final = 0.002
"""Of all images are still in the making when the plan ends; from there on the spacing is even."""

_ROUNDS: Final = 10
_NARROWEST, _WIDEST = 0.05, 2.0
"""Of the spread, in the logarithm: what a handful of images can make one believe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How long one image took: more than ``low`` and at most ``high`` seconds."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How long images take: the logarithm of the seconds is normal with this middle and spread."""

    middle: float
    spread: float

    def done(self, seconds: float) -> float:
        """The share that is ready by then."""
        return _below((log(seconds) - self.middle) / self.spread) if seconds > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Polls:
    """When to ask, in seconds since the request was taken: never before ``first``, never closer than ``every``.

    ``times`` is the plan; without one it is asked at ``first``, and then every ``every``.
    """

    first: float = 5.0
    every: float = 5.0
    times: tuple[float, ...] = ()

    def wait(self, elapsed: float | None) -> float:
        """Seconds until the next question; ``elapsed`` since the request was taken, None when none was asked yet."""
        if elapsed is None:
            return self.times[0] if self.times else self.first
        later = (time - elapsed for time in self.times if time - elapsed >= self.every / 2)
        return min(max(next(later, 0.0), self.every), self.every * LONGEST)


def fit(spans: Sequence[Span]) -> Making:
    """The most likely times behind what was seen; by expectation and maximisation, a few rounds are enough."""
    middles = [log(max((span.low + span.high) / 2, 1e-3)) for span in spans]
    middle, spread = fmean(middles), 0.5
    for _ in range(_ROUNDS):
        moments = [_moments(span, middle, spread) for span in spans]
        middle = fmean(first for first, _ in moments)
        spread = sqrt(max(fmean(second for _, second in moments) - middle**2, 0.0))
        spread = min(max(spread, _NARROWEST), _WIDEST)
    return Making(middle=middle, spread=spread)


def deviation(making: Making, span: Span) -> float:
    """How many spreads an image is from the middle, as far as can be said; none, on average, where nothing changed."""
    return (_moments(span, making.middle, making.spread)[0] - making.middle) / making.spread


def _moments(span: Span, middle: float, spread: float) -> tuple[float, float]:
    """The expected logarithm of a time in an interval, and of its square."""
    low = (log(span.low) - middle) / spread if span.low > 0 else -inf
    high = (log(span.high) - middle) / spread
    within = _below(high) - _below(low)
    if within < 1e-9:  # far from all that is believed: take the end that is nearer to it
        end = middle + spread * (low if low > 0 else high)
        return end, end * end
    first = (_density(low) - _density(high)) / within
    second = 1 + (_times(low, _density(low)) - _times(high, _density(high))) / within
    mean = middle + spread * first
    return mean, mean**2 + spread**2 * max(second - first**2, 0.0)


def plan_polls(making: Making, first: float, every: float) -> Polls:
    """The fewest questions whose answers come late by no more than DELAY on average, by dynamic programming.

    Where images take so long that a plan would have thousands of steps, it is asked evenly.
    """
    last = exp(making.middle + 2.9 * making.spread)
    grid = next((each for each in _GRIDS if (last - first) / every * each < _PLACES), None)
    if grid is None:
        return Polls(first=first, every=every)
    table = _Table(making, first, every, grid)
    cheap, dear = 0.0, 64.0 / every
    best = table.plan(dear)
    for _ in range(_ROUNDS):
        weight = (cheap + dear) / 2
        plan = table.plan(weight)
        if table.delay(plan) <= DELAY * every:
            best, dear = plan, weight
        else:
            cheap = weight
    return Polls(first=first, every=every, times=tuple(round(table.step * each, 6) for each in best))


class _Table:
    """A making's times on a grid; plans are grid places."""

    def __init__(self, making: Making, first: float, every: float, grid: int) -> None:
        self.grid = grid
        self.step = every / grid
        self.first = max(1, ceil(first / self.step - 1e-9))
        last = exp(making.middle + 2.9 * making.spread)
        self.end = max(self.first, int(last / self.step) + 1) + grid
        self.done = [making.done(place * self.step) for place in range(self.end + 2 * grid + 1)]
        self.area = [0.0]
        for before, after in zip(self.done, self.done[1:], strict=False):
            self.area.append(self.area[-1] + self.step * (before + after) / 2)

    def late(self, asked: int, then: int) -> float:
        """Seconds of lateness, over all images, between two questions."""
        return self.area[then] - self.area[asked] - self.step * (then - asked) * self.done[asked]

    def plan(self, weight: float) -> list[int]:
        """The best plan where a second of lateness counts as ``weight`` questions."""
        ahead = [0.0] * len(self.done)
        follow = [0] * len(self.done)
        for place in range(self.end - 1, self.first - 1, -1):
            going_on = 1 - self.done[place]
            ahead[place], follow[place] = min(
                (going_on + weight * self.late(place, then) + ahead[then], then)
                for then in range(place + self.grid, place + int(LONGEST * self.grid) + 1)
            )
        _, place = min((weight * self.late(0, then) + ahead[then], then) for then in range(self.first, self.end))
        plan: list[int] = []
        while place and place < self.end and (1 - self.done[place] > _ENOUGH or not plan):
            plan.append(place)
            place = follow[place]
        return plan

    def delay(self, plan: list[int]) -> float:
        """The mean lateness of a plan that goes on evenly."""
        places = [0, *plan]
        while places[-1] < self.end:
            places.append(places[-1] + self.grid)
        return sum(self.late(asked, then) for asked, then in pairwise(places))


def _below(deviation: float) -> float:
    return 0.5 * (1 + erf(deviation / sqrt(2)))


def _density(deviation: float) -> float:
    return exp(-deviation * deviation / 2) / sqrt(2 * pi) if deviation > -inf else 0.0


def _times(deviation: float, density: float) -> float:
    return deviation * density if density else 0.0
