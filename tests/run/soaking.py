"""The soak: rounds of a hostile provider and ``kill -9`` at random moments, until every image has come to its end."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from flux_batch.run.records import Entry, Phase
from flux_batch.run.state import FILE, StateFile
from flux_batch.simulator import Fault, Simulator, SimulatorOptions, fault, simulator_thread

from .kit import KEY, png
from .sweeping import ROOT

PRICE: Final = Decimal("0.04")
MARGIN: Final = 10
"""Images more than the plan that the budget has room for: requests in doubt count once for every time sent."""

PATIENCE: Final = 8
"""Undisturbed runs after the last kill."""

ENDS: Final = frozenset({Phase.STORED, Phase.FAILED, Phase.SKIPPED, Phase.HELD})
"""Where an image may stay; a held one was lost twice, was never billed, and is named with what to do."""

SPEC: Final = """\
version: 1
name: soak
budget: {{max: {budget}}}
jobs:
  base: {{prompt: "item {{{{ item }}}}", variables: {{item: {items}}}}}
  logo: {{prompt: "this on marble", reference: logo.png, repeat: 2}}
  winter: {{edit: logo, prompt: "make it winter"}}
ratios: ["1:1"]
execution:
  concurrency: 12
  submit_rate: 0
  settle_seconds: 1.5
  poll: {{first: 0.05, every: 0.1}}
