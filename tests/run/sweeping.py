"""What the kill sweep stands on: the changes that the protocol knows, and runs that die where they are told to."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, get_args

from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.protocol import events
from flux_batch.run.protocol.machine import _RULES, Moment, Rules, State, opening, step
from flux_batch.run.records import Entry, Failure, Phase, Purchase, StoredFile
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import Fault, Simulator, SimulatorOptions, simulator_thread

from .kit import KEY, png

ROOT: Final = Path(__file__).parents[2]
KILLED: Final = -9

SPEC: Final = """\
version: 1
name: sweep
prompt: "a {{ thing }}"
jobs:
  base: {variables: {thing: [mug, plant]}}
  logo: {prompt: "this on marble", reference: logo.png}
  winter: {edit: logo, prompt: "make it winter"}
ratios: ["1:1"]
execution: {concurrency: 2, submit_rate: 0, settle_seconds: 0.2, poll: {first: 0.03, every: 0.03}}
"""
"""Two plain images, one with an upload, one edit of that."""

IMAGES: Final = 4

# The changes that the protocol knows ---------------------------------------------------------------------------------

_FILE: Final = StoredFile(path="images/a.png", sha256="0", bytes=1, width=1, height=1, mime="image/png")
_FAILURE: Final = Failure(code="no", message="no")


def _snapshot(status: str, **more: Any) -> TaskSnapshot:
    return TaskSnapshot(id="t-1", status=status, **more)


SNAPSHOTS: Final = (
    _snapshot("queued"),
    _snapshot("completed", result_url="https://files.example/a.png"),
    _snapshot("failed"),
)

SAMPLES: Final[Mapping[type, tuple[events.Event, ...]]] = {
    events.Prepared: (events.Prepared(body=b"{}", business_id="fb-1"),),
    events.NotPrepared: (events.NotPrepared(failure=_FAILURE),),
    events.PrepareFailed: (events.PrepareFailed(reason="no"), events.PrepareFailed(reason="no", lasting=True)),
    events.NoMoney: (events.NoMoney(),),
    events.Accepted: tuple(events.Accepted(snapshot=each) for each in SNAPSHOTS),
    events.RefusedBy: (events.RefusedBy(failure=_FAILURE), events.RefusedBy(failure=_FAILURE, account=True)),
    events.NeverSent: (events.NeverSent(reason="no"),),
    events.Withdrawn: (events.Withdrawn(),),
    events.TurnedAway: (events.TurnedAway(retry_after=1.0), events.TurnedAway(retry_after=None)),
    events.Doubtful: (events.Doubtful(reason="no"),),
    events.Seen: tuple(events.Seen(snapshot=each) for each in SNAPSHOTS),
    events.NotFound: (events.NotFound(),),
    events.NoAnswer: (events.NoAnswer(reason="no"),),
    events.ControlPassed: (events.ControlPassed(),),
    events.ControlFailed: (events.ControlFailed(),),
    events.Fetched: (events.Fetched(file=_FILE),),
    events.NotFetched: (events.NotFetched(reason="no"),),
}
"""One or more of every event; a new kind of event without a sample fails a test."""

NEVER: Final[Mapping[str, str]] = {
    "held>intent": "a held request is never compared with another one: nothing asks for the control there",
}
"""What a rule would answer to an event that nobody can bring."""


def known_changes() -> set[str]:
    """Every ``before>after`` that a rule of the protocol may commit, found by asking every rule everything."""
    assert set(SAMPLES) == set(get_args(events.Event))
    found = {f"{phase}>{opening(_purchase(phase, 1), _now()).state.phase}" for phase in _RULES if _moves(phase)}
    for state, event, rules in product(_states(), _all_events(), (Rules(), Rules(resend=False))):
        try:
            after = step(state, event, _now(), rules).state
        except ValueError:
            continue
        if after.purchase != state.purchase:
            found.add(f"{state.phase}>{after.phase}")
    return found


def _moves(phase: Phase) -> bool:
    return opening(_purchase(phase, 1), _now()).state.phase is not phase


def _now() -> Moment:
    return Moment(mono=100_000.0, wall=0.0)


def _purchase(phase: Phase, sends: int) -> Purchase:
    return Purchase(key="k", phase=phase, sends=0 if phase is Phase.PLANNED else sends)


def _states() -> Iterator[State]:
    """Every phase that has a rule, fresh and at the end of every patience."""
    for phase, sends, throttled, worn in product(_RULES, (1, 2), (False, True), (False, True)):
        state = State(purchase=_purchase(phase, sends), throttled=throttled)
        yield replace(state, doubt_since=0.0, waiting_since=0.0, missing=99, tries=99) if worn else state


def _all_events() -> list[events.Event]:
    return [event for samples in SAMPLES.values() for event in samples]


# Runs that die where they are told to ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A way to make certain changes happen: a simulator's manners and what the command line adds.

    ``runs`` is how many undisturbed runs it takes to get there.
    """

    changes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    settings: tuple[str, ...] = ()
    latency: tuple[float, float] = (0.0, 0.01)
    runs: int = 1


