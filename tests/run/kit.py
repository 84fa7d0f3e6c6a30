"""What the run tests build with: specs as text, plans, and runs against a real simulator."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from flux_batch.api.client import Timeouts
from flux_batch.api.settings import api_settings
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Plan
from flux_batch.plan.select import Selection
from flux_batch.run.protocol import Rules
from flux_batch.run.records import Phase, RunView
from flux_batch.run.session import Outcome, RunOptions, run_plan
from flux_batch.run.state import FILE, StateFile
from flux_batch.run.watch import Nobody
from flux_batch.simulator import Simulator
from flux_batch.spec.files import inspect_reference
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
