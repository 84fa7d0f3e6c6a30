"""The line of a run on a terminal: drawn over itself, seldom, and never wider than the window."""

from __future__ import annotations

import io

import pytest

from flux_batch.cli.terminal.bar import Bar


class Clock:
    """Seconds that go on when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def screen(text: str) -> list[str]:
    """What stands on a terminal after all this was written to it."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return lines


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of 60 columns."""
    monkeypatch.setenv("COLUMNS", "60")


@pytest.mark.usefixtures("wide")
def test_it_says_how_far_it_is_and_how_long_it_takes() -> None:
    """From the pace since it began, whatever was done before."""
    stream, clock = io.StringIO(), Clock()
    bar = Bar(stream, clock)
    bar.show(10, 20, "2 in flight")
    assert screen(stream.getvalue()) == ["[##########----------] 10/20  2 in flight"]
    clock.now = 90.0
    bar.show(15, 20, "1 in flight")
    assert screen(stream.getvalue()) == ["[###############-----] 15/20  1 in flight  about 1:30 left"]
    bar.show(20, 20, "done")
    bar.stop()
    assert screen(stream.getvalue()) == ["[####################] 20/20  done", ""]


@pytest.mark.usefixtures("wide")
def test_a_message_stands_above_it_and_leaves_nothing_of_it() -> None:
    """The bar is drawn again below."""
    stream, clock = io.StringIO(), Clock()
    bar = Bar(stream, clock)
    bar.show(1, 4, "x" * 20)
    bar.say("hello")
    assert screen(stream.getvalue()) == ["hello", "[#####---------------] 1/4  " + "x" * 20]


@pytest.mark.usefixtures("wide")
def test_it_is_drawn_ten_times_a_second_at_most_and_the_end_always() -> None:
    """A thousand changes in a moment are one drawing."""
    stream, clock = io.StringIO(), Clock()
    bar = Bar(stream, clock)
    for done in range(1000):
        bar.show(done, 1000, "")
    assert stream.getvalue().count("\r") == 1
    bar.show(1000, 1000, "")
    assert "1,000/1,000" in stream.getvalue()


def test_it_never_reaches_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that wraps cannot be written over."""
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    bar = Bar(stream)
    bar.show(1, 2, "long " * 20)
    bar.stop()
    assert max(map(len, screen(stream.getvalue()))) < 30


def test_what_was_never_shown_leaves_no_line() -> None:
    """A run with nothing to do."""
    stream = io.StringIO()
    Bar(stream).stop()
    assert stream.getvalue() == ""
