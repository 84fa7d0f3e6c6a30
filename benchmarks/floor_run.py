"""The floor of a run: submit, poll, download, forget."""

from __future__ import annotations

import asyncio
import os
import sys

import aiohttp


async def one(session: aiohttp.ClientSession, base: str, gate: asyncio.Semaphore, number: int) -> None:
    """One image."""
    body = {"model": "flux-kontext-pro", "prompt": f"floor {number}", "size": "1:1"}
    async with gate:
        async with session.post(f"{base}/images/generations", json=body) as answer:
            task = (await answer.json())["id"]
        await asyncio.sleep(1)
        while True:
            async with session.get(f"{base}/images/generations/{task}") as answer:
                found = await answer.json()
            if found["status"] == "completed":
                break
            await asyncio.sleep(0.2)
        async with session.get(found["result"]["data"][0]["url"]) as answer:
            await answer.read()


async def main() -> None:
    """All images, 64 at a time."""
    base, gate = os.environ["TOAPIS_BASE_URL"], asyncio.Semaphore(64)
    headers = {"Authorization": f"Bearer {os.environ['TOAPIS_API_KEY']}"}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(one(session, base, gate, number) for number in range(int(sys.argv[1]))))


asyncio.run(main())
