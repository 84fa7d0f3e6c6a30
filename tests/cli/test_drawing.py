"""The page of a run that begins is drawn beside it: nothing waits for it, and nothing that moves meanwhile is lost."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from weakref import ref

import pytest

from flux_batch.cli.terminal import drawing as drawing_module
from flux_batch.cli.terminal.drawing import PageDrawing
from flux_batch.report.page import render
from flux_batch.report.page.render import Look
from flux_batch.report.page.sheet import Sheet
from flux_batch.run.records import Failure, Phase, Purchase
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.run.watch import tally

from .kit import Desk

SPEC = """
version: 1
name: drawn
prompt: "a {{ colour }} mug"
variables: {colour: [red, green, blue]}
ratios: ["1:1"]
"""


@pytest.fixture
def folder(desk: Desk) -> Path:
    """A run folder with three images."""
    desk.write("drawn.yaml", SPEC)
    assert desk("rehearse", "drawn.yaml", "--out", "run").code == 0
    return desk.home / "run"


def first(folder: Path) -> Purchase:
    """The first image's purchase."""
    with StateFile(folder / FILE, read_only=True) as state:
        return state.view().entries[0].purchase


def until(true: Callable[[], object]) -> None:
    """Wait for it, half a minute at most."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_moved_before_the_page_was_there_is_on_it(folder: Path) -> None:
    """Handed over with the money, so that an open page shows it."""
    drawing = PageDrawing(folder)
    lost = Failure(code="odd", message="the kiln broke")
    drawing.moved(replace(first(folder), phase=Phase.FAILED, file=None, failure=lost))
    drawing.changed(tally({Phase.STORED: 2, Phase.FAILED: 1}, 1_230_000))
    drawing.start()
    until(lambda: '"session"' in (folder / "live.js").read_text("utf-8"))
    drawing.stop()
    assert drawing.news() == f"The contact sheet fills as it goes: {folder / 'index.html'}"
    assert drawing.news() == ""
    assert "$1.23" in (folder / "live.js").read_text("utf-8")
    (part,) = (folder / "live").glob("*-1.js")
    assert "the kiln broke" in part.read_text("utf-8")


def test_a_run_that_is_over_first_draws_no_page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report is next; after ``stop`` nothing is written any more."""
    before = (folder / "data.js").read_bytes()
    whole = StateFile.view

    def slow(state: StateFile, step: int, pause: Callable[[], object]) -> object:
        drawing._stopping.wait(30)
        return whole(state, step)

    monkeypatch.setattr(StateFile, "view", slow)
    drawing = PageDrawing(folder)
    drawing.start()
    drawing.stop()
    assert (folder / "data.js").read_bytes() == before
    assert drawing.news() == ""


def test_a_run_that_is_over_waits_for_no_more_than_a_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the middle of its drawing, the page is left there, and nothing is said of it."""
    page, data, begun = (folder / "index.html").read_bytes(), render.data_js, Event()
    (folder / "data.js").unlink()

    def slow(made: Sheet) -> Iterator[str]:
        begun.set()
        drawing._stopping.wait(30)
        return data(made)

    def never(made: Sheet, look: Look) -> Iterator[str]:
        pytest.fail("drawn to its end")

    monkeypatch.setattr(render, "data_js", slow)
    monkeypatch.setattr(render, "page_html", never)
    drawing = PageDrawing(folder)
    drawing.start()
    assert begun.wait(30)
    drawing.stop()
    assert drawing.news() == ""
    assert (folder / "data.js").read_text("utf-8").endswith(";\n")
    assert (folder / "index.html").read_bytes() == page
    assert "session" not in (folder / "live.js").read_text("utf-8")


def test_a_run_that_is_over_holds_nothing_of_its_page(folder: Path) -> None:
    """The report that follows reads every image again; of a large run both at once would be too much."""
    drawing = PageDrawing(folder)
    drawing.start()
    until(lambda: drawing._page)
    page = ref(drawing._page)
    drawing.moved(first(folder))
    drawing.stop()
    gc.collect()
    assert page() is None


def test_a_run_that_is_over_ends_the_reading(folder: Path) -> None:
    """A large state file is read step by step; the first step after the end is the last."""
    drawing = PageDrawing(folder)
    drawing._stopping.set()
    with StateFile(folder / FILE, read_only=True) as state, pytest.raises(drawing_module._TooLateError):
        state.view(1, drawing._go_on)


def test_a_page_that_cannot_be_drawn_stops_nothing(tmp_path: Path) -> None:
    """A sentence, once."""
    drawing = PageDrawing(tmp_path / "nowhere")
    drawing.start()
    until(lambda: not drawing._thread.is_alive())
    drawing.moved(Purchase(key="k"))
    drawing.stop()
    assert drawing.news().startswith("The contact sheet will not fill while this runs (")
