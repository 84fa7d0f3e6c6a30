"""How fast to go: one gate for submits and one for status questions, shared by every task."""

from __future__ import annotations

from typing import Final

from flux_batch.run.brake import Brake

QUERY_RATE: Final = 50.0
"""Status questions a second: the default account group's limit (ToAPIs, *rate-limits/async-tasks*)."""

QUERY_BURST: Final = 500.0
"""Status questions at once, by the same page."""


class Gate:
    """A token bucket: ``rate`` a second (0: no limit), up to ``burst`` at once; it can be shut for a while."""

    def __init__(self, brake: Brake, rate: float, burst: float = 1.0) -> None:
        self._brake = brake
        self._rate = rate
        self._burst = max(1.0, burst)
        self._tokens = self._burst
        self._filled_at = brake.clock.now().mono
        self._shut_until = self._filled_at

    def shut(self, seconds: float) -> None:
        """Let nothing through for a while: somebody was answered 429."""
        self._shut_until = max(self._shut_until, self._brake.clock.now().mono + seconds)

    async def pass_through(self, *, before_send: bool = False) -> bool:
        """Wait for a place; False when the run stopped meanwhile. Who waits at a shut gate queues up anew."""
        while await self._brake.pause(self._take_place(), before_send=before_send):
            if self._brake.clock.now().mono >= self._shut_until:
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
