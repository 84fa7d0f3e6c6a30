"""Desks: a project folder, with and without a simulator behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flux_batch.simulator import Fault, SimulatorOptions, simulator_thread
from tests.canary import no_key_is_written, pytest_runtest_makereport  # noqa: F401

from .kit import CANARY, Desk, furnish

MakeDesk = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A project without an API."""
    return Desk(furnish(tmp_path))


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[MakeDesk]:
    """Make a project with a simulator that misbehaves as told."""
    with ExitStack() as stack:

        def make(*faults: Fault, **options: object) -> Desk:
            chosen = {"key": CANARY, "tier": "unlimited", "latency": (0.02, 0.08), "pixels": 10_000, **options}
            simulator = stack.enter_context(simulator_thread(SimulatorOptions(faults=faults, **chosen)))  # type: ignore[arg-type]
            return Desk(furnish(tmp_path), simulator)

        yield make


@pytest.fixture
def live_desk(make_desk: MakeDesk) -> Desk:
    """A project with a simulator that behaves."""
    return make_desk()
