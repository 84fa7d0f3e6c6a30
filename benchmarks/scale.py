"""The data plane in this process against 1, 2 and 4 local Dask workers, and what 10 and 100 would do by those numbers.

``scale.py [IMAGES] [ROUNDS]``: PNGs of 1 MP from a host on this machine, 64 in flight, each downloaded, checked, drawn
twice and kept. Starting a cluster is told apart from working on it.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from thumbs import originals

from flux_batch.run.plane.choose import plane_for
from flux_batch.run.plane.cores import cores

WAYS = ("here", "local:1", "local:2", "local:4")
IN_FLIGHT = 64
TOP_TIER = 33.0
"""Submits a second that the provider's highest tier allows: more images a second than that cannot come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Seconds: of one batch on the wall, to start, and CPU of the run's process and of its workers for one image."""

    wall: float
    start: float
    own: float
    workers: float


def measured(way: str, port: int, images: int) -> Parts:
    """One batch in a process of its own."""
    command = [sys.executable, __file__, "child", way, str(port), str(images)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Parts(**json.loads(done.stdout))


def child(way: str, port: int, images: int) -> None:
    """What that process does."""
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(_batch(way, port, images, Path(home)))))


async def _batch(way: str, port: int, images: int, folder: Path) -> dict[str, float]:
    gate, begun = asyncio.Semaphore(IN_FLIGHT), time.perf_counter()
    async with plane_for(folder, loopback=True, dask=None if way == "here" else way) as plane:

        async def one(number: int) -> None:
            async with gate:
                await plane.bring(f"http://127.0.0.1:{port}/{number}", f"{number}")

        await one(0)  # imports
        ready, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one(number) for number in range(1, images)))
        wall, own = time.perf_counter() - ready, time.process_time() - cpu
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    workers = (others.ru_utime + others.ru_stime) / images
    return {"wall": wall, "start": ready - begun, "own": own / images, "workers": workers}


def serve(folder: str, ready: Any) -> None:
    """The host: files of a folder, by number."""
    files = sorted((Path(folder) / "images").iterdir())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files[int(self.path[1:]) % len(files)].read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ready.send(server.server_port)
        server.serve_forever()


def simulated(images: int, servers: int, *, own: float, work: float, rate: float = 0.0) -> tuple[float, float]:
    """Images a second and the share of time that the workers' cores are busy.

    Every image passes the one process (``own`` seconds) and then the first free core (``work`` seconds); with ``rate``
    no more than that many arrive a second.
    """
    free, one, end = [0.0] * servers, 0.0, 0.0
    for number in range(images):
        one = max(one, number / rate if rate else 0.0) + own
        done = max(one, heapq.heappop(free)) + work
        heapq.heappush(free, done)
        end = max(end, done)
    return images / end, images * work / (servers * end)


def show(images: int, found: dict[str, Sequence[Parts]]) -> None:
    """Two tables."""
    print(f"{images} PNGs of 1 MP, {IN_FLIGHT} in flight, {cores()} cores, median of {len(found['here'])} (min to max)")
    print(f"{'plane':<9}{'wall s':>18}{'images/s':>10}{'start s':>9}{'CPU ms an image: run':>22}{'workers':>9}")
    for way, rounds in found.items():
        walls = sorted(each.wall for each in rounds)
        wall = statistics.median(walls)
        start, own, workers = (statistics.median(getattr(each, name) for each in rounds) for name in _COLUMNS)
        spread = f"{wall:.2f} ({walls[0]:.2f}-{walls[-1]:.2f})"
        print(f"{way:<9}{spread:>18}{(images - 1) / wall:>10.1f}{start:>9.2f}{own * 1000:>22.1f}{workers * 1000:>9.1f}")
    own = statistics.median(each.own for each in found["local:2"])
    work = statistics.median(each.own for each in found["here"])
    print(
        f"\nsimulated, {own * 1000:.1f} ms in the run's process, {work * 1000:.1f} ms on a core of a worker that has 2"
    )
    print(f"{'workers':<9}{'images/s':>10}{'cores busy':>12}{'   at the top tier, 33/s':>24}{'cores busy':>12}")
    for count in (1, 2, 4, 10, 100):
        most, busy = simulated(20_000, 2 * count, own=own, work=work)
        capped, idle = simulated(20_000, 2 * count, own=own, work=work, rate=TOP_TIER)
        print(f"{count:<9}{most:>10.1f}{busy:>12.0%}{capped:>24.1f}{idle:>12.0%}")


_COLUMNS = ("start", "own", "workers")


def main(images: int, rounds: int) -> None:
    """All ways in turn."""
    ours, theirs = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as home:
        originals(Path(home), images)
        host = multiprocessing.Process(target=serve, args=(home, theirs), daemon=True)
        host.start()
        port = ours.recv()
        every = [[measured(way, port, images) for way in WAYS] for _ in range(rounds)]
        host.terminate()
        host.join()
    show(images, {way: [each[place] for each in every] for place, way in enumerate(WAYS)})


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
