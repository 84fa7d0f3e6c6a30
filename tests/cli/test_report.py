"""``report``: another heading, one file for an e-mail, and a sheet that is being filled."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .kit import Desk, furnish
from .marking import RUN, mark, rehearsed


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished rehearsal, made once."""
    return rehearsed(furnish(tmp_path_factory.mktemp("report")))


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Desk:
    """A copy of it."""
    return Desk(shutil.copytree(home, tmp_path / "project"))


def test_a_title_for_once(desk: Desk) -> None:
    """It is shown as text, and forgotten with the next report."""
    page = desk.home / "runs" / RUN / "index.html"
    before = page.read_bytes()
    assert desk("report", RUN, "--title", "Round <2>\x1b[31m").code == 0
    assert '<h1 dir="auto">Round &lt;2&gt;' in page.read_text("utf-8")
    assert desk("report", RUN).code == 0
    assert page.read_bytes() == before


def test_a_single_file_of_what_was_picked(desk: Desk) -> None:
    """Its size is told; the default name is the run's."""
    mark(desk, "ann.json", "Ann", lambda number: {"flag": "pick" if number < 3 else None})
    result = desk("report", RUN, "--single-file", "--picked", "--picks", "ann.json", "--json")
    page = desk.home / "quickstart.html"
    assert (result.code, result.json) == (0, {"report": "quickstart.html", "bytes": page.stat().st_size})
    assert page.read_text("utf-8").count("data:image/webp") == 3
    whole = desk("report", RUN, "--single-file", "--to", "all.html")
    assert whole.out.startswith("contact sheet  all.html  (")
    assert (desk.home / "all.html").read_text("utf-8").count("data:image/webp") == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "a.html"], "are for --single-file"),
        (["--picked"], "are for --single-file"),
        (["--title", " "], "write at least a letter"),
        (["--single-file", "--picked"], "which picks?"),
        (["--single-file", "--to", "specs/quickstart.yaml"], "is no contact sheet"),
    ],
)
def test_mistakes(arguments: list[str], said: str, desk: Desk) -> None:
    """Exit 2, and what to do."""
    result = desk("report", RUN, *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_open_while_the_run_goes_on(desk: Desk) -> None:
    """The page that fills is opened; without --open the lock is named."""
    command = [sys.executable, "-m", "flux_batch", "rehearse", "specs/quickstart.yaml", "--out", "runs/slow"]
    slow = [*command, "--set", "execution.concurrency=1"]
    with subprocess.Popen(slow, cwd=desk.home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 30
            while not (desk.home / "runs" / "slow" / "live.js").exists():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            locked = desk("report", "runs/slow")
            opened = desk("report", "runs/slow", "--open", "--json", BROWSER="true")
        finally:
            process.kill()
    assert locked.code == 4
    assert (opened.code, opened.json) == (0, {"report": "runs/slow/index.html"})
    assert "fills by itself" in opened.err
