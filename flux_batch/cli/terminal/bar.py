"""A line on a terminal that is written over as the work goes on."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

WIDTH: Final = 20
OFTEN: Final = 0.1
"""Seconds between two drawings at least: nobody reads faster."""


class Bar:
    """``[#####---------------] 3/12  2 in flight  about 0:40 left``; nothing is drawn before the first ``show``.

    It needs no more of a terminal than a carriage return, so it also works where colours and cursors do not.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._drawn = ""
        self._at = float("-inf")
        self._begun: tuple[float, int] | None = None
        self._now = ""

    def show(self, done: int, total: int, details: str) -> None:
        """Draw how far the work is, unless that was done a moment ago."""
        now = self._clock()
        begun, before = self._begun = self._begun or (now, done)
        left = (now - begun) / (done - before) * (total - done) if done > before else 0.0
        filled = WIDTH * done // max(1, total)
        self._now = f"[{'#' * filled}{'-' * (WIDTH - filled)}] {done:,}/{total:,}  {details}{_left(left)}"
        if now - self._at >= OFTEN or done == total:
            self._at = now
            self._draw(self._now)

    def say(self, message: str) -> None:
        """A message above the bar."""
        self._draw("")
        self._write(f"\r{message}\n")
        self._draw(self._now)

    def stop(self) -> None:
        """Leave the last state standing, and go on below it."""
        if self._now:
            self._draw(self._now)
            self._write("\n")

    def _draw(self, text: str) -> None:
        """Write over what stands there, on one line: a longer one could not be taken back."""
        text = text[: max(0, shutil.get_terminal_size().columns - 1)]
        self._write(f"\r{text.ljust(len(self._drawn))}")
        self._drawn = text

    def _write(self, text: str) -> None:
        """Where nobody reads it any more, work goes on without words."""
        with suppress(OSError):
            self._stream.write(text)
            self._stream.flush()


def _left(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if not seconds:
        return ""
    return f"  about {hours}:{minutes:02}:{rest:02} left" if hours else f"  about {minutes}:{rest:02} left"
