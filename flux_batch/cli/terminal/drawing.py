"""The page of a run that begins, drawn in a thread of its own: of a large run that takes longer than the first request.

The state file is read again by a connection of its own, a few images at a time, so that no commit waits for it. What
moves meanwhile is kept and handed over: the page may have it already, and then draws it once more.
"""

from __future__ import annotations

from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final

from flux_batch.errors import LocalFailure
from flux_batch.report.write import begin_live_page
from flux_batch.run.records import Purchase
from flux_batch.run.store.state import FILE, STEP, StateFile
from flux_batch.run.watch import Tally

if TYPE_CHECKING:
    from flux_batch.report.page.live import LivePage


HEAD_START: Final = 0.3
"""Seconds in which the first requests have the processor to themselves."""


class _TooLateError(Exception):
    """The run is over before its page was drawn."""


class PageDrawing:
    """Draws the page and keeps it up to date from then on; where the disk does not take it, the run goes on without."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock, self._stopping = Lock(), Event()
        self._thread = Thread(target=self._work, name="page drawing", daemon=True)
        self._page: LivePage | None = None
        self._moved: dict[str, Purchase] = {}
        self._tally: Tally | None = None
        self._news = ""

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more; returns when nothing is written any longer: a drawing that goes on ends with its next step.

        Nothing of the run is held from then on: the report that follows reads it all again.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._page is not None:
            self._page.stop()
        with self._lock:
            self._page, self._moved = None, {}

    def news(self) -> str:
        """What there is to say of the page, once; mostly nothing."""
        message, self._news = self._news, ""
        return message

    def moved(self, purchase: Purchase) -> None:
        """Take note of a new state; called from the event loop, and quick."""
        with self._lock:
            if self._page is None:
                self._moved[purchase.key] = purchase
            else:
                self._page.moved(purchase)

    def changed(self, tally: Tally) -> None:
        """Take note of the money."""
        with self._lock:
            self._tally = tally
            if self._page is not None:
                self._page.changed(tally)

    def _work(self) -> None:
        self._stopping.wait(HEAD_START)
        try:
            self._go_on()
            with StateFile(self._folder / FILE, read_only=True) as state:
                view = state.view(STEP, self._go_on)
            self._go_on()
            page = begin_live_page(view, self._folder, self._go_on)
        except _TooLateError:
            return
        except LocalFailure as error:
            self._news = f"The contact sheet will not fill while this runs ({error})"
            return
        self._hand_over(page)
        self._news = f"The contact sheet fills as it goes: {self._folder / 'index.html'}"
        page.start()

    def _go_on(self) -> None:
        """Between two steps: a run that is over waits for no page, for its report draws it anew."""
        if self._stopping.is_set():
            raise _TooLateError

    def _hand_over(self, page: LivePage) -> None:
        """What moved since the beginning; from now on the page is told itself."""
        with self._lock:
            for purchase in self._moved.values():
                page.moved(purchase)
            if self._tally is not None:
                page.changed(self._tally)
            self._moved, self._page = {}, page
