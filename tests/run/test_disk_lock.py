"""Locks that keep nobody out: tried before every run, on a system whose ``flock`` answers as bad drives do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flux_batch.run.folder.lock import run_lock

ROOT = Path(__file__).parents[2]

TAKE = """
import sys
from pathlib import Path
from flux_batch.errors import LocalFailure
from flux_batch.run.folder.lock import run_lock
try:
    with run_lock(Path(sys.argv[1])):
        print("held")
except LocalFailure as error:
    print(error)
"""


def with_flock(answer: str, folder: Path) -> str:
    """What a process says whose ``flock`` is answered without being asked."""
    if shutil.which("strace") is None:
        pytest.skip("strace is missing")
    trace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=flock", "-e", f"inject=flock:{answer}"]
    probe = subprocess.run([*trace, "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("strace may not trace here")
    command = [*trace, sys.executable, "-c", TAKE, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("answer", ["retval=0", "error=ENOSYS"])
def test_a_lock_that_everybody_gets_is_refused(answer: str, tmp_path: Path) -> None:
    """Every drive that says yes to all, or knows no locks: no run there, and the way out is named."""
    said = with_flock(answer, tmp_path)
    assert "locks do not work on this file system" in said
    assert "--out" in said
    with run_lock(tmp_path):
        pass


def test_a_lock_that_cannot_be_asked_for_is_a_sentence(tmp_path: Path) -> None:
    """A network drive whose lock service is away."""
    assert "No locks available" in with_flock("error=ENOLCK", tmp_path)


def test_the_trial_leaves_the_lock_with_its_holder(tmp_path: Path) -> None:
    """Afterwards it is still held, and names this process."""
    with run_lock(tmp_path):
        assert (tmp_path / "run.lock").read_text() == f"{os.getpid()}\n"
        done = subprocess.run(
            [sys.executable, "-c", TAKE.replace("LocalFailure", "RunLocked"), str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert f"pid {os.getpid()}" in done.stdout
