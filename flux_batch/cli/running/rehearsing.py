"""A run against a simulator of its own, faster than life but by the same steps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from flux_batch.api.settings import api_settings
from flux_batch.cli.running.carry_out import Ended, carry_out
from flux_batch.plan.records import Plan
from flux_batch.run.asked import Fresh
from flux_batch.run.options import RunOptions
from flux_batch.run.protocol.machine import Rules
from flux_batch.simulator import SimulatorOptions, load_faults, simulator_thread
from flux_batch.spec.records import Spec

KEY: Final = "sk-rehearsal"
LATENCY: Final = (0.2, 0.6)
"""Seconds one image takes in a rehearsal."""

RULES: Final = Rules(settle=3.0, poll_first=0.3, poll_every=0.2, lookup_delays=(0.3, 0.5, 1.0))
"""The run's rules with waiting times that fit the simulator's."""


def rehearsal(spec: Spec, plan: Plan, folder: Path, *, faults: Path | None, command: str) -> Ended:
    """Run a plan on a fresh simulator; raises UsageError for a fault file that cannot be read."""
    simulator = SimulatorOptions(key=KEY, tier="unlimited", latency=LATENCY, balance=None, rehearsal=True)
    if faults is not None:
        rules = load_faults(faults)
        simulator = replace(simulator, faults=rules.faults, seed=rules.seed or 0)
    options = RunOptions(
        folder=folder,
        concurrency=spec.execution.concurrency,
        rules=replace(RULES, resend=spec.execution.when_uncertain == "resend"),
        submit_rate=0.0,
        rehearsal=True,
        retry_failed=True,
    )
    with simulator_thread(simulator) as running:
        settings = api_settings(running.base_url, KEY)
        return carry_out(Fresh(plan=plan, spec=spec), settings, options, yes=True, command=command)
