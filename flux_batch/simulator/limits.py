"""Token buckets, as published for asynchronous tasks: pure, given the time.

Source: ToAPIs, *rate-limits/async-tasks*, 2026-10. A bucket belongs to a user, whatever the key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SUBMIT: Final = "async_submit"
QUERY: Final = "async_query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``per_minute`` tokens flow in; at most ``burst`` wait."""

    per_minute: int
    burst: int


TIERS: Final[Mapping[str, Mapping[str, Rate]]] = {
    "default": {SUBMIT: Rate(per_minute=300, burst=50), QUERY: Rate(per_minute=3_000, burst=500)},
    "vip": {SUBMIT: Rate(per_minute=1_000, burst=167), QUERY: Rate(per_minute=10_000, burst=1_667)},
    "svip": {SUBMIT: Rate(per_minute=2_000, burst=334), QUERY: Rate(per_minute=30_000, burst=5_000)},
    "unlimited": {},
}
"""``unlimited`` is the simulator's own: no limits and no headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One request measured against its bucket. ``wait`` is in seconds, 0 when ``allowed``."""

    allowed: bool
    headers: Mapping[str, str]
    wait: float = 0.0


@dataclass(slots=True)
class Bucket:
    """Starts full. ``take`` is the only thing that changes it."""

    rate: Rate
    category: str
    _tokens: float = field(init=False)
    _at: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Fill the bucket."""
        self._tokens = float(self.rate.burst)

    def take(self, now: float) -> Verdict:
        """Take a token at ``now`` (Unix seconds). A refused request takes none."""
        per_second = self.rate.per_minute / 60
        elapsed = max(0.0, now - self._at) if self._at is not None else 0.0
        self._at = now
        self._tokens = min(float(self.rate.burst), self._tokens + elapsed * per_second)
        # A token that took 1/5 s to flow in can measure 0.9999999998; it is a whole one.
        if self._tokens >= 1 - 1e-6:
            self._tokens = max(0.0, self._tokens - 1)
            return Verdict(allowed=True, headers=self._headers(now, per_second))
        wait = (1 - self._tokens) / per_second
        headers = {**self._headers(now, per_second), "Retry-After": str(math.ceil(wait))}
        return Verdict(allowed=False, headers=headers, wait=wait)

    def _headers(self, now: float, per_second: float) -> dict[str, str]:
        full_at = now + (self.rate.burst - self._tokens) / per_second
        return {
            "X-RateLimit-Limit": str(self.rate.burst),
            "X-RateLimit-Remaining": str(math.floor(self._tokens + 1e-6)),
            "X-RateLimit-Reset": str(math.ceil(full_at)),
            "X-RateLimit-Category": self.category,
        }


class Limiter:
    """Every owner's buckets, in one tier."""

    def __init__(self, tier: str) -> None:
        self._rates = TIERS[tier]
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def take(self, owner: str, category: str, now: float) -> Verdict:
        """Measure one request of ``owner`` in ``category``."""
        rate = self._rates.get(category)
        if rate is None:
            return Verdict(allowed=True, headers={})
        bucket = self._buckets.setdefault((owner, category), Bucket(rate, category))
        return bucket.take(now)
