"""What a process may show of itself: no key in a traceback or a log, no library's chatter, no core file."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Final

from flux_batch.cli.terminal.output import debugging, say

QUIET: Final = ("aiohttp", "asyncio", "filelock", "PIL")
"""Libraries whose ordinary log lines hold whole URLs, or nothing a person asked for."""


def guard_process() -> None:
    """Put every way out of this process behind the one that hides the key; doing it twice changes nothing."""
    _no_core_file()
    root = logging.getLogger()
    if not any(isinstance(each, _Border) for each in root.handlers):
        root.addHandler(_Border())
    for each in root.handlers:
        each.setFormatter(_Words())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def trace(error: BaseException) -> str:
    """The traceback of a bug: lines of code, never the values in them."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())


class _Words(logging.Formatter):
    """A log line as a sentence; what went wrong below it only for whoever asked for tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        words = [f"{record.name}: {record.getMessage()}"]
        if error is not None:
            words.append(trace(error).rstrip() if debugging() else f"{type(error).__name__}: {error}")
        return "\n".join(words)


class _Border(logging.Handler):
    """Log lines leave where everything for people does; asyncio reports what nobody waited for this way, too."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            say(self.format(record))
        except Exception:
            # The library's own way to survive a broken log line prints its arguments.
            say(f"{record.name}: a log line that cannot be written")


def _uncaught(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """What ``main`` could not catch: while importing, or at the very end."""
    if issubclass(kind, KeyboardInterrupt):
        say("\nStopped.")
        return
    say(trace(error).rstrip() if debugging() else f"flux-batch: {kind.__name__}: {error}")


def _uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None:
        _uncaught(hook.exc_type, hook.exc_value, None)


def _unraisable(hook: sys.UnraisableHookArgs) -> None:
    if hook.exc_value is not None:
        _uncaught(hook.exc_type, hook.exc_value, None)


def _no_core_file() -> None:
    """The key is in this process's memory; a core file would be a copy of that."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
