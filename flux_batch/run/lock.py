"""One process a run folder: the lock dies with its holder, and names it to whoever comes second."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from flux_batch.errors import LocalFailure, RunLocked

FILE: Final = "run.lock"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the run folder; raises RunLocked with the holder's pid when another process has it."""
    from filelock import FileLock, Timeout

    path = folder / FILE
    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunLocked(f"{folder} is in use by another flux-batch{_holder(path)}; wait for it, or stop it") from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        _note(path, f"{os.getpid()}\n")
        try:
            yield
        finally:
            _note(path, "")
    finally:
        lock.release()


def _note(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="ascii")
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> LocalFailure:
    return LocalFailure(f"{path}: {error.strerror}; the run folder must be writable")


def _holder(path: Path) -> str:
    try:
        return f" (pid {int(path.read_text(encoding='ascii'))})"
    except (OSError, ValueError):
        return ""
