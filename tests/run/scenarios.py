"""The kill sweep's scenarios: for every change that the protocol knows, a way to bring it about, and dying there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from flux_batch.simulator import fault

from .sweeping import IMAGES, KILLED, Scenario, Workshop, trial

WORKERS: Final = 4

INNER: Final = (
    "identity", "claim", "close", "free_name", "sync", "sync_folder", "keep", "remember_upload",
    ".yaml", ".webp", ".js",
)  # fmt: skip
"""Effects that change nothing outside, or stand next to one that does: the soak sweeps them."""

SLOW: Final = (1.5, 1.6)
"""Seconds: a task is still queued when it is looked up, on a busy machine too."""

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
    "unknown for a while": Scenario(
        changes=("submitted>submitted",),
        faults=(fault("error", where="status", status=404, code="task_not_found", prompt="mug", first=10),),
    ),
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
        faults=(CUT, LATE, fault("stall", prompt="mug", seconds=8)),
        settings=HOLD,
        runs=3,
    ),
    "a fresh URL": Scenario(changes=("ready>ready",), faults=(fault("truncate", where="file", first=2, prompt="mug"),)),
}


def points_of(name: str, home: Path, workshop: Workshop) -> list[str]:
    """Where to die in a scenario: before, within and after each of its commits; where all is well, everywhere."""
    scenario = SCENARIOS[name]
    with trial(scenario, home / "recorded", workshop) as recorded:
        passed = recorded.record()
    wanted = [f"{when} {change}" for change in scenario.changes for when in ("before", "within", "after")]
    assert set(wanted) <= set(passed), f"{name}: does not bring {sorted(set(wanted) - set(passed))} about"
    return [point for point in passed if not point.endswith(INNER)] if name == "all well" else wanted


def sweep(name: str, home: Path, workshops: Sequence[Workshop]) -> dict[str, str]:
    """Die at every point of a scenario and go on; point → what was wrong, empty where all held."""
    points, found = points_of(name, home, workshops[0]), dict[str, str]()

    def work(worker: int) -> None:
        for point in points[worker :: len(workshops)]:
            found[point] = _wrong(name, point, home / point.replace(">", "-"), workshops[worker])

    with ThreadPoolExecutor(len(workshops)) as pool:
        list(pool.map(work, range(len(workshops))))
    return found


def _wrong(name: str, point: str, home: Path, workshop: Workshop) -> str:
    """Where nothing but the kill goes wrong, every image is stored in the end."""
    try:
        with trial(SCENARIOS[name], home, workshop) as tried:
            tried.die_and_go_on([point])
            assert KILLED in tried.codes, f"{point} was not met"
            assert name != "all well" or tried.stored() == IMAGES, tried.told()
    except AssertionError as error:
        return str(error) or "an assertion"
    return ""
