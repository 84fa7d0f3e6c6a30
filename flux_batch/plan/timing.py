"""How long a run would take: a small rehearsal of its queue, from the limits and the time that an image takes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

ORDINARY_RATE: Final = 5.0
"""Requests a second that the default account group may send (ToAPIs, *rate-limits/async-tasks*)."""

USUAL_SECONDS: Final = 20.0
"""What an image is assumed to take when nothing is learned: the provider says 5 to 30 s, and asking takes its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """``rate`` is requests a second, ``concurrency`` images in flight at most, ``image_seconds`` what each one takes.

    ``learned_from`` counts the images that say so, 0 for an assumption.
    """

    rate: float
    concurrency: int
    image_seconds: float
    learned_from: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """About how many ``seconds`` a run takes; ``longest_chain`` is how many images wait for each other, one by one."""

    seconds: float
    longest_chain: int
    pace: Pace


def pace_of(submit_rate: float, concurrency: int, seen: Sequence[float]) -> Pace:
    """The pace of a run; ``seen`` are seconds that images took before. A rate of 0 leaves the limit to the provider."""
    honest = [seconds for seconds in seen if seconds > 0]  # a clock that was set back tells nothing
    return Pace(
        rate=submit_rate if submit_rate > 0 else ORDINARY_RATE,
        concurrency=concurrency,
        image_seconds=median(honest) if honest else USUAL_SECONDS,
        learned_from=len(honest),
    )


def timing(parents: Mapping[str, str | None], pace: Pace) -> Timing:
    """The time for images by key, each with the key it waits for; who waits for none of them can begin at once."""
    waiting: dict[str, list[str]] = {}
    ready = []
    for place, (key, parent) in enumerate(parents.items()):
        if parent is not None and parent in parents:
            waiting.setdefault(parent, []).append(key)
        else:
            ready.append((0.0, place, 1, key))
    return _rehearsed(ready, waiting, pace)


def _rehearsed(ready: list[tuple[float, int, int, str]], waiting: Mapping[str, list[str]], pace: Pace) -> Timing:
    """Let every image begin as soon as its parent is there, a place is free and the rate allows."""
    places = [0.0] * pace.concurrency
    gate, longest, order = 0.0, 0, len(ready)
    heapq.heapify(ready)
    while ready:
        since, _, depth, key = heapq.heappop(ready)
        start = max(since, places[0], gate)
        gate, longest = start + 1 / pace.rate, max(longest, depth)
        heapq.heapreplace(places, start + pace.image_seconds)
        for child in waiting.get(key, ()):
            order += 1
            heapq.heappush(ready, (start + pace.image_seconds, order, depth + 1, child))
    return Timing(seconds=max(places), longest_chain=longest, pace=pace)
