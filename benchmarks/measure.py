"""Whole processes, timed by the operating system's own accounting, in turn and several times."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of wall clock and of CPU (user and system), and the peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def measure(
    command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | str | None = None
) -> Figures:
    """Run a command to its end; raises RuntimeError when it fails."""
    start = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale)


def pair(ours: Callable[[], Figures], floor: Callable[[], Figures], rounds: int = 3) -> None:
    """Measure both in turn and print medians and ratios."""
    found = [(ours(), floor()) for _ in range(rounds)]
    print(f"{'':<10}{'ours':>10}{'floor':>10}{'ratio':>8}   (median of {rounds}, in turn; ratio: min to max)")
    for name, unit in (("wall", "s"), ("cpu", "s"), ("memory", "MB")):
        mine = [getattr(a, name) for a, _ in found]
        bare = [getattr(b, name) for _, b in found]
        ratios = sorted(a / b for a, b in zip(mine, bare, strict=True))
        medians = f"{statistics.median(mine):>9.2f}{unit[0]}{statistics.median(bare):>9.2f}{unit[0]}"
        print(f"{name:<10}{medians}{statistics.median(ratios):>8.2f}   {ratios[0]:.2f} to {ratios[-1]:.2f}")


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder below this one, for as long as it is needed; ``all.py`` keeps all of them until its own end.

    A file system may be slow to create files when many were deleted a moment ago: ext4 without a journal looks past
    every one of them for five minutes.
    """
    place = Path(tempfile.mkdtemp(dir=Path.cwd()))
    try:
        yield place
    finally:
        if KEEP not in os.environ:
            shutil.rmtree(place, ignore_errors=True)


KEEP: Final = "FLUX_BATCH_BENCH_KEEP"
"""Where it is set, nothing is deleted."""


@contextmanager
def provider(kind: str = "plain", latency: float = 1.0) -> Iterator[dict[str, str]]:
    """The fast server in a process of its own; the environment that leads a client to it."""
    command = [sys.executable, str(HERE / "server.py"), "--kind", kind, "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base = process.stdout.readline().strip()
        try:
            yield {"TOAPIS_BASE_URL": base, "TOAPIS_API_KEY": "sk-bench"}
        finally:
            process.kill()
