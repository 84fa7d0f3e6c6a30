"""Simulators in a thread of their own, so that the client under test has its event loop to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from flux_batch.simulator import Simulator, SimulatorOptions, simulator_thread
from flux_batch.simulator.clock import StillClock
from tests.canary import no_key_is_written, pytest_runtest_makereport  # noqa: F401

Simulate = Callable[..., Simulator]


@pytest.fixture
def simulate() -> Iterator[Simulate]:
    """Simulators on demand, each with a clock that stands still."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Simulator:
            small: dict[str, Any] = {"pixels": 10_000, "tier": "unlimited"}
            return stack.enter_context(simulator_thread(SimulatorOptions(**(small | options)), StillClock()))

        yield begin


@pytest.fixture
def sim(simulate: Simulate) -> Simulator:
    """A simulator that behaves."""
    return simulate()
