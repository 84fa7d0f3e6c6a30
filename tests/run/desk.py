"""Somebody at a terminal: types commands, reads what they say, and sometimes pulls the plug."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .kit import KEY
from .sweeping import ROOT

FIRST: Final[Sequence[str]] = ("run", "spec.yaml", "--out", "run")

ADVICE: Final = {
    "go on": re.compile(r"^Nothing is lost\. To go on: flux-batch (.+)$", re.MULTILINE),
    "ask again": re.compile(r"^To ask again for what (?:failed|was refused, too): flux-batch (.+)$", re.MULTILINE),
    "resolve": re.compile(r"^To decide yourself about what is in doubt: flux-batch (.+)$", re.MULTILINE),
}
"""What the output may advise, and the command in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def advice(self) -> dict[str, list[str]]:
        """What to type next, by its kind."""
        found = {kind: pattern.search(self.err) for kind, pattern in ADVICE.items()}
        return {kind: shlex.split(match[1]) for kind, match in found.items() if match}

    @property
    def stopped(self) -> str | None:
        """Why a run stopped early, by its own word."""
        found: str | None = self._json().get("stopped")
        return found

    @property
    def refusal(self) -> str | None:
        """Why a command could not begin at all."""
        found: str | None = self._json().get("error", {}).get("message")
        return found

    def reasons(self, folder: Path) -> dict[str, str]:
        """Task id → why it is not stored: from the answer of the command and from the manifest it wrote."""
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        errors = {task["id"]: task["error"]["message"] for task in manifest["tasks"] if task["error"]}
        left: dict[str, str] = self._json().get("left", {})
        return errors | left

    def _json(self) -> dict[str, Any]:
        return dict(json.loads(self.out)) if self.out.startswith("{") else {}


@dataclass(slots=True)
class Desk:
    """A terminal in a folder; everything said is kept there in ``said``."""

    home: Path
    base_url: str
    commands: Counter[str]

    def type(self, command: Sequence[str]) -> Told:
        """One command, to its end."""
        process = self._start(command)
        return self._read(process.wait())

    def type_and_kill(self, command: Sequence[str], is_time: Callable[[], bool], more: float) -> Told | None:
        """One command, killed ``more`` seconds after it is time; what it said if it ended before."""
        process, due = self._start(command), None
        while process.poll() is None:
            if due is None and is_time():
                due = time.monotonic() + more
            if due is not None and time.monotonic() >= due:
                process.kill()
                return None if process.wait() < 0 else self._read(process.returncode)
            time.sleep(0.002)
        return self._read(process.returncode)

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        words = [*command, "--yes", "--json"] if command[0] == "run" else list(command)
        self.commands[" ".join(words[:1] + [word for word in words if word in ("--retry-failed", "--resend")][:1])] += 1
        ours = {"TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": self.base_url, "PYTHONPATH": str(ROOT)}
        said = self.home / "said"
        said.mkdir(exist_ok=True)
        name = said / f"{self.commands.total():04}"
        with name.with_suffix(".out").open("wb") as out, name.with_suffix(".err").open("wb") as err:
            arguments = [sys.executable, "-m", "tests.run.failing", *words]
            return subprocess.Popen(arguments, cwd=self.home, env={**os.environ, **ours}, stdout=out, stderr=err)

    def _read(self, code: int) -> Told:
        name = self.home / "said" / f"{self.commands.total():04}"
        out, err = (name.with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".out", ".err"))
        return Told(code=code, out=out, err=err)
