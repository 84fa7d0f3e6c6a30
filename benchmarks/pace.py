"""How much of the provider's limit a run uses, and how often it is told that it is too fast.

    python pace.py [--images N] [--speed N]

Against the simulator at the default tier: 5 submits a second, 50 at once. Then the same with a limit that halves when
half of them are taken. Time passes ``--speed`` times as fast for both sides. What the limit allows is computed: a full
bucket at once, then its rate.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from measure import workplace

from flux_batch.api.settings import api_settings
from flux_batch.plan.make import make_plan
from flux_batch.run.options import RunOptions, rules_for
from flux_batch.run.protocol.machine import Moment
from flux_batch.run.session import run_plan
from flux_batch.simulator import Simulator, SimulatorOptions, simulator_thread
from flux_batch.simulator.limits import SUBMIT, TIERS, Rate
from flux_batch.spec.beside.files import inspect_reference
from flux_batch.spec.load import parse_spec

SPEC = """
version: 1
name: pace
prompt: "a {{ number }}"
variables: {number: [%s]}
ratios: ["1:1"]
execution: {concurrency: 128, submit_rate: 5}
"""
FULL = TIERS["default"][SUBMIT]
HALF = Rate(per_minute=FULL.per_minute // 2, burst=FULL.burst // 2)


@dataclass(slots=True)
class Hurried:
    """Time for both sides, ``speed`` times as fast as the machine's."""

    speed: float
    start: float = time.time()

    def wall(self) -> float:
        """Unix seconds of that time."""
        return self.start + (time.time() - self.start) * self.speed


class SimulatorClock(Hurried):
    """For the provider."""

    def now(self) -> float:
        """Unix seconds."""
        return self.wall()

    def advance(self, seconds: float) -> None:
        """Nobody skips time here."""
        raise NotImplementedError


class RunClock(Hurried):
    """For the run."""

    def now(self) -> Moment:
        """Both clocks."""
        return Moment(mono=self.wall(), wall=self.wall())

    async def sleep(self, seconds: float) -> None:
        """Wait on that time."""
        await asyncio.sleep(seconds / self.speed)


def halve(simulator: Simulator, after: int) -> None:
    """Lower the limit once so many were taken."""
    while len(simulator.ledger.entries) < after:
        time.sleep(0.001)
    assert simulator._world is not None
    limiter = simulator._world.limiter
    limiter._rates = {**limiter._rates, SUBMIT: HALF}
    for bucket in limiter._buckets.values():
        if bucket.category == SUBMIT:
            bucket.rate = HALF


def measure(images: int, speed: float, disturb: Callable[[Simulator], None] | None) -> tuple[float, int]:
    """Seconds from the first submit to the last one taken, and how many were answered 429."""
    options = SimulatorOptions(latency=(8.0, 16.0), balance=None, pixels=10_000)
    with (
        simulator_thread(options, SimulatorClock(speed)) as simulator,
        workplace() as home,
    ):
        spec = parse_spec(home / "spec.yaml", SPEC % ", ".join(f"n{number}" for number in range(images)))
        options_of_run = RunOptions(
            folder=home / "run", concurrency=128, rules=rules_for(spec), submit_rate=spec.execution.submit_rate
        )
        if disturb is not None:
            threading.Thread(target=disturb, args=(simulator,), daemon=True).start()
        run_plan(
            make_plan(spec, partial(inspect_reference, spec.folder)),
            spec,
            api_settings(simulator.base_url, "sk-bench"),
            options_of_run,
            approve=lambda *_: None,
            clock=RunClock(speed),
        )
        submits = [each for each in simulator.log.arrivals if each.place == "submit"]
        taken = [each.at for each in submits if each.status == 200]
        return max(taken) - min(each.at for each in submits), sum(each.status == 429 for each in submits)


def main() -> None:
    """Both rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--speed", type=float, default=1.0)
    given = parser.parse_args()
    half = given.images // 2
    full, low = FULL.per_minute / 60, HALF.per_minute / 60
    rows: list[tuple[str, float, Callable[[Simulator], None] | None]] = [
        ("default tier", (given.images - FULL.burst) / full, None),
        ("halved midway", (half - FULL.burst) / full + (given.images - half) / low, partial(halve, after=half)),
    ]
    print(f"{given.images} submits{'':<8}{'allowed':>9}{'took':>9}{'used':>8}{'429':>6}")
    for name, allowed, disturb in rows:
        took, refused = measure(given.images, given.speed, disturb)
        print(f"{name:<19}{allowed:>8.1f}s{took:>8.1f}s{allowed / took:>8.1%}{refused:>6}")


if __name__ == "__main__":
    main()
