"""The floor of a run: submit, poll, download, forget.

With ``--pictures`` it also decodes and makes thumbnails; with ``--keep FOLDER`` it does all that a file needs to be
kept as safely as a run keeps it (hash, checksums, decoding, thumbnails, write, sync, rename, sync of the folder), and
still knows nothing of money, of what it did before, or of a page.

python floor_run.py IMAGES [--flight N] [--latency SECONDS] [--pictures | --keep FOLDER]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
    large = _fitted(picture, LARGE)
    return _webp(large), _webp(_fitted(large, SMALL))


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    """A smaller picture stays as it is, as in a run."""
    return picture if picture.width <= side else picture.resize((side, side), Image.Resampling.LANCZOS)


def keep(data: bytes, folder: Path, number: int) -> None:
    """The whole way of a file from memory to where it stays."""
    hashlib.sha256(data).hexdigest()
    Image.open(io.BytesIO(data)).verify()
    large, small = look(data)
    for size, content in ((LARGE, large), (SMALL, small)):
        (folder / "thumbs" / f"{number}-{size}.webp").write_bytes(content)
    part = folder / f"{number}.part"
    with part.open("wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())
    part.replace(folder / f"{number}.png")
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


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
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    base, gate = os.environ["TOAPIS_BASE_URL"], asyncio.Semaphore(given.flight)
    headers = {"Authorization": f"Bearer {os.environ['TOAPIS_API_KEY']}"}
    loop, threads = asyncio.get_running_loop(), ThreadPoolExecutor(max_workers=2)
    if given.keep:
        (given.keep / "thumbs").mkdir(parents=True)

    async def whole(session: aiohttp.ClientSession, number: int) -> None:
        async with gate:
            data = await one(session, base, number, given.latency)
            if given.keep:
                await loop.run_in_executor(threads, keep, data, given.keep, number)
            elif given.pictures:
                await loop.run_in_executor(threads, look, data)

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(whole(session, number) for number in range(given.images)))


asyncio.run(main())
