"""Simulators on free ports, stopped at the end of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from flux_batch.simulator import Simulator, SimulatorOptions
from flux_batch.simulator.clock import StillClock

from .kit import KEY, Running, Start


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Simulators on demand, each with a clock that stands still."""
    async with AsyncExitStack() as stack:

        async def begin(**options: Any) -> Running:
            clock = StillClock()
            small = SimulatorOptions(**({"pixels": 40_000} | options))
            sim = await stack.enter_async_context(Simulator(small, clock))
            headers = {"Authorization": f"Bearer {KEY}"}
            api = httpx.AsyncClient(base_url=sim.base_url, headers=headers, trust_env=False, timeout=5)
            bare = httpx.AsyncClient(trust_env=False, timeout=5)
            for client in (api, bare):
                await stack.enter_async_context(client)
            return Running(sim=sim, clock=clock, api=api, bare=bare)

        yield begin
