"""What time it is, for the simulator: an argument, so that a day can pass in a test without waiting for it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the time, as Unix seconds."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds`` (0 or more)."""
        ...


class WallClock:
    """The machine's clock, plus what was added by ``advance``: a day can be skipped, never taken back."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Skip ``seconds`` (0 or more)."""
        self._ahead += _forward(seconds)


class StillClock:
    """A clock that moves only when told to, for tests."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Unix seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by ``seconds`` (0 or more)."""
        self._now += _forward(seconds)


def _forward(seconds: float) -> float:
    if not 0 <= seconds < 10**9:
        raise ValueError("a clock can only be moved forward, by less than 10^9 seconds")
    return seconds
