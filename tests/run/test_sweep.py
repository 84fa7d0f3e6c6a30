"""The kill sweep: the real process dies before, within and after every change the protocol knows, then goes on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from flux_batch.simulator import fault

from .sweeping import IMAGES, NEVER, Scenario, Workshop, known_changes, trial

WORKERS: Final = 4

INNER: Final = (
    "identity", "claim", "close", "free_name", "sync", "sync_folder", "keep", "remember_upload",
    ".yaml", ".webp", ".js",
)  # fmt: skip
"""Effects that change nothing outside, or stand next to one that does: the soak sweeps them."""

SLOW: Final = (0.5, 0.6)
"""Seconds: a task is still queued when it is looked up."""

LATE: Final = fault("lookup_lag", lookups=4, prompt="mug")
FAILING: Final = fault("fail", prompt="mug")
CUT: Final = fault("cut", where="submit", prompt="mug", times=1)
LOST: Final = fault("cut", where="submit", prompt="mug", billed=False, times=1)
BUSY: Final = fault(
    "error", status=503, code="rate_limit_unavailable", retry_after="0.3", billed=True, prompt="mug", times=1
)  # fmt: skip
BAD_LOGO: Final = fault("error", where="upload", status=400, code="invalid_request", message="no", times=1)
HOLD: Final = ("execution.when_uncertain=hold",)

SCENARIOS: Final = {
    "all well": Scenario(changes=("planned>intent", "intent>submitted", "submitted>ready", "ready>stored")),
    "reference refused": Scenario(changes=("planned>refused",), faults=(BAD_LOGO,)),
    "refused": Scenario(changes=("intent>refused",), faults=(fault("policy", prompt="mug", times=1),)),
    "account empty": Scenario(changes=("intent>planned",), faults=(fault("empty_balance", times=1),), runs=2),
    "failed": Scenario(changes=("submitted>failed",), faults=(FAILING,)),
    "in doubt, found ready": Scenario(changes=("intent>uncertain", "uncertain>ready"), faults=(CUT,)),
    "in doubt, found": Scenario(changes=("uncertain>submitted",), faults=(CUT,), latency=SLOW),
    "in doubt, found failed": Scenario(changes=("uncertain>failed",), faults=(CUT, FAILING)),
    "lost, sent again": Scenario(changes=("uncertain>intent",), faults=(LOST,)),
    "lost, held": Scenario(changes=("uncertain>held",), faults=(LOST,), settings=HOLD),
    "turned away, found ready": Scenario(changes=("intent>ready",), faults=(BUSY,)),
    "turned away, found failed": Scenario(changes=("intent>failed",), faults=(BUSY, FAILING)),
    "held, found ready": Scenario(changes=("held>ready",), faults=(CUT, LATE), settings=HOLD, runs=3),
    "held, found failed": Scenario(changes=("held>failed",), faults=(CUT, LATE, FAILING), settings=HOLD, runs=3),
    "held, found": Scenario(
        changes=("held>submitted",),
        faults=(CUT, LATE, fault("stall", prompt="mug", seconds=2)),
        settings=HOLD,
        runs=3,
    ),
    "a fresh URL": Scenario(changes=("ready>ready",), faults=(fault("truncate", where="file", first=2, prompt="mug"),)),
}


@pytest.fixture(scope="module")
def workshops() -> Iterator[list[Workshop]]:
    """One for each worker."""
    with ExitStack() as stack:
        yield [stack.enter_context(Workshop()) for _ in range(WORKERS)]


def test_every_change_of_the_protocol_has_a_scenario() -> None:
    """A new rule needs a scenario, or a reason why no process can be killed there."""
    changes = chain.from_iterable(scenario.changes for scenario in SCENARIOS.values())
    assert sorted(changes) == sorted(known_changes() - NEVER.keys())
    assert NEVER.keys() <= known_changes()


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_every_change_nothing_is_lost_or_bought_twice(
    name: str, tmp_path: Path, workshops: list[Workshop]
) -> None:
    """Before, within and after each commit; where all is well, around every effect too."""
    scenario = SCENARIOS[name]
    with trial(scenario, tmp_path / "recorded", workshops[0]) as recorded:
        passed = recorded.record()
    wanted = [f"{when} {change}" for change in scenario.changes for when in ("before", "within", "after")]
    assert set(wanted) <= set(passed), "the scenario does not bring the change about"
    points = [point for point in passed if not point.endswith(INNER)] if name == "all well" else wanted
    everything_stored = name == "all well"

    def sweep(worker: int) -> None:
        for point in points[worker::WORKERS]:
            with trial(scenario, tmp_path / point.replace(">", "-"), workshops[worker]) as tried:
                tried.die_and_go_on([point])
                assert -9 in tried.codes, f"{point} was not met"
                assert not everything_stored or tried.stored() == IMAGES, (point, tried.told())

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(sweep, range(WORKERS)))
