"""The floor of a run: submit, poll, download, forget; with ``--pictures`` it also decodes and makes thumbnails.

python floor_run.py IMAGES [--flight N] [--latency SECONDS] [--pictures]
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
from concurrent.futures import ThreadPoolExecutor

import aiohttp
from PIL import Image


async def one(session: aiohttp.ClientSession, base: str, number: int, latency: float) -> bytes:
    """One image: the network's part of it."""
    body = {
        "model": "flux-kontext-pro",
        "prompt": f"floor {number}",
        "size": "1:1",
        "client_business_id": f"f-{number}",
    }
    async with session.post(f"{base}/v1/images/generations", json=body) as answer:
        task = (await answer.json())["id"]
    await asyncio.sleep(latency)
    while True:
        async with session.get(f"{base}/v1/images/generations/{task}") as answer:
            found = await answer.json()
        if found["status"] == "completed":
            break
        await asyncio.sleep(0.2)
    async with session.get(found["result"]["data"][0]["url"]) as answer:
        return await answer.read()


def look(data: bytes) -> tuple[bytes, ...]:
    """Decode it once and make the two thumbnails from that."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    large = picture.resize((LARGE, LARGE), Image.Resampling.LANCZOS)
    small = large.resize((SMALL, SMALL), Image.Resampling.LANCZOS)
    return _webp(large), _webp(small)


def _webp(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue()


SMALL, LARGE = 320, 800
"""Pixels, as the run's own thumbnails have."""


async def main() -> None:
    """All images, so many at a time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("images", type=int)
    parser.add_argument("--flight", type=int, default=400)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--pictures", action="store_true")
    given = parser.parse_args()
    base, gate = os.environ["TOAPIS_BASE_URL"], asyncio.Semaphore(given.flight)
    headers = {"Authorization": f"Bearer {os.environ['TOAPIS_API_KEY']}"}
    loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor(max_workers=2)

    async def whole(session: aiohttp.ClientSession, number: int) -> None:
        async with gate:
            data = await one(session, base, number, given.latency)
            if given.pictures:
                await loop.run_in_executor(threads, look, data)

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(whole(session, number) for number in range(given.images)))


asyncio.run(main())
