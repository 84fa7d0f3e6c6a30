"""The system says that a sync of the state file failed: the run ends, and nothing is bought on its word any more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from flux_batch.run.records import Phase
from flux_batch.run.store.state import FILE, StateFile

from .conftest import MakeBench
from .kit import KEY, Bench

SPEC = """
    version: 1
    name: sync
    prompt: "a {{ thing }}"
    variables: {thing: [mug, plant, chair]}
    ratios: ["1:1"]
    execution: {concurrency: 1, submit_rate: 0, settle_seconds: 0.3, poll: {first: 0.03, every: 0.03}}
"""
IMAGES = 3
ROLLBACK = 2
"""Syncs with which SQLite itself takes the failed commit back: of the file and of its journal. A commit takes four."""

FAILED = re.compile(r"^\d+ +(\d+\.\d+) f(?:data)?sync\(.*\(INJECTED\)", re.MULTILINE)


def may_trace() -> bool:
    """Whether strace is here and allowed to inject."""
    if shutil.which("strace") is None:
        return False
    probe = ["strace", "-o", os.devnull, "-e", "inject=fsync:error=EIO:when=1", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module", autouse=True)
def _tracing() -> None:
    if not may_trace():
        pytest.skip("strace is missing or may not trace here")


def run(bench: Bench, *before: str) -> subprocess.CompletedProcess[str]:
    """The command line itself, behind another command."""
    (bench.home / "spec.yaml").write_text(textwrap.dedent(SPEC).lstrip(), encoding="utf-8")
    command = [*before, sys.executable, "-m", "flux_batch", "run", "spec.yaml", "--yes", "--out", "run"]
    environment = {**os.environ, "TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": bench.simulator.base_url}
    done = subprocess.run(
        command, cwd=bench.home, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def failing_sync(bench: Bench, number: int) -> list[str]:
    """The ``number``-th sync of each thread fails, of the state file and its journal only."""
    inject = f"inject=fsync,fdatasync:error=EIO:when={number}"
    names = [part for name in (FILE, f"{FILE}-journal") for part in ("-P", str(bench.folder / name))]
    trace = ["-e", "trace=fsync,fdatasync", "-e", inject]
    return ["strace", "-f", "-qq", "-ttt", "-o", str(bench.home / "trace.txt"), *names, *trace]


@pytest.mark.parametrize("number", [1, 3, 8, 15])
def test_after_a_failed_sync_of_the_state_file_nothing_is_sent(number: int, make_bench: MakeBench) -> None:
    """Whichever sync it is: exit 4, no request to buy after it, no second try; then one bill for each image."""
    bench = make_bench(latency=(0.0, 0.01))
    done = run(bench, *failing_sync(bench, number))
    trace = Path(bench.home, "trace.txt").read_text()
    failed = [float(at) for at in FAILED.findall(trace)]
    assert done.returncode == 4, done.stderr
    assert "disk I/O error" in done.stderr
    assert len(failed) == 1
    after = trace[FAILED.search(trace).end() :].strip().splitlines()  # type: ignore[union-attr]
    assert len(after) <= ROLLBACK, trace
    sent = [each.at for each in bench.simulator.log.arrivals if each.place == "submit"]
    assert not [at for at in sent if at > failed[0]]
    finish(bench)


def finish(bench: Bench) -> None:
    """The next run makes everything, and each is billed once."""
    done = run(bench)
    assert done.returncode == 0, done.stderr
    with StateFile(bench.folder / FILE, read_only=True) as state:
        assert state.counts() == {Phase.STORED: IMAGES}
    assert sorted(bench.bills().values()) == [1] * IMAGES
