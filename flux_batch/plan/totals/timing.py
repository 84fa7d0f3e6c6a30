"""How long a run would take: a small rehearsal of its queue, from the limits and the time that an image takes."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    from statistics import median  # 8 ms, with all that it imports

    honest = [seconds for seconds in seen if seconds > 0]  # a clock that was set back tells nothing
    return Pace(
        rate=submit_rate if submit_rate > 0 else ORDINARY_RATE,
        concurrency=concurrency,
        image_seconds=median(honest) if honest else USUAL_SECONDS,
        learned_from=len(honest),
    )


def timing(parents: Sequence[int | None], pace: Pace) -> Timing:
    """The time for images in order, each with the place here of the one it waits for.

    Who waits for none can begin at once, and does so in this order.
    """
    edits: dict[int, list[int]] = {}
    for place, parent in enumerate(parents):
        if parent is not None:
            edits.setdefault(parent, []).append(place)
    queue = _Queue(pace, edits)
    for place, parent in enumerate(parents):
        if parent is None:
            queue.begin(0.0, 1, place)
    while queue.waiting:
        since, _, depth, place = heapq.heappop(queue.waiting)
        queue.begin(since, depth, place)
    return Timing(seconds=max(queue.places), longest_chain=queue.longest, pace=pace)


class _Queue:
    """Lets every image begin as soon as its parent is there, a place is free and the rate allows.

    ``waiting`` are edits whose parent has begun: since when, in which order, how deep in a chain, and which.
    """

    def __init__(self, pace: Pace, edits: Mapping[int, Sequence[int]]) -> None:
        self.places = [0.0] * pace.concurrency
        self.waiting: list[tuple[float, int, int, int]] = []
        self.longest = 0
        self._pace, self._edits = pace, edits
        self._gate, self._order = 0.0, 0

    def begin(self, since: float, depth: int, place: int) -> None:
        """Begin one image, not before ``since``."""
        start = max(since, self.places[0], self._gate)
        end = start + self._pace.image_seconds
        self._gate, self.longest = start + 1 / self._pace.rate, max(self.longest, depth)
        heapq.heapreplace(self.places, end)
        for edit in self._edits.get(place, ()):
            self._order += 1
            heapq.heappush(self.waiting, (end, self._order, depth + 1, edit))
