"""How many questions an image needs, and how late it is known to be ready: a pure simulation, many images, many seeds.

    python polls.py [--images N] [--seeds N]

Times are log-normal, median 12 s, spread 0.5; 16 images are in the making at a time; no two questions about one image
are less than 5 s apart. The first 20 images of every run are for learning and not counted.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log
from statistics import fmean

from flux_batch.run.pace.learning import Learner
from flux_batch.run.pace.schedule import Making, Polls, Span, plan_polls

IN_FLIGHT = 16
LEARNING = 20
MEDIAN, SPREAD = 12.0, 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """What one image took to find: questions, and seconds of lateness."""

    calls: int
    late: float
    span: Span


def look(polls: Polls, seconds: float) -> Seen:
    """Ask until it is ready."""
    low, high, calls = 0.0, polls.wait(None), 1
    while high < seconds:
        low, high, calls = high, high + polls.wait(high), calls + 1
    return Seen(calls, high - seconds, Span(low=low, high=high))


def run(images: int, seed: int, median: Callable[[int], float], learner: Learner | None, polls: Polls) -> list[Seen]:
    """So many images, IN_FLIGHT at a time; what is learned from one is known when it is found."""
    chance, found = random.Random(seed), list[Seen]()
    flying: list[tuple[float, int, Seen]] = []
    for number in range(images):
        now = 0.0
        if len(flying) == IN_FLIGHT:
            now, _, seen = heapq.heappop(flying)
            if learner is not None:
                learner.add("model", seen.span)
        seconds = chance.lognormvariate(log(median(number)), SPREAD)
        seen = look(learner.polls("model") if learner is not None else polls, seconds)
        heapq.heappush(flying, (now + seen.span.high, number, seen))
        found.append(seen)
    return found


def rows(images: int) -> Iterator[tuple[str, Callable[[int], float]]]:
    """How times go."""
    half = images // 2
    yield "12 s throughout", lambda _: MEDIAN
    yield "12 s, then 24 s", lambda number: MEDIAN if number < half else 2 * MEDIAN
    yield "12 s, then 6 s", lambda number: MEDIAN if number < half else MEDIAN / 2
    yield "24 s, then 8 s", lambda number: 2 * MEDIAN if number < half else MEDIAN * 2 / 3
    yield "slowly 12 s to 20 s", lambda number: MEDIAN * (1 + number / images * 2 / 3)


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    best = plan_polls(Making(middle=log(MEDIAN), spread=SPREAD), 5.0, 5.0)
    print(
        f"{given.images:,} images, {given.seeds} seeds; calls an image and mean seconds late, after {LEARNING} images"
    )
    print(f"{'':<34}{'fixed 5 s':>16}{'learned':>16}{'of it, 21st to 120th':>24}")
    for name, median in rows(given.images):
        fixed, learned, early = list[Seen](), list[Seen](), list[Seen]()
        for seed in range(given.seeds):
            fixed += run(given.images, seed, median, None, Polls())[LEARNING:]
            ours = run(given.images, seed, median, Learner(5.0, 5.0), Polls())
            learned += ours[LEARNING:]
            early += ours[LEARNING:][:100]
        print(f"{name:<34}" + "".join(f"{_mean(each):>16}" for each in (fixed, learned)) + f"{_mean(early):>24}")
    known = [each for seed in range(given.seeds) for each in run(given.images, seed, lambda _: MEDIAN, None, best)]
    print(f"{'12 s, known from the start':<34}{'':>16}{_mean(known):>16}")


def _mean(found: list[Seen]) -> str:
    return f"{fmean(each.calls for each in found):.2f} {fmean(each.late for each in found):.2f} s"


if __name__ == "__main__":
    main()
