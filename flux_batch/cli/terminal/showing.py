"""A run as it goes, on the terminal and on the open sheet at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flux_batch.cli.terminal.drawing import PageDrawing
from flux_batch.cli.terminal.progress import watching
from flux_batch.run.records import Purchase
from flux_batch.run.watch import Tally, Watcher


class Shown:
    """A watcher that tells the terminal, and the page once there is one."""

    def __init__(self, folder: Path, terminal: Watcher) -> None:
        self._folder = folder
        self._terminal = terminal
        self._drawing: PageDrawing | None = None

    def begin(self) -> None:
        """Have the page drawn with a place for every image; nothing waits for it."""
        self._drawing = PageDrawing(self._folder)
        self._drawing.start()

    def end(self) -> None:
        """Leave the page to the report."""
        if self._drawing is not None:
            self._drawing.stop()
            self._tell()

    def moved(self, purchase: Purchase) -> None:
        """For the page."""
        if self._drawing is not None:
            self._drawing.moved(purchase)

    def changed(self, tally: Tally) -> None:
        """For both."""
        self._terminal.changed(tally)
        if self._drawing is not None:
            self._drawing.changed(tally)
            self._tell()

    def say(self, message: str) -> None:
        """For the terminal."""
        self._terminal.say(message)

    def _tell(self) -> None:
        """What became of the page, said from the thread that owns the terminal."""
        if self._drawing is not None and (message := self._drawing.news()):
            self.say(message)


@contextmanager
def showing(folder: Path, *, rehearsal: bool) -> Iterator[Shown]:
    """Show a run until it is over, however it ends."""
    with watching(rehearsal=rehearsal) as terminal:
        shown = Shown(folder, terminal)
        try:
            yield shown
        finally:
            shown.end()
