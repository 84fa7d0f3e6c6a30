"""One process a run folder: the lock dies with its holder, and names it to whoever comes second."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flux_batch.errors import LocalFailure, RunLocked

if TYPE_CHECKING:
    from filelock import BaseFileLock

FILE: Final = "run.lock"


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the run folder; raises RunLocked with the holder's pid when another process has it.

    Raises LocalFailure where a lock cannot be written, or keeps nobody out.
    """
    path = folder / FILE
    lock = _lock(path)
    if not _taken(lock, path):
        raise RunLocked(f"{folder} is in use by another flux-batch{_holder(path)}; wait for it, or stop it")
    try:
        _check_it_holds(path)
        _note(path, f"{os.getpid()}\n")
        try:
            yield
        finally:
            _note(path, "")
    finally:
        lock.release()


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(path, mode=0o600)


def _taken(lock: BaseFileLock, path: Path) -> bool:
    """Take the lock now or not at all. A substitute that outlives its process, which filelock may offer, is refused."""
    from filelock import Timeout

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            lock.acquire(timeout=0)
    except Timeout:
        return False
    except (NotImplementedError, UserWarning):
        raise _useless(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    return True


def _check_it_holds(path: Path) -> None:
    """Whoever comes second must not get it; on some network drives everybody does."""
    second = _lock(path)
    if _taken(second, path):
        second.release()
        raise _useless(path)


def _useless(path: Path) -> LocalFailure:
    return LocalFailure(
        f"{path}: locks do not work on this file system, so two runs could buy the same images. Nothing was sent; "
        "choose a folder on a local disk with --out"
    )


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
