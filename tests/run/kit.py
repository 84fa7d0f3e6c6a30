"""What the run tests build with: specs as text, plans, and runs against a real simulator."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import io
import textwrap
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from flux_batch.api.client import Timeouts
from flux_batch.api.settings import api_settings
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Plan, Reference, Task
from flux_batch.plan.totals.prices import prices_for
from flux_batch.run.options import RunOptions
from flux_batch.run.outcome import Outcome
from flux_batch.run.pace.clock import Clock
from flux_batch.run.protocol.machine import Moment, Rules
from flux_batch.run.records import Phase, RunView
from flux_batch.run.session import run_plan
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.run.watch import Nobody
from flux_batch.simulator import Simulator
from flux_batch.spec.beside.files import inspect_reference
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Spec

KEY = "sk-test-0123456789"

QUICK = Rules(settle=0.3, poll_first=0.02, poll_every=0.03, lookup_delays=(0.02, 0.05, 0.1))
"""The protocol with waiting times for tests."""

MATRIX = """
    version: 1
    name: matrix
    prompt: "a {{ colour }} {{ thing }}"
    variables:
      colour: [red, green, blue]
      thing: [mug, plant]
    ratios: ["1:1", "16:9"]
"""

CHAIN = """
    version: 1
    name: chain
    variables:
      thing: [mug, plant]
    jobs:
      base: {prompt: "a {{ thing }}", ratios: ["1:1"]}
      winter: {edit: base, prompt: "make it winter"}
      card: {edit: winter, prompt: "add a gold frame"}
"""


@dataclass(slots=True)
class Listener(Nobody):
    """Keeps what a run says."""

    said: list[str] = field(default_factory=list)

    def say(self, message: str) -> None:
        """Keep it."""
        self.said.append(message)


@dataclass(slots=True)
class Bench:
    """A folder with a spec and a run, against one simulator."""

    simulator: Simulator
    home: Path
    rules: Rules = QUICK
    watcher: Listener = field(default_factory=Listener)
    clock: Clock | None = None

    @property
    def folder(self) -> Path:
        """The run folder."""
        return self.home / "run"

    def spec(self, text: str) -> Spec:
        """A spec from text, as if it stood in the home folder."""
        return parse_spec(self.home / "spec.yaml", textwrap.dedent(text).lstrip("\n"))

    def run(self, text: str, *, selection: Selection | None = None, **options: Any) -> Outcome:
        """Plan and run a spec."""
        spec = self.spec(text)
        return self.run_plan(spec, plan_of(spec, selection), **options)

    def run_plan(self, spec: Spec, plan: Plan, *, key: str = KEY, concurrency: int = 8, **options: Any) -> Outcome:
        """Run a plan."""
        return run_plan(
            plan,
            spec,
            api_settings(self.simulator.base_url, key),
            RunOptions(
                folder=self.folder,
                concurrency=concurrency,
                rules=self.rules,
                submit_rate=0.0,
                timeouts=Timeouts(connect=2.0, submit=1.0, query=1.0),
                **options,
            ),
            approve=lambda cost, changes: None,
            watcher=self.watcher,
            clock=self.clock,
        )

    def view(self) -> RunView:
        """What the state file says now."""
        with StateFile(self.folder / FILE, read_only=True) as state:
            return state.view()

    def bills(self) -> dict[str, int]:
        """Business id → how often it was billed."""
        counted: dict[str, int] = {}
        for bill in self.simulator.ledger.entries:
            counted[bill.business_id or ""] = counted.get(bill.business_id or "", 0) + 1
        return counted

    def requests(self, place: str) -> int:
        """How many requests of one kind the simulator has seen."""
        return self.simulator.log.counts.get(place, 0)


def png(colour: str = "orange", size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture's bytes."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass(slots=True)
class FakeFiles:
    """Stands in for FileClient: every URL has these bytes; ``error`` is raised behind them."""

    data: bytes
    chunk: int = 100
    error: Exception | None = None
    sent: int = 0

    @asynccontextmanager
    async def stream(self, url: str, *, seconds: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes, in chunks."""
        yield self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.data), self.chunk):
            self.sent += self.chunk
            yield self.data[start : start + self.chunk]
        if self.error:
            raise self.error


@dataclass(slots=True)
class VirtualClock:
    """Time that passes only when told to; sleepers wake one by one, in the order of their times."""

    mono: float = 1000.0
    wall: float = 1_800_000_000.0
    _sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _count: int = 0

    def now(self) -> Moment:
        """Both clocks."""
        return Moment(mono=self.mono, wall=self.wall)

    async def sleep(self, seconds: float) -> None:
        """Wait until ``pass_time`` has come so far."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.mono + seconds, self._count, done))
        await done

    @property
    def sleeping(self) -> int:
        """How many wait now."""
        return sum(not done.done() for _, _, done in self._sleepers)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass on both clocks, and everybody due wake in between."""
        end = self.mono + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, done = heapq.heappop(self._sleepers)
            self._set(max(self.mono, when))
            if not done.done():
                done.set_result(None)
                await settle()
        self._set(end)

    def ring_first(self) -> None:
        """End the shortest sleep without letting its sleeper take a step."""
        when, _, done = heapq.heappop(self._sleepers)
        self._set(when)
        done.set_result(None)

    def _set(self, mono: float) -> None:
        self.wall += mono - self.mono
        self.mono = mono


async def settle() -> None:
    """Let every task run as far as it gets without waiting."""
    for _ in range(30):
        await asyncio.sleep(0)


def make_task(name: str, *, parent: str | None = None, stem: str | None = None, price: str | None = "0.04") -> Task:
    """A task whose key follows from its name; ``parent`` is another task's name."""
    return Task(
        key=key_of(name),
        id=key_of(name)[:12],
        job="job",
        axes={"job": "job", "thing": name, "model": "flux-kontext-pro", "ratio": "1:1", "n": "1"},
        model="flux-kontext-pro",
        prompt=f"a {name}",
        size="1:1",
        reference=Reference(kind="parent", source=key_of(parent)) if parent else None,
        stem=stem or f"job/{name}",
        price=None if price is None else Decimal(price),
    )


def key_of(name: str) -> str:
    """The key of the task of that name."""
    return hashlib.sha256(name.encode()).hexdigest()


def make_plan_with(*tasks: Task, selected: Iterable[str] | None = None, text: str = "a text") -> Plan:
    """A plan of these tasks; ``selected`` are names, all by default."""
    keys = (task.key for task in tasks) if selected is None else (key_of(name) for name in selected)
    return Plan(
        name="made",
        spec_file="made.yaml",
        spec_sha256=hashlib.sha256(text.encode()).hexdigest(),
        tasks=tasks,
        selected=frozenset(keys),
        references=(),
        prices=prices_for(task.model for task in tasks),
    )


def plain_spec(more: str = "") -> Spec:
    """A small valid spec; the run room asks it for its budget, its report and its folder only."""
    return parse_spec(Path("made.yaml"), f"version: 1\nname: made\nprompt: a mug\n{more}")


def plan_of(spec: Spec, selection: Selection | None = None) -> Plan:
    """The plan of a spec."""
    return make_plan(spec, partial(inspect_reference, spec.folder), selection)


def stored(outcome: Outcome) -> int:
    """How many images a run's end shows as stored."""
    return outcome.phases.get(Phase.STORED, 0)


def only(phases: Mapping[Phase, int], phase: Phase) -> bool:
    """Whether every image is in one phase."""
    return {name for name, count in phases.items() if count} == {phase}


def usd(text: str) -> Decimal:
    """An amount, for comparing."""
    return Decimal(text)
