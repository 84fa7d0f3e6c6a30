"""A project as ``init`` writes it, opened in an editor; one server for all tests of a folder's content."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .editor import SERVER, Editor, Page, node
from .texts import split

MODELINE = "# yaml-language-server: $schema=.flux-batch/spec.schema.json\n"

Show = Callable[..., Page]


def missing() -> str | None:
    """What keeps these tests from running."""
    if node() is None:
        return "Node.js is not installed (scripts/check installs it)"
    return None if SERVER.is_file() else "yaml-language-server is not installed: npm ci --prefix tests/editor"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``flux-batch init`` makes of an empty folder, whose name is not the simplest."""
    folder = tmp_path_factory.mktemp("editor") / "spring mugs #1"
    subprocess.run([sys.executable, "-m", "flux_batch", "init", str(folder)], capture_output=True, check=True)
    return folder


@pytest.fixture(scope="session")
def editor(project: Path) -> Iterator[Editor]:
    """The project's folder opened in an editor. Skips where there is no server, except in CI, which must have one."""
    if reason := missing():
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    running = Editor(project)
    yield running
    running.kill()


@pytest.fixture(scope="session")
def show(editor: Editor, project: Path) -> Show:
    """Opens a text as a new file of the project: ``show("models: |")``, with ``|`` where the cursor is."""
    numbers = itertools.count(1)

    def opened(marked: str, modeline: str = MODELINE) -> Page:
        text, cursor = split(modeline + marked)
        path = project / f"page-{next(numbers)}.yaml"
        editor.open(path, text)
        return Page(editor, path, text, cursor)

    return opened
