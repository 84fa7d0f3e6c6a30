"""The command line as a user meets it: a process of its own, its exit code, and both of its streams."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flux_batch.simulator import Simulator
from tests.canary import check_said

SPECS = Path(__file__).parents[2] / "specs"
CANARY = "sk-canary-7f3a9e51c2d84b60"

FAST = ("--set", "execution.poll={first: 0.05, every: 0.05}", "--submit-rate", "0")
"""Options that make a run wait as little as the simulator needs."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Stdout as the one JSON object it must be."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


@dataclass(frozen=True, slots=True)
class Desk:
    """A project folder with the example specs, and a simulator to run against."""

    home: Path
    simulator: Simulator | None = None

    def __call__(self, *arguments: str, **environment: str) -> Result:
        """Run ``flux-batch`` here; no output may hold a traceback or the key."""
        done = subprocess.run(
            [sys.executable, "-m", "flux_batch", *arguments],
            cwd=self.home,
            env={**self.environment(), **environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        check_said(done.stdout, done.stderr)
        return Result(done.returncode, done.stdout, done.stderr)

    def environment(self) -> dict[str, str]:
        """Nothing of this machine's settings, and the simulator as the API."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOAPIS_", "FLUX_BATCH_"))}
        if self.simulator is None:
            return kept
        return {**kept, "TOAPIS_BASE_URL": self.simulator.base_url, "TOAPIS_API_KEY": CANARY}

    def write(self, name: str, text: str) -> Path:
        """Put a file into the folder."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def requests(self) -> int:
        """How many requests the simulator has seen."""
        assert self.simulator is not None
        return sum(self.simulator.log.counts.values())


def furnish(home: Path) -> Path:
    """A folder with the example specs in it."""
    shutil.copytree(SPECS, home / "specs")
    return home
