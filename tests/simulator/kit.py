"""A simulator with its clients, for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from flux_batch.simulator import Simulator
from flux_batch.simulator.clock import StillClock

KEY = "sk-test-canary-0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running simulator: ``api`` brings the key, ``bare`` brings none."""

    sim: Simulator
    clock: StillClock
    api: httpx.AsyncClient
    bare: httpx.AsyncClient

    async def submit(self, **fields: Any) -> httpx.Response:
        """POST an order, valid unless ``fields`` say otherwise."""
        body = {"model": "flux-kontext-pro", "prompt": "a sage green mug"} | fields
        return await self.api.post("/images/generations", json=body)

    async def status(self, name: str) -> dict[str, Any]:
        """Look a task up."""
        answer: dict[str, Any] = (await self.api.get(f"/images/generations/{name}")).json()
        return answer

    async def made(self, **fields: Any) -> str:
        """POST an order, let its time pass, and hand back the picture's URL."""
        task_id = (await self.submit(**fields)).json()["id"]
        self.clock.advance(1)
        url: str = (await self.status(task_id))["result"]["data"][0]["url"]
        return url

    async def picture(self, **fields: Any) -> bytes:
        """POST an order and download its picture."""
        answer = await self.bare.get(await self.made(**fields))
        assert answer.status_code == 200
        return answer.content


async def until(holds: Callable[[], bool]) -> None:
    """Wait, for at most two seconds on a busy machine, until something holds."""
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to hold")


Start = Callable[..., Awaitable[Running]]
