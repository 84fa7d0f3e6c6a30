"""Picks files as the sheet writes them, from a run's manifest."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from pathlib import Path
from typing import Any

from .kit import Desk

RUN = "quickstart-rehearsal"


def rehearsed(home: Path, spec: str = "specs/quickstart.yaml") -> Path:
    """A project in which a spec was rehearsed."""
    result = Desk(home)("rehearse", spec)
    assert result.code == 0, result.err
    return home


def tasks(desk: Desk, run: str = RUN) -> list[dict[str, Any]]:
    """The images of a run."""
    manifest = json.loads((desk.home / "runs" / run / "manifest.json").read_text("utf-8"))
    return list(manifest["tasks"])


def mark(
    desk: Desk,
    name: str,
    reviewer: str,
    say: Callable[[int], dict[str, Any]],
    *,
    run: str = RUN,
    only: Container[int] | None = None,
) -> Path:
    """A reviewer's file; ``say`` gives the marks of the image with this number."""
    told = ("id", "key", "axes", "prompt", "model", "size")
    picks = [
        {"sha256": task["file"]["sha256"], **{key: task[key] for key in told}, **say(number)}
        for number, task in enumerate(tasks(desk, run))
        if only is None or number in only
    ]
    made = "2026-11-24T09:30:00.000Z"
    document = {"format": 1, "run": run, "reviewer": reviewer, "made": made, "picks": picks}
    return desk.write(name, json.dumps(document))
