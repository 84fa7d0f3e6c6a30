"""Thin: parse, call the stages, render, map an error to its exit code."""

from __future__ import annotations

import sys
from types import TracebackType


def _stopped(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A ^C while the commands are still being imported; ``guard`` takes over after that."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("\nStopped.\n")
    else:
        sys.__excepthook__(kind, error, trace)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _stopped
