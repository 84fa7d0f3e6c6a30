"""A command on a terminal of its own, as a person sits before it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60.0
"""Seconds without a sign of life, or with a question that no test answers."""

ASKED = re.compile(r"^> ", re.MULTILINE)


class Terminal:
    """``flux-batch`` behind a pseudo terminal of 80 columns; ``shown`` is all that it wrote there."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self.screen = screen
        self.shown = ""
        self._answered = 0
        self._bytes = b""

    def answer(self, *answers: str) -> None:
        """Wait for a question, type, press Enter; again for each."""
        for text in answers:
            self.press(f"{text}\n")

    def press(self, keys: str) -> None:
        """Wait for a question, and press keys."""
        self._read(until=self._answered + 1)
        self._answered += 1
        os.write(self.screen, keys.encode())

    def interrupt(self) -> None:
        """Ctrl-C at a question, as often as a person would.

        Python hears one only at the next key that comes in the instant between a prompt and the wait for keys.
        """
        self.press("\x03")
        for _ in range(10):
            if select.select([self.screen], [], [], 2.0)[0]:
                return
            os.write(self.screen, b"\x03")

    def end(self) -> int:
        """All that is still shown, and the exit code."""
        self._read(until=None)
        code = self.process.wait(timeout=60)
        assert "Traceback" not in self.shown, self.shown
        return code

    def _read(self, until: int | None) -> None:
        while until is None or len(ASKED.findall(self.shown)) < until:
            ready, _, _ = select.select([self.screen], [], [], PATIENCE)
            assert ready, f"nothing more came after:\n{self.shown}"
            try:
                data = os.read(self.screen, 4096)
            except OSError:  # the other side has closed it
                data = b""
            if not data:
                assert until is None, f"it ended before question {until}:\n{self.shown}"
                return
            self._bytes += data
            self.shown = self._bytes.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def terminal(home: Path, *arguments: str, stdout: int | None = None) -> Iterator[Terminal]:
    """Start it in a folder; ``stdout`` is where that goes, if not to the terminal."""
    screen, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "flux_batch", *arguments],
        cwd=home,
        env={**os.environ, "TERM": "dumb", "COLUMNS": "80"},
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)
