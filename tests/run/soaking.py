"""The soak: a hostile provider, ``kill -9`` at random moments, and a person who does what the output says.

Nothing else is done than what flux-batch printed: the same command again, ``--retry-failed``, ``resolve``. In the end
every image is stored and paid once.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from flux_batch.run.records import Entry, Phase
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import Simulator, SimulatorOptions, simulator_thread

from .desk import FIRST, Desk, Told
from .hostile import PRICE, budget_for, hostile, write_spec
from .kit import KEY

PATIENCE: Final = 60
"""Commands after the last kill."""

UNBILLED: Final = frozenset({Phase.PLANNED, Phase.REFUSED, Phase.SKIPPED})


@dataclass(slots=True)
class Tally:
    """What the soak met and found; ``bills`` counts how many images were billed how often, refunded ones left out."""

    rounds: int = 0
    kills: int = 0
    images: int = 0
    refunds: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    bills: Counter[int] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        bills = ", ".join(f"{count} billed {_times(bills)}" for bills, count in sorted(self.bills.items()))
        return [
            f"rounds {self.rounds}, killed {self.kills}, commands {self.commands.total()}: " + _counted(self.commands),
            f"faults met {self.faults.total()}: " + _counted(self.faults),
            "named on the way: " + (_counted(self.named) or "nothing"),
            f"images {self.images}: " + _counted(self.ends) + f"; {bills}; {self.refunds} bills refunded on the way",
            f"violations {len(self.violations)}",
            *self.violations,
        ]


def _times(bills: int) -> str:
    return {0: "never", 1: "once"}.get(bills, f"{bills} times")


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

    def play(self, kills: int) -> None:
        """Kill so many processes, then do as the output says until all is stored, and look at everything."""
        write_spec(self.home, self.images)
        desk = Desk(self.home, self.simulator.base_url, self.tally.commands)
        self._kill(desk, kills)
        self._finish(desk)
        self._look_at_the_end()
        self._look_at_files()
        self._look_again(desk)
        self._count()

    def _kill(self, desk: Desk, kills: int) -> None:
        """By the requests that a process has made and a little later, so that no speed of a machine matters much."""
        most = max(2, 4 * self.images // max(1, kills))
        for _ in range(kills):
            told = self._kill_once(desk, self.chance.randint(0, most))
            self.tally.kills += told is None
            self._look("after a kill")
            if told is not None and self._listen(told).code in (0, 1):
                break

    def _kill_once(self, desk: Desk, requests: int) -> Told | None:
        wanted = self._requests() + requests
        more = self.chance.uniform(0, 0.05 if requests else 0.5)
        return desk.type_and_kill(FIRST, lambda: self._requests() >= wanted, more)

    def _finish(self, desk: Desk) -> None:
        """The next command is always one that the last one's output named."""
        command, before = FIRST, None
        for _ in range(PATIENCE):
            told = self._listen(desk.type(command))
            self._look("after a run")
            phases = self._phases()
            if told.code == 0:
                return
            self._check_named(told)
            self._note(told)
            if told.code == 4 and "resolve" in told.advice and phases == before:
                self._decide(desk, told.advice["resolve"])
            before = phases
            command = told.advice.get("ask again" if told.code == 1 else "go on", FIRST)
        self._wrong(f"not done after {PATIENCE} commands: {phases}")

    def _decide(self, desk: Desk, command: Sequence[str]) -> None:
        """A person looks at what is in doubt, and says of what is held: it never arrived."""
        listed = desk.type(command)
        held = [entry.task.id for entry in self._entries() if entry.purchase.phase is Phase.HELD]
        if missing := [name for name in held if f"  {name}  held  " not in listed.out]:
            self._wrong(f"resolve does not list {missing}")
        if "--resend TASK" not in listed.out:
            self._wrong("resolve does not say what can be done")
        self.tally.named["held, listed by resolve"] += len(held)
        resend = [part for name in held for part in ("--resend", name)]
        if resend:
            self._listen(desk.type([*command, *resend, "--yes"]))

    def _listen(self, told: Told) -> Told:
        """Every exit code is one of the contract, and nobody sees a traceback."""
        if told.code not in (0, 1, 4):
            self._wrong(f"exit code {told.code}: {told.err[-300:]}")
        if "Traceback" in told.err:
            self._wrong(f"a traceback: {told.err[-600:]}")
        return told

    def _note(self, told: Told) -> None:
        """For the tally."""
        self.tally.named.update(f"advice to {kind}" for kind in told.advice)
        if told.stopped:
            self.tally.named[f"stopped: {re.sub('[0-9]+ requests', 'requests', told.stopped)[:60]}"] += 1

    def _check_named(self, told: Told) -> None:
        """What is not stored has a reason with its id, and the output says what to type next."""
        if told.refusal:
            self.tally.named[f"could not begin: {told.refusal}"] += 1
            return
        entries, reasons = self._entries(), told.reasons(self.folder)
        open_keys = {entry.task.key for entry in entries if entry.purchase.phase is not Phase.STORED}
        for entry in entries:
            waits = entry.purchase.phase is Phase.PLANNED and (told.stopped or entry.task.parent in open_keys)
            if entry.task.key in open_keys and not waits and not told.stopped and entry.task.id not in reasons:
                self._wrong(f"{entry.task.id} is {entry.purchase.phase}, and nothing says why")
        phases = self._phases()
        wanted = {"go on"} if told.code == 4 else {"ask again"}
        wanted |= {"resolve"} if phases[Phase.HELD] or phases[Phase.UNCERTAIN] else set()
        if missing := wanted - told.advice.keys():
            self._wrong(f"exit {told.code} without the advice to {missing}: {told.err[-300:]}")

    # What must hold ---------------------------------------------------------------------------------------------------

    def _look(self, when: str) -> None:
        """At every moment: nothing billed twice, nothing billed and forgotten, no budget passed."""
        if double := self.simulator.ledger.double_bills():
            self._wrong(f"{when}: billed twice: {double}")
        bills = self.simulator.ledger.entries
        if not (self.folder / FILE).exists():
            return
        by_id = {entry.purchase.business_id: entry for entry in self._entries()}
        for bill in bills:
            entry = by_id.get(bill.business_id)
            if bill.refund_at is None and (entry is None or entry.purchase.phase in UNBILLED):
                self._wrong(f"{when}: {bill.business_id} is billed and forgotten")

    def _look_at_the_end(self) -> None:
        """Every image stored, with one bill that was not refunded; and the book says the same."""
        bills = self._bills()
        for entry in self._entries():
            if (entry.purchase.phase, bills[entry.purchase.business_id or ""]) != (Phase.STORED, 1):
                count = bills[entry.purchase.business_id or ""]
                self._wrong(f"at the end: {entry.task.id} is {entry.purchase.phase} with {count} bills")
        if (bills.total(), self._committed()) != (self.images, (PRICE * self.images, Decimal(0))):
            self._wrong(f"{self.images} images, {bills.total()} bills, {self._committed()} USD in the book")

    def _look_at_files(self) -> None:
        """Every image whole, nothing half done, the key nowhere."""
        for entry in self._entries():
            file = entry.purchase.file
            path = self.folder / file.path if file else self.folder / "nothing"
            if file and (not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256):
                self._wrong(f"{file.path} is not what was stored")
        for path in self.home.rglob("*"):
            if path.suffix == ".part":
                self._wrong(f"{path.name} was left behind")
            if path.is_file() and KEY.encode() in path.read_bytes():
                self._wrong(f"the key is in {path.name}")
        if self.simulator.log.leaks:
            self._wrong("the key went to the file host")

    def _look_again(self, desk: Desk) -> None:
        """A finished run, run again, sends nothing and changes no byte."""
        before, seen = self._contents(), dict(self.simulator.log.counts)
        if desk.type(FIRST).code != 0 or dict(self.simulator.log.counts) != seen:
            self._wrong("a finished run sent requests")
        if self._contents() != before:
            self._wrong("a finished run changed its files")

    # What there is ----------------------------------------------------------------------------------------------------

    def _requests(self) -> int:
        return sum(dict(self.simulator.log.counts).values())

    def _bills(self) -> Counter[str]:
        """Business id → bills that were not refunded."""
        return Counter(bill.business_id or "" for bill in self.simulator.ledger.entries if bill.refund_at is None)

    def _phases(self) -> Counter[Phase]:
        return Counter(entry.purchase.phase for entry in self._entries())

    def _entries(self) -> tuple[Entry, ...]:
        if sum(self._committed()) > budget_for(self.images):
            self._wrong(f"{self._committed()}: the budget is passed")
        with StateFile(self.folder / FILE, read_only=True) as state:
            return state.view().entries

    def _committed(self) -> tuple[Decimal, Decimal]:
        with StateFile(self.folder / FILE, read_only=True) as state:
            return state.committed()

    def _contents(self) -> dict[Path, bytes]:
        paths = (path for path in self.folder.rglob("*") if path.is_file() and path.name != "run.lock")
        return {path: hashlib.sha256(path.read_bytes()).digest() for path in paths}

    def _count(self) -> None:
        bills = self._bills()
        self.tally.images += self.images
        self.tally.refunds += len(self.simulator.ledger) - bills.total()
        for entry in self._entries():
            self.tally.bills[bills[entry.purchase.business_id or ""]] += 1
            self.tally.ends[entry.purchase.phase] += 1
        book = self.simulator.faults
        for rule, count in zip(book.rules, book.fired(), strict=True):
            self.tally.faults[f"{rule.where} {rule.kind}"] += count

    def _wrong(self, what: str) -> None:
        self.tally.violations.append(f"{self.home.name}: {what}")


def soak(home: Path, *, rounds: int, images: int, seed: int, kills: int = 10) -> Iterator[Tally]:
    """Play rounds, telling after each; the seed decides about faults and kills, as far as time lets it."""
    tally = Tally()
    for number in range(seed, seed + rounds):
        options = SimulatorOptions(
            key=KEY, tier="unlimited", latency=(0.05, 0.4), pixels=10_000, seed=number, balance=Decimal(10_000),
            faults=hostile(images),
        )  # fmt: skip
        with simulator_thread(options) as simulator:
            Round(images, home / f"round-{number}", simulator, tally, random.Random(number)).play(kills)
        tally.rounds += 1
        yield tally


def timed(started: float) -> str:
    """Seconds since."""
    return f"{time.monotonic() - started:.0f} s"