"""


def hostile() -> tuple[Fault, ...]:
    """Everything at once, each now and then. What the provider hides, it hides for less than the settle window."""
    return (
        fault("throttle", where="submit", seconds=0.2, probability=0.06),
        fault("throttle", where="submit", retry_after="soon", probability=0.01),
        fault("error", where="submit", status=503, code="rate_limit_unavailable", retry_after="0.1", probability=0.04),
        fault("error", where="submit", status=500, probability=0.04),
        fault("error", where="submit", status=502, billed=True, html=True, probability=0.08),
        fault("error", where="submit", status=524, billed=True, html=True, probability=0.03),
        fault("cut", where="submit", probability=0.08),
        fault("cut", where="submit", billed=False, probability=0.05),
        fault("hang", where="submit", seconds=1, probability=0.03),
        fault("slow", where="submit", seconds=0.5, billed=False, probability=0.04),
        fault("late", where="submit", seconds=0.4, probability=0.03),
        fault("odd_body", where="submit", probability=0.04),
        fault("odd_body", where="submit", body='{"data": []}', probability=0.03),
        fault("redirect", where="submit", probability=0.02),
        fault("lookup_lag", lookups=2, probability=0.3),
        fault("stall", seconds=1, probability=0.05),
        fault("fail", probability=0.03),
        fault("error", where="status", status=502, html=True, probability=0.08),
        fault("error", where="status", status=500, probability=0.04),
        fault("throttle", where="status", seconds=0.1, probability=0.04),
        fault("cut", where="status", probability=0.05),
        fault("hang", where="status", seconds=0.5, probability=0.02),
        fault("odd_body", where="status", probability=0.04),
        fault("word", where="status", probability=0.05),
        fault("truncate", where="file", probability=0.08),
        fault("truncate", where="file", content_length=False, probability=0.08),
        fault("html", where="file", probability=0.06),
        fault("expire", where="file", probability=0.05),
        fault("cut", where="file", probability=0.06),
        fault("error", where="file", status=503, probability=0.05),
        fault("redirect", where="file", location="/nowhere", probability=0.03),
        fault("drip", where="file", chunk=2048, seconds=0.02, probability=0.1),
        fault("cut", where="upload", probability=0.3),
        fault("error", where="balance", status=500, probability=0.2),
    )


@dataclass(slots=True)
class Tally:
    """What the soak met and found; ``ends`` counts phases, ``bills`` how many images were billed how often."""

    rounds: int = 0
    processes: int = 0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    bills: Counter[int] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"rounds {self.rounds}, processes {self.processes}, killed {self.kills}",
            f"faults met {self.faults.total()}: " + _counted(self.faults),
            "bills per image: " + ", ".join(f"{count} with {bills}" for bills, count in sorted(self.bills.items())),
            "ends: " + _counted(self.ends),
            f"violations {len(self.violations)}",
            *self.violations,
        ]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


@dataclass(slots=True)
class Round:
    """One run folder against one hostile simulator."""

    images: int
    home: Path
    simulator: Simulator
    tally: Tally
    chance: random.Random

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.home / "run"

    @property
    def budget(self) -> Decimal:
        """USD."""
        return PRICE * (self.images + MARGIN)

    def play(self, kills: int, pause: tuple[float, float]) -> None:
        """Kill so many processes, each after a while, then let the run come to its end and look at it."""
        self._write_spec()
        for _ in range(kills):
            if self._run_for(self.chance.uniform(*pause)) is not None:
                break
            self._look("after a kill", over=False)
        before: Counter[Phase] | None = None
        for _ in range(PATIENCE):
            if self._run_for(None) in (0, 1) or (self._phases().keys() <= ENDS and before == self._phases()):
                break
            before = self._phases()
            self._look("after a run", over=False)
        self._look("at the end", over=True)
        self._look_at_files()
        self._look_again()
        self._count()

    def _write_spec(self) -> None:
        self.home.mkdir(parents=True)
        (self.home / "logo.png").write_bytes(png())
        text = SPEC.format(items=list(range(self.images - 4)), budget=self.budget)
        (self.home / "spec.yaml").write_text(text, encoding="utf-8")

    def _run_for(self, seconds: float | None) -> int | None:
        """One process; its exit code, None when it was killed."""
        command = [sys.executable, "-m", "tests.run.failing", "run", "spec.yaml", "--yes", "--json", "--out", "run"]
        environment = {"TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": self.simulator.base_url, "PYTHONPATH": str(ROOT)}
        self.tally.processes += 1
        with (self.home / "output.txt").open("ab") as output:
            process = subprocess.Popen(
                command, cwd=self.home, env={**os.environ, **environment}, stdout=output, stderr=output
            )
            try:
                code = process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.tally.kills += 1
                return None
        if code not in (0, 1, 4):
            self._wrong(f"exit code {code}")
        return code

    def _look(self, when: str, *, over: bool) -> None:
        """What must hold at every moment."""
        double = self.simulator.ledger.double_bills()
        if double:
            self._wrong(f"{when}: billed twice: {double}")
        if not (self.folder / FILE).exists():
            return
        entries = self._entries()
        by_id = {entry.purchase.business_id: entry for entry in entries}
        for bill in self.simulator.ledger.entries:
            entry = by_id.get(bill.business_id)
            if entry is None or entry.purchase.phase in (Phase.PLANNED, Phase.REFUSED, Phase.SKIPPED):
                self._wrong(f"{when}: {bill.business_id} is billed and forgotten")
        if over:
            held = {entry.task.key for entry in entries if entry.purchase.phase is Phase.HELD}
            for entry in entries:
                if entry.purchase.phase is not Phase.PLANNED or entry.task.parent not in held:
                    self._look_at_end(entry)

    def _look_at_end(self, entry: Entry) -> None:
        """Stored; or failed at the provider; or held and named, and then there is no bill either.

        Only the edit of a held image may still be planned: it waits for what a person decides about that one.
        """
        bills = [bill.business_id for bill in self.simulator.ledger.entries].count(entry.purchase.business_id)
        paid = {Phase.STORED: 1, Phase.FAILED: 1, Phase.SKIPPED: 0, Phase.HELD: 0}.get(entry.purchase.phase)
        if (bills if entry.purchase.business_id else 0) != paid:
            self._wrong(f"at the end: {entry.task.id} is {entry.purchase.phase} with {bills} bills")

    def _phases(self) -> Counter[Phase]:
        return Counter(entry.purchase.phase for entry in self._entries())

    def _entries(self) -> tuple[Entry, ...]:
        with StateFile(self.folder / FILE, read_only=True) as state:
            if sum(state.committed()) > self.budget:
                self._wrong(f"{sum(state.committed())} of {self.budget} USD: the budget is passed")
            return state.view().entries

    def _look_at_files(self) -> None:
        """Every image whole, nothing half done, the key nowhere."""
        for entry in self._entries():
            file = entry.purchase.file
            if file is None:
                continue
            path = self.folder / file.path
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
                self._wrong(f"{file.path} is not what was stored")
        for path in self.home.rglob("*"):
            if path.suffix == ".part":
                self._wrong(f"{path.name} was left behind")
            if path.is_file() and KEY.encode() in path.read_bytes():
                self._wrong(f"the key is in {path.name}")
        if self.simulator.log.leaks:
            self._wrong("the key went to the file host")

    def _look_again(self) -> None:
        """A finished run, run again, sends nothing and changes no byte."""
        before, seen = self._contents(), dict(self.simulator.log.counts)
        finished = self._run_for(None) in (0, 1)
        after = dict(self.simulator.log.counts)
        if after.get("submit") != seen.get("submit") or (finished and after != seen):
            self._wrong("a finished run sent requests")
        if finished and self._contents() != before:
            self._wrong("a finished run changed its files")

    def _contents(self) -> dict[Path, bytes]:
        paths = (path for path in self.folder.rglob("*") if path.is_file() and path.name != "run.lock")
        return {path: hashlib.sha256(path.read_bytes()).digest() for path in paths}

    def _count(self) -> None:
        bills = Counter(bill.business_id for bill in self.simulator.ledger.entries)
        for entry in self._entries():
            self.tally.bills[bills[entry.purchase.business_id] if entry.purchase.business_id else 0] += 1
            self.tally.ends[entry.purchase.phase] += 1
        book = self.simulator.faults
        for rule, count in zip(book.rules, book.fired(), strict=True):
            self.tally.faults[f"{rule.where} {rule.kind}"] += count

    def _wrong(self, what: str) -> None:
        self.tally.violations.append(f"{self.home.name}: {what}")


def soak(
    home: Path,
    *,
    rounds: int,
    images: int,
    seed: int,
    kills: int = 10,
    pause: tuple[float, float] = (0.8, 2.5),
    faults: Sequence[Fault] | None = None,
) -> Iterator[Tally]:
    """Play rounds, telling after each; ``pause`` is the least and the most seconds that a process lives."""
    tally = Tally()
    for number in range(rounds):
        options = SimulatorOptions(
            key=KEY, tier="unlimited", latency=(0.05, 0.4), pixels=10_000, seed=seed + number, balance=Decimal(10_000),
            faults=tuple(hostile() if faults is None else faults),
        )  # fmt: skip
        with simulator_thread(options) as simulator:
            place = home / f"round-{seed + number}"
            Round(images, place, simulator, tally, random.Random(seed + number)).play(kills, pause)
        tally.rounds += 1
        yield tally


def timed(started: float) -> str:
    """Seconds since."""
    return f"{time.monotonic() - started:.0f} s"
