"""Records the cassettes anew: ``scripts/record-cassettes simulator`` for nothing, ``… live`` with a real key.

Tests never record, and CI never runs this.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from vcr import VCR

from flux_batch.api.settings import DEFAULT_BASE, settings_from
from flux_batch.errors import UsageError
from flux_batch.simulator import Fault, SimulatorOptions, fault, simulator_thread
from flux_batch.simulator.clock import StillClock

from .scenes import Stage, edit, purchase, refusals, troubles
from .tape import CASSETTES, CONFIG, DUMMY_KEY, equip

PORT: Final = 18484
"""Fixed while recording, so that a recorded address stays the same; below the ports that systems hand out."""

SIMULATOR: Final = f"http://127.0.0.1:{PORT}/v1"

TROUBLES: Final[tuple[Fault, ...]] = (
    fault("empty_balance", where="submit", times=1),
    fault("policy", times=1),
    fault("throttle", seconds=7, times=1),
    fault("error", status=503, code="rate_limit_unavailable", retry_after="9", times=1),
    fault("error", status=500, times=1),
    fault("error", status=502, html=True, times=1),
    fault("odd_body", times=1),
    fault("redirect", location="https://toapis.com/elsewhere", times=1),
)

Scene = Callable[[Stage], Awaitable[object]]

SCENES: Final[Mapping[str, tuple[Scene, tuple[Fault, ...]]]] = {
    "purchase": (purchase, ()),
    "edit": (edit, ()),
    "refusals": (refusals, ()),
    "troubles": (partial(troubles, count=len(TROUBLES)), TROUBLES),
}

LIVE: Final[Mapping[str, Scene]] = {
    "refusals": refusals,
    "purchase": partial(purchase, download=False),
}
"""What is played on the real API: refusals are free, the purchase is one image, whose large file is not recorded."""


def main(arguments: list[str]) -> int:
    """Record what was asked for."""
    match arguments:
        case [] | ["simulator"]:
            return record_simulator(CASSETTES / "simulator")
        case ["live"]:
            return record_live(CASSETTES / "live")
        case _:
            say("usage: scripts/record-cassettes [simulator | live]")
            return 2


def record_simulator(folder: Path) -> int:
    """Every scene on a simulator of its own, with a clock that stands still."""
    for name, (scene, faults) in SCENES.items():
        options = SimulatorOptions(
            port=PORT, files_port=PORT + 1, side_port=PORT + 2, key=DUMMY_KEY, pixels=10_000, faults=faults
        )
        clock = StillClock()

        async def wait(clock: StillClock = clock) -> None:
            clock.advance(0.3)

        with simulator_thread(options, clock) as simulator:
            record(folder / f"{name}.yaml", scene, Stage(base=simulator.base_url, key=DUMMY_KEY, wait=wait))
    return 0


def record_live(folder: Path) -> int:
    """The scenes that cost nothing, and one image, after a yes."""
    if os.environ.get("CI"):
        say("CI never records on the real API")
        return 2
    try:
        settings = settings_from(os.environ)
    except UsageError as error:
        say(error)
        return 2
    say(f"This buys ONE image, flux-kontext-pro 1:1, at {settings.base_url} (default {DEFAULT_BASE}).")
    say("About 0.04 USD: the maker's list price; ToAPIs publishes none for this model.")
    say(f"The answers, with your account's balance in them, go to {folder}. The key does not.")
    if not sys.stdin.isatty() or input("Buy it? Type yes: ").strip() != "yes":
        say("Nothing was sent.")
        return 3
    stage = Stage(base=settings.base_url, key=settings.key.reveal(), wait=partial(asyncio.sleep, 5))
    for name, scene in LIVE.items():
        record(folder / f"{name}.yaml", scene, stage)
    return 0


def record(path: Path, scene: Scene, stage: Stage) -> None:
    """Play a scene and keep its cassette, unless the key got into it."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    recorder: Any = equip(VCR(record_mode="new_episodes"))
    with recorder.use_cassette(str(path), **CONFIG):
        asyncio.run(_awaited(scene, stage))
    if stage.key.encode() in path.read_bytes():
        path.unlink()
        raise SystemExit(f"{path}: the key was in it; deleted")
    say(f"recorded {path}")


def say(words: object) -> None:
    """One line to whoever started this."""
    sys.stderr.write(f"{words}\n")


async def _awaited(scene: Scene, stage: Stage) -> None:
    await scene(stage)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
