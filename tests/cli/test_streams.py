"""What becomes of a command whose output nobody takes, or that is stopped before it has begun."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .kit import SPECS

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_an_output_that_cannot_be_written_is_a_sentence(more: tuple[str, ...]) -> None:
    """Exit 4, not a bug of ours: with room for it, the same command works."""
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "flux_batch", "plan", SPECS / "quickstart.yaml", *more],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 4
    assert "the output cannot be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stop_while_it_is_still_starting_is_no_traceback() -> None:
    """The commands are imported after the first lines of this script have run."""
    script = "import flux_batch.cli, os, signal; os.kill(os.getpid(), signal.SIGINT)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGINT
    assert done.stderr == "\nStopped.\n"


@pytest.mark.parametrize("arguments", [("plan", "--json"), ("plan",), ("validate", "--json")], ids=" ".join)
def test_a_reader_that_goes_away_is_no_failure(arguments: tuple[str, ...]) -> None:
    """``flux-batch plan … | head -1`` in a script that stops at the first failure."""
    command, *more = arguments
    done = subprocess.Popen(
        [sys.executable, "-m", "flux_batch", command, SPECS / "campaign.yaml", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert done.stdout is not None
    assert done.stderr is not None
    done.stdout.close()
    said = done.stderr.read()
    assert done.wait() == 0
    assert "Error" not in said
    done.stderr.close()
