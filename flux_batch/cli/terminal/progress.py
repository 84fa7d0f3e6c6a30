"""A run as it goes: a bar on a terminal, a line now and then everywhere else. All of it on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flux_batch.cli.terminal.bar import Bar
from flux_batch.cli.terminal.output import clean, one_line, say
from flux_batch.plan.totals.money import usd
from flux_batch.run.records import Purchase
from flux_batch.run.watch import Tally, Watcher

LONGEST_SILENCE = 10.0
SHORTEST_SILENCE = 2.0
"""Seconds between two lines off a terminal: the short one when a tenth more is done."""


@contextmanager
def watching(*, rehearsal: bool) -> Iterator[Watcher]:
    """The watcher that fits where stderr goes."""
    spent = "simulated" if rehearsal else "spent"
    if sys.stderr.isatty():
        bar = Bar(sys.stderr)
        try:
            yield _Bar(bar, spent)
        finally:
            bar.stop()
    else:
        yield _Lines(spent)


class _Lines:
    """Plain lines, few of them: for logs and pipes."""

    def __init__(self, spent: str) -> None:
        self._spent = spent
        self._tenth = 0
        self._at = time.monotonic()

    def moved(self, purchase: Purchase) -> None:
        pass

    def changed(self, tally: Tally) -> None:
        tenth = tally.finished * 10 // max(1, tally.total)
        silent = time.monotonic() - self._at
        if tenth == 10 or silent >= (SHORTEST_SILENCE if tenth > self._tenth else LONGEST_SILENCE):
            self._tenth, self._at = tenth, time.monotonic()
            say(f"{tally.finished:,}/{tally.total:,} done, {_details(tally, self._spent)}")

    def say(self, message: str) -> None:
        say(one_line(message))


class _Bar:
    """A bar that moves, on a terminal; it appears with the first change, so that questions come before it."""

    def __init__(self, bar: Bar, spent: str) -> None:
        self._bar = bar
        self._spent = spent

    def moved(self, purchase: Purchase) -> None:
        pass

    def changed(self, tally: Tally) -> None:
        self._bar.show(tally.finished, tally.total, _details(tally, self._spent))

    def say(self, message: str) -> None:
        self._bar.say(clean(one_line(message)))


def _details(tally: Tally, spent: str) -> str:
    parts = [f"{tally.flying} in flight"] if tally.flying else []
    parts += [f"{tally.lost} failed"] if tally.lost else []
    return ", ".join([*parts, f"{usd(tally.spent)} {spent}"])
