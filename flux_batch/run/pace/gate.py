"""How fast to go: one gate for submits and one for status questions, shared by every task.

A gate is the provider's own token bucket, as its documentation has it. Where answers say how much is left in the real
one, that counts, and a few tokens stay in it: then a limit lower than documented slows us down before anybody is
answered 429. Where they do not, a gate that was told "too fast" goes on at half its rate and finds its way back in
small steps: additive increase, multiplicative decrease, as TCP does. So many tasks that are answered 429 at once are
one answer, not many.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from flux_batch.run.pace.brake import Brake

QUERY_RATE: Final = 50.0
"""Status questions a second: the default account group's limit (ToAPIs, *rate-limits/async-tasks*)."""

QUERIES_PER_SUBMIT: Final = 10.0
"""By the same page, in every account group; in the highest a few more."""

BURST: Final = 10.0
"""Seconds' worth of requests that may go at once after a rest, by the same page, for both kinds."""

RESERVE: Final = 3.0
"""Tokens left in a bucket whose level is told: with them a limit may fall to a quarter and nobody is turned away."""

SLOWEST: Final = 0.2
"""A second: however often a provider says no, it is asked again every five seconds."""

STEP: Final = 0.02
"""Of the full rate, for every request that was taken: fifty of them make up for one halving of a full rate."""

ONE_ANSWER: Final = 1.0
"""Seconds in which several refusals are about the same burst."""

_ROUNDING: Final = 1e-6
"""Of a token: one that took 1/5 s to flow in can measure 0.9999999998."""

_LATEST: Final = 32
"""Passes that tell how fast an unlimited gate really went."""


class Gate:
    """A token bucket: ``rate`` a second (0: no limit), up to ``burst`` at once; it can be shut for a while.

    ``trusted`` is how many may go at once before the first answer: who knows what others took from the bucket.
    """

    def __init__(self, brake: Brake, rate: float, burst: float = 1.0, trusted: float | None = None) -> None:
        self._brake = brake
        self._full = rate
        self._rate = rate
        self._burst = max(1.0, burst)
        self._tokens = min(self._burst, trusted or self._burst)
        self._unproven = self._burst - self._tokens
        self._reserve = 0.0
        self._unanswered = 0
        self._filled_at = brake.clock.now().mono
        self._shut_until = self._filled_at
        self._slowed_at = float("-inf")
        self._passed: deque[float] = deque(maxlen=_LATEST)
        self._turn = asyncio.Lock()

    @property
    def rate(self) -> float:
        """Requests a second now; 0 for no limit."""
        return self._rate

    def shut(self, seconds: float) -> None:
        """Let nothing through for a while, and then half as much: somebody was answered 429."""
        now = self._brake.clock.now().mono
        self._shut_until = max(self._shut_until, now + seconds)
        self._tokens, self._unproven, self._filled_at = 1.0, 0.0, self._shut_until  # a pause must not end in a rush
        if now - self._slowed_at >= ONE_ANSWER:
            self._slowed_at = now
            self._full = self._full or self._pace_so_far()
            self._rate = max(SLOWEST, (self._rate or self._full) / 2)

    def taken(self) -> None:
        """A request was taken: a little faster again, up to the full rate, and up to a burst at once."""
        self._tokens, self._unproven = self._tokens + self._unproven, 0.0
        if self._rate < self._full:
            self._rate = min(self._full, self._rate + STEP * self._full)

    def answered(self, left: int | None = None) -> None:
        """Whoever passed has an answer, whichever; ``left`` is what it says of the real bucket.

        What is still unanswered may not have been taken from that yet.
        """
        self._unanswered = max(0, self._unanswered - 1)
        if left is None or self._rate <= 0:
            return
        self._fill(self._brake.clock.now().mono)
        self._tokens, self._unproven, self._reserve = float(left - self._unanswered), 0.0, RESERVE
        self._burst = max(self._burst, self._tokens)
        if self._tokens > RESERVE:
            self._rate = self._full

    def _pace_so_far(self) -> float:
        """How fast a gate without a limit went before it was told to slow down: its limit from now on."""
        if len(self._passed) < 2:
            return 1.0
        return (len(self._passed) - 1) / max(self._passed[-1] - self._passed[0], 0.1)

    async def pass_through(self, *, before_send: bool = False) -> bool:
        """Wait for a place, first come first served; False when the run stopped meanwhile."""
        if self._rate <= 0 and self._seconds_left() <= 0:
            self._pass()
            return await self._brake.pause(0, before_send=before_send)
        if not await self._brake.wait(self._turn.acquire(), before_send=before_send):
            return False
        try:
            while await self._brake.pause(self._seconds_left(), before_send=before_send):
                if self._seconds_left() <= 0:
                    self._pass()
                    return True
            return False
        finally:
            self._turn.release()

    def _seconds_left(self) -> float:
        """Until the next one may pass."""
        now = self._brake.clock.now().mono
        shut = max(0.0, self._shut_until - now)
        if self._rate <= 0:
            return shut
        self._fill(now)
        missing = 1.0 + min(self._reserve, self._burst - 1.0) - self._tokens
        return max(shut, missing / self._rate if missing > _ROUNDING else 0.0)

    def _fill(self, now: float) -> None:
        """Let flow in what came since; nothing does before a shut gate opens."""
        if now > self._filled_at:
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
            self._filled_at = now

    def _pass(self) -> None:
        self._tokens -= 1.0
        self._unanswered += 1
        self._passed.append(self._brake.clock.now().mono)


def submit_gate(brake: Brake, submit_rate: float) -> Gate:
    """The gate for requests that are paid; one at a time until the first answer."""
    return Gate(brake, submit_rate, BURST * submit_rate, trusted=1.0)


def query_gate(brake: Brake, submit_rate: float) -> Gate:
    """The gate for questions: the account group that allows so many submits allows ten times as many of them."""
    rate = max(QUERY_RATE, QUERIES_PER_SUBMIT * submit_rate) if submit_rate > 0 else 0.0
    return Gate(brake, rate, BURST * rate)
