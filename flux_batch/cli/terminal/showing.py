"""A run as it goes, on the terminal and on the open sheet at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flux_batch.cli.terminal.progress import watching
from flux_batch.errors import LocalFailure
from flux_batch.report.write import begin_live_page
from flux_batch.run.records import Purchase, RunView
from flux_batch.run.watch import Tally, Watcher

if TYPE_CHECKING:
    from flux_batch.report.page.live import LivePage


class Shown:
    """A watcher that tells the terminal, and the page once there is one."""

    def __init__(self, folder: Path, terminal: Watcher) -> None:
        self._folder = folder
        self._terminal = terminal
        self._page: LivePage | None = None

    def begin(self, view: RunView) -> None:
        """Write the page with a place for every image; where the disk does not take it, the run goes on without."""
        try:
            self._page = begin_live_page(view, self._folder)
        except LocalFailure as error:
            self.say(f"The contact sheet will not fill while this runs ({error})")
            return
        self._page.start()
        self.say(f"The contact sheet fills as it goes: {self._folder / 'index.html'}")

    def end(self) -> None:
        """Leave the page to the report."""
        if self._page is not None:
            self._page.stop()

    def moved(self, purchase: Purchase) -> None:
        """For the page."""
        if self._page is not None:
            self._page.moved(purchase)

    def changed(self, tally: Tally) -> None:
        """For both."""
        self._terminal.changed(tally)
        if self._page is not None:
            self._page.changed(tally)

    def say(self, message: str) -> None:
        """For the terminal."""
        self._terminal.say(message)


@contextmanager
def showing(folder: Path, *, rehearsal: bool) -> Iterator[Shown]:
    """Show a run until it is over, however it ends."""
    with watching(rehearsal=rehearsal) as terminal:
        shown = Shown(folder, terminal)
        try:
            yield shown
        finally:
            shown.end()
