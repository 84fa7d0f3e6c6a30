"""What people write instead: a script on plain httpx. Submits, polls, downloads, saves; no state, no checks.

python script_httpx.py IMAGES [--flight N] [--latency SECONDS]
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

import httpx
from measure import workplace


async def one(client: httpx.AsyncClient, base: str, folder: Path, number: int, latency: float) -> None:
    """One image."""
    body = {"model": "flux-kontext-pro", "prompt": f"script {number}", "size": "1:1"}
    task = (await client.post(f"{base}/v1/images/generations", json=body)).json()["id"]
    await asyncio.sleep(latency)
    while True:
        found = (await client.get(f"{base}/v1/images/generations/{task}")).json()
        if found["status"] == "completed":
            break
        await asyncio.sleep(0.2)
    content = (await client.get(found["result"]["data"][0]["url"])).content
    (folder / f"{number}.png").write_bytes(content)


async def main() -> None:
    """All images, so many at a time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("images", type=int)
    parser.add_argument("--flight", type=int, default=400)
    parser.add_argument("--latency", type=float, default=1.0)
    given = parser.parse_args()
    base, gate = os.environ["TOAPIS_BASE_URL"], asyncio.Semaphore(given.flight)
    headers = {"Authorization": f"Bearer {os.environ['TOAPIS_API_KEY']}"}
    limits = httpx.Limits(max_connections=given.flight, max_keepalive_connections=given.flight)
    with workplace() as folder:
        async with httpx.AsyncClient(headers=headers, limits=limits, timeout=60, trust_env=False) as client:

            async def guarded(number: int) -> None:
                async with gate:
                    await one(client, base, folder, number, given.latency)

            await asyncio.gather(*(guarded(number) for number in range(given.images)))


asyncio.run(main())