class Workshop:
    """Starts command lines with failpoints, one at a time; use it as a context manager."""

    def __enter__(self) -> Self:
        """Start the process that forks."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.run.failing"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It ends with its input."""
        self._process.communicate()

    def run(self, order: Mapping[str, Any]) -> int:
        """The exit code of one command line, -9 when it died at its point."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@dataclass(slots=True)
class Trial:
    """One run folder and one simulator, and everything that must hold between them."""

    scenario: Scenario
    home: Path
    workshop: Workshop
    simulator: Simulator
    codes: list[int] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.home / "run"

    @property
    def output(self) -> Path:
        """What the last process said."""
        return self.home / "output.txt"

    @property
    def arguments(self) -> list[str]:
        """What is typed after ``flux-batch``."""
        settings = [part for setting in self.scenario.settings for part in ("--set", setting)]
        return ["run", "spec.yaml", "--yes", "--json", "--out", "run", *settings]

    @property
    def environment(self) -> dict[str, str]:
        """The key, the simulator, and where these tests are."""
        ours = {"TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": self.simulator.base_url, "PYTHONPATH": str(ROOT)}
        return {**os.environ, **ours}

    def run(self, point: str = "", log: Path | None = None) -> int:
        """``flux-batch run`` once, dying at a point."""
        order = {
            "arguments": self.arguments,
            "cwd": str(self.home),
            "environment": {**self.environment, "FAILPOINT": point, "FAILPOINT_LOG": str(log or "")},
            "output": str(self.output),
        }
        self.codes.append(self.workshop.run(order))
        return self.codes[-1]

    def record(self) -> list[str]:
        """Run to the end and list every point that was passed, the first time each."""
        log = self.home / "points.txt"
        for _ in range(self.scenario.runs):
            self.run(log=log)
        self.check()
        return [point for point in dict.fromkeys(log.read_text().splitlines()) if "#" not in point]

    def die_and_go_on(self, points: Sequence[str]) -> None:
        """Die at each point in turn, then run until nothing moves, and check everything."""
        for point in points:
            self._die(point)
        same, before = 0, self.contents()
        while same < 2 and self.run() != 0:
            assert self.codes[-1] in (1, 4), self.told()
            same, before = (same + 1, before) if self.contents() == before else (0, self.contents())
        self.check()
        self.check_still()

    def _die(self, point: str) -> None:
        """Some changes need a run that ended before; a point no longer met is no point any more."""
        for _ in range(self.scenario.runs):
            if self.run(point) == KILLED:
                return

    def check(self) -> None:
        """One bill at most for every image; what is stored is whole; what is not is named."""
        entries, bills = self.entries(), Counter(bill.business_id for bill in self.simulator.ledger.entries)
        assert len(entries) == IMAGES, self.told()
        assert not [name for name, count in bills.items() if count > 1], self.told()
        assert bills.keys() <= {entry.purchase.business_id for entry in entries}, self.told()  # none forgotten
        for entry in entries:
            self._check_entry(entry, bills[entry.purchase.business_id])
        waiting = any(entry.purchase.phase is Phase.READY for entry in entries)
        assert waiting or not list(self.folder.rglob("*.part")), self.told()

    def _check_entry(self, entry: Entry, bills: int) -> None:
        purchase = entry.purchase
        match purchase.phase:
            case Phase.STORED:
                assert purchase.file
                data = (self.folder / purchase.file.path).read_bytes()
                assert hashlib.sha256(data).hexdigest() == purchase.file.sha256
                assert bills == 1, self.told()
            case Phase.FAILED:
                assert bills == 1, self.told()
            case Phase.REFUSED | Phase.SKIPPED | Phase.PLANNED:
                assert bills == 0 or not purchase.business_id, self.told()
            case Phase.INTENT:
                raise AssertionError(self.told())

    def check_still(self) -> None:
        """Run once more: nothing is sent that buys, and a finished run changes nothing and asks nothing."""
        before, seen = self.contents(), dict(self.simulator.log.counts)
        code = self.run()
        after = dict(self.simulator.log.counts)
        assert after.get("submit", 0) == seen.get("submit", 0), self.told()
        if code in (0, 1):
            assert after == seen, self.told()
            assert self.contents() == before, self.told()

    def stored(self) -> int:
        """How many images are."""
        return sum(entry.purchase.phase is Phase.STORED for entry in self.entries())

    def entries(self) -> tuple[Entry, ...]:
        """What the state file says."""
        with StateFile(self.folder / FILE, read_only=True) as state:
            return state.view().entries

    def contents(self) -> dict[str, str]:
        """The hash of every file of the run folder; the lock file names a process for a while."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and path.name != "run.lock")
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def told(self) -> str:
        """For a failed check: what happened."""
        phases = [(entry.task.id, entry.purchase.phase.value, entry.purchase.sends) for entry in self.entries()]
        output = self.output.read_text()
        return f"codes {self.codes}, phases {phases}, {self.simulator.ledger.double_bills()}\n{output}"


@contextmanager
def trial(scenario: Scenario, home: Path, workshop: Workshop) -> Iterator[Trial]:
    """A fresh folder and a fresh simulator."""
    home.mkdir(parents=True)
    (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (home / "logo.png").write_bytes(png())
    options = SimulatorOptions(
        faults=scenario.faults, key=KEY, tier="unlimited", latency=scenario.latency, pixels=10_000
    )
    with simulator_thread(options) as simulator:
        yield Trial(scenario, home, workshop, simulator)
