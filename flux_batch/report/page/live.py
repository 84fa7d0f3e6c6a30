"""The open sheet fills by itself: what changed since it was written, in small scripts that it reads again and again.

``live.js`` says how far the run is, when it was last heard of, and how many parts there are. The parts lie in
``live/``, lists of tiles in the order in which they changed. Only the last one grows, up to ``PART`` tiles, and is then
left alone: a refresh writes and reads the same however large the batch is, and a page opened late reads each part once.

Nothing here may slow or stop a run: it works in a thread of its own, and a disk that does not take it is asked again.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from shutil import rmtree
from threading import Event, Lock, Thread
from typing import Any, Final

from flux_batch.plan.totals.money import usd
from flux_batch.report.page.header import money_bar, money_said, progress_bar
from flux_batch.report.page.live_tiles import LiveTiles
from flux_batch.report.page.pack import plain
from flux_batch.report.page.script_text import script_text
from flux_batch.report.summary import PENDING
from flux_batch.run.folder.prepare import shared_mode
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.watch import Tally

HEAD: Final = "live.js"
PARTS: Final = "live"
PART: Final = 200
"""Tiles of one part: some 100 KB."""
EVERY: Final = 2.0
"""Seconds from one writing to the next."""
BEAT: Final = 5.0
"""Seconds after which the head is written even when nothing changed, so that silence means something."""
FEW: Final = 3
"""Images that have to come before the time left is guessed."""

_ENDED: Final = '"ended":true'


def new_session() -> str:
    """A name for one process's work, so that a page never takes another run's tiles."""
    return secrets.token_hex(6)


class LivePage:
    """Keeps an open page up to date; ``clock`` is the wall clock in Unix seconds."""

    def __init__(self, folder: Path, session: str, tiles: LiveTiles, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.session = session
        self._tiles = tiles
        self._clock = clock
        self._lock, self._stopping = Lock(), Event()
        self._thread = Thread(target=self._work, name="live page", daemon=True)
        self._moved: dict[str, Purchase] = {}
        self._spent = tiles.view.spent
        self._queue: deque[str] = deque()
        self._part: list[str] = []
        self._number, self._unwritten = 1, False
        self._began, self._heard = clock(), 0.0
        self._done_before = self._done()

    def start(self) -> None:
        """Begin; the page is there already."""
        self.refresh()
        self._thread.start()

    def stop(self) -> None:
        """Write no more; returns when the thread is done."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def moved(self, purchase: Purchase) -> None:
        """Take note of a new state; called from the event loop, and quick."""
        with self._lock:
            self._moved[purchase.key] = purchase

    def changed(self, tally: Tally) -> None:
        """Take note of the money."""
        self._spent = tally.spent

    def refresh(self) -> None:
        """Write what is new, and say that the run goes on."""
        with self._lock:
            moved, self._moved = self._moved, {}
        self._queue.extend(_line(index, plain(tile)) for index, tile in self._tiles.changed(moved.values()))
        if self._queue or self._unwritten or self._clock() - self._heard >= BEAT:
            with suppress(OSError):  # a disk that is full, a reader that locks it: the next refresh has it all
                self._write_parts()
                self._write_head()

    def _work(self) -> None:
        while not self._stopping.wait(EVERY):
            self.refresh()

    def _write_parts(self) -> None:
        while self._queue or self._unwritten:
            while self._queue and len(self._part) < PART:
                self._part.append(self._queue.popleft())
                self._unwritten = True
            self._write_part()
            self._unwritten = False
            if len(self._part) == PART:
                self._number, self._part = self._number + 1, []

    def _write_part(self) -> None:
        tiles = ",\n".join(self._part)
        body = f'{{"session":"{self.session}","part":{self._number},"tiles":[\n{tiles}\n]}}'
        _put(self.folder / PARTS / f"{self.session}-{self._number}.js", f"globalThis.fluxBatchPart = {body};\n")

    def _write_head(self) -> None:
        now, budget = self._clock(), self._tiles.view.budget_max
        stored, wait, doubts, lost = counts = _counts(self._tiles.phases)
        head = {
            "session": self.session,
            "ended": False,
            "heard": round(now, 3),
            "part": self._number,
            "tiles": len(self._part),
            "stored": stored,
            "wait": wait,
            "ask": doubts,
            "bad": lost,
            "tasks": sum(counts),
            "progress": [asdict(part) for part in progress_bar(*counts)],
            "spent": usd(self._spent),
            "money_note": money_said(budget),
            "money": [asdict(part) for part in money_bar(budget, self._spent)],
            "left": self._left(now),
        }
        _put(self.folder / HEAD, f"globalThis.fluxBatchLive = {script_text(head)};\n")
        self._heard = now

    def _done(self) -> int:
        phases = self._tiles.phases
        return phases.total() - sum(phases[phase] for phase in PENDING)

    def _left(self, now: float) -> int | None:
        """Seconds, at the pace so far; None while nobody can say."""
        done = self._done() - self._done_before
        waiting = self._tiles.phases.total() - self._done()
        return round((now - self._began) / done * waiting) if done >= FEW and waiting else None


def end_live(folder: Path) -> None:
    """Tell pages that are still open that the run is over, and take the parts away; the page's own data has it all."""
    head = folder / HEAD
    with suppress(OSError):
        if head.exists() and _ENDED not in head.read_text("utf-8", "replace"):
            _put(head, f"globalThis.fluxBatchLive = {{{_ENDED}}};\n")
        (folder / f".{HEAD}.tmp").unlink(missing_ok=True)
        if (folder / PARTS).is_dir():
            rmtree(folder / PARTS)  # which follows no link


def _counts(phases: Mapping[Phase, int]) -> tuple[int, int, int, int]:
    """Stored, on the way, in doubt, lost."""
    kinds = ({Phase.STORED}, PENDING, {Phase.UNCERTAIN, Phase.HELD}, {Phase.FAILED, Phase.REFUSED, Phase.SKIPPED})
    stored, wait, doubts, lost = (sum(phases[phase] for phase in kind) for kind in kinds)
    return stored, wait, doubts, lost


def _line(index: int, fields: Mapping[str, Any]) -> str:
    return f"[{index},{script_text(fields)}]"


def _put(path: Path, text: str) -> None:
    """Whole or not at all; not synced, for what a power cut takes is written again with the next report."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.tmp")
    part.write_text(text, "utf-8", "replace")
    part.chmod(shared_mode())
    part.replace(path)
