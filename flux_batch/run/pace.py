"""How fast to go: one gate for submits and one for status questions, shared by every task.

A gate that was told "too fast" goes on at half its rate and finds its way back in small steps: additive increase,
multiplicative decrease, as TCP does. So many tasks that are answered 429 at once are one answer, not many.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from flux_batch.run.brake import Brake

QUERY_RATE: Final = 50.0
"""Status questions a second: the default account group's limit (ToAPIs, *rate-limits/async-tasks*)."""

QUERY_BURST: Final = 500.0
"""Status questions at once, by the same page."""

SLOWEST: Final = 0.2
"""A second: however often a provider says no, it is asked again every five seconds."""

STEP: Final = 0.02
"""Of the full rate, for every request that was taken: fifty of them make up for one halving of a full rate."""

ONE_ANSWER: Final = 1.0
"""Seconds in which several refusals are about the same burst."""

_LATEST: Final = 32
"""Passes that tell how fast an unlimited gate really went."""


class Gate:
    """A token bucket: ``rate`` a second (0: no limit), up to ``burst`` at once; it can be shut for a while."""

    def __init__(self, brake: Brake, rate: float, burst: float = 1.0) -> None:
        self._brake = brake
        self._full = rate
        self._rate = rate
        self._burst = max(1.0, burst)
        self._tokens = self._burst
        self._filled_at = brake.clock.now().mono
        self._shut_until = self._filled_at
        self._slowed_at = float("-inf")
        self._passed: deque[float] = deque(maxlen=_LATEST)

    @property
    def rate(self) -> float:
        """Requests a second now; 0 for no limit."""
        return self._rate

    def shut(self, seconds: float) -> None:
        """Let nothing through for a while, and then half as much: somebody was answered 429."""
        now = self._brake.clock.now().mono
        self._shut_until = max(self._shut_until, now + seconds)
        if now - self._slowed_at >= ONE_ANSWER:
            self._slowed_at = now
            self._full = self._full or self._pace_so_far()
            self._rate = max(SLOWEST, (self._rate or self._full) / 2)

    def taken(self) -> None:
        """A request was taken: a little faster again, up to the full rate."""
        if self._rate < self._full:
            self._rate = min(self._full, self._rate + STEP * self._full)

    def _pace_so_far(self) -> float:
        """How fast a gate without a limit went before it was told to slow down: its limit from now on."""
        if len(self._passed) < 2:
            return 1.0
        return (len(self._passed) - 1) / max(self._passed[-1] - self._passed[0], 0.1)

    async def pass_through(self, *, before_send: bool = False) -> bool:
        """Wait for a place; False when the run stopped meanwhile. Who waits at a shut gate queues up anew."""
        while await self._brake.pause(self._take_place(), before_send=before_send):
            now = self._brake.clock.now().mono
            if now >= self._shut_until:
                self._passed.append(now)
                return True
        return False

    def _take_place(self) -> float:
        """Seconds to wait before the place just taken may be used; places are given in order.

        At a shut gate they begin when it opens: a pause that was asked for must not end in a rush.
        """
        now = self._brake.clock.now().mono
        begin = max(now, self._shut_until)
        if self._rate <= 0:
            return begin - now
        self._tokens = min(self._burst, self._tokens + (begin - self._filled_at) * self._rate) - 1
        self._filled_at = begin
        return begin - now + max(0.0, -self._tokens / self._rate)
