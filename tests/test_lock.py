"""The lock file answers pyproject.toml, with a hash for everything and no host in it; a stale one is told."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCKED: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "locked"))


def test_it_is_not_stale() -> None:
    """Everything that the project asks for is there in a version that will do."""
    assert not LOCKED["missing"](PROJECT, LOCK), "run scripts/lock and commit requirements-dev.lock"


def test_a_stale_one_is_told() -> None:
    """Where a library is missing, and where a version is too old."""
    without = re.sub(r"^click==.*$", "", LOCK, flags=re.MULTILINE)
    assert LOCKED["missing"](PROJECT, without) == ["click<9,>=8.2"]
    older = re.sub(r"^click==\S+", "click==8.1.0", LOCK, flags=re.MULTILINE)
    assert LOCKED["missing"](PROJECT, older) == ["click<9,>=8.2"]


def test_everything_has_its_hashes_and_nothing_names_a_host() -> None:
    """It can be installed from any index, and only what was locked."""
    entries = re.split(r"^(?=[a-z])", LOCK.partition("\n")[2], flags=re.MULTILINE)[1:]
    assert len(entries) > 50
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in LOCK
