"""What GitHub Actions understands: problems as annotations on the lines of a spec, and a step's summary."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from flux_batch.cli.terminal.output import on_github, say, without_controls
from flux_batch.errors import Problem

MOST: Final = 10
"""GitHub shows no more of one step."""

SUMMARY_BYTES: Final = 1024 * 1024
"""GitHub drops a step's summary that is larger."""

CUT: Final = "\n\n*The rest is cut: a summary may have 1 MiB.*\n"


def annotate(problems: Sequence[Problem]) -> None:
    """In GitHub Actions, mark the first problems at their lines; on stderr, so that stdout stays the result."""
    if on_github():
        for problem in problems[:MOST]:
            print(annotation(problem), file=sys.stderr, flush=True)  # noqa: T201


def annotation(problem: Problem) -> str:
    """One problem as GitHub's ``::error`` line; nothing in it can begin a second one."""
    where = {"file": _from_workspace(problem.file), "line": problem.line, "col": problem.column, "title": "flux-batch"}
    said = ",".join(f"{name}={_property(str(value))}" for name, value in where.items())
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return f"::error {said}::{_data(message)}"


def _data(text: str) -> str:
    """Controls go last of all, so that an escaped line break stays one."""
    lines = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return without_controls(lines).replace("##[", "## [")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _from_workspace(file: str) -> str:
    """GitHub looks for files from the top of the repository, wherever the step runs."""
    top = os.environ.get("GITHUB_WORKSPACE")
    full = Path(os.path.abspath(file))  # noqa: PTH100 - a link is named as the repository names it
    return full.relative_to(top).as_posix() if top and full.is_relative_to(top) else file


def append_summary(markdown: str) -> None:
    """In GitHub Actions, add a text to the step's summary; one that cannot be written stops nothing."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    path = Path(name)
    try:
        there = path.stat().st_size if path.exists() else 0
        with path.open("ab") as file:
            file.write(_fitting(without_controls(markdown), SUMMARY_BYTES - there))
    except OSError as error:
        say(f"note: the step's summary could not be written: {error.strerror or error}")


def _fitting(markdown: str, room: int) -> bytes:
    """As many whole lines as there is room for."""
    content = (markdown + "\n").encode("utf-8", "replace")
    if len(content) <= room:
        return content
    left = room - len(CUT.encode())
    return content[: max(0, content.rfind(b"\n", 0, left))] + CUT.encode() if left > 0 else b""
