"""Benches: a home folder and a simulator that misbehaves as told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flux_batch.simulator import Fault, SimulatorOptions, simulator_thread
from tests.canary import no_key_is_written, pytest_runtest_makereport  # noqa: F401

from .kit import KEY, Bench

MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[MakeBench]:
    """Make benches; every simulator stops at the end."""
    with ExitStack() as stack:

        def make(*faults: Fault, **options: object) -> Bench:
            chosen = {"key": KEY, "tier": "unlimited", "latency": (0.02, 0.08), "pixels": 10_000, **options}
            simulator = stack.enter_context(simulator_thread(SimulatorOptions(faults=faults, **chosen)))  # type: ignore[arg-type]
            return Bench(simulator, tmp_path)

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A bench whose simulator behaves."""
    return make_bench()
