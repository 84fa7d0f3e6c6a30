"""The run folder and who may look into it: closed to others, and so is what is written in it but not made to be shared.

Windows has no such modes; there the folder is as private as the one it stands in.
"""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from flux_batch.errors import LocalFailure, StateUnusable

FOLDER_MODE: Final = 0o700
PRIVATE_MODE: Final = 0o600
_TRACES: Final = ("images", "inputs", "manifest.json")
"""What only a run leaves behind; the state file is there before any of it."""

_asking_the_umask: Final = threading.Lock()


def prepare_folder(folder: Path) -> None:
    """Make the run folder for its owner alone; one that is there and empty is closed to others.

    Raises LocalFailure when it cannot be made, or when somebody else can write into what it already holds.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        if os.name != "nt":
            _keep_others_out(folder)
    except OSError as error:
        raise LocalFailure(f"{folder}: {error.strerror}; choose another with --out") from None


def refuse_without_state(folder: Path, state: Path) -> None:
    """Raise StateUnusable where a run has been, but its state file is gone or empty: all would be bought again."""
    if lost := state_lost(folder, state):
        raise StateUnusable(
            f"{lost}, so nothing was sent. Put {state.name} back, or take another folder with --out, where all is "
            "bought anew"
        )


def state_lost(folder: Path, state: Path) -> str | None:
    """That a run has been here whose state file is gone or empty, in words; None where that is not so."""
    if state.exists() and state.stat().st_size:
        return None
    trace = next((name for name in _TRACES if _holds_something(folder / name)), None)
    return trace and f"{folder} has no {state.name}, but {trace} of an earlier run: what is paid is not known"


def _holds_something(path: Path) -> bool:
    """Whether there is such a file, or a folder that is not empty."""
    return any(path.iterdir()) if path.is_dir() else path.exists()


def create_private(path: Path) -> None:
    """An empty file that its owner alone may read, whatever the umask; raises OSError, also when it is there."""
    os.close(open_private(path))


def open_private(path: Path) -> int:
    """The same, open to be written."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), PRIVATE_MODE)
    if os.name != "nt" and shared_mode() & PRIVATE_MODE != PRIVATE_MODE:
        path.chmod(PRIVATE_MODE)  # a strange umask took even the owner's rights
    return handle


@cache
def shared_mode() -> int:
    """The mode that the umask gives to a new file; images and reports are made to be handed on.

    The umask can only be read by setting it, for all threads: hence the lock, and the strict value in between.
    """
    with _asking_the_umask:
        mask = os.umask(0o077)
        os.umask(mask)
    return 0o666 & ~mask


def _keep_others_out(folder: Path) -> None:
    if not any(folder.iterdir()):
        with suppress(OSError):  # somebody else's folder, or a file system without modes: looked at below
            folder.chmod(FOLDER_MODE)
    writer = _foreign_writer(folder.stat())
    if writer and _keeps_modes(folder):
        raise LocalFailure(
            f"{folder} can be written by {writer}, who could change what is bought and stored. "
            f"Close it to others: chmod go-w {shlex.quote(str(folder))}"
        )


def _foreign_writer(found: os.stat_result) -> str | None:
    """Who beside its owner may write to it, None for nobody."""
    if found.st_mode & stat.S_IWOTH:
        return "everybody on this machine"
    if found.st_mode & stat.S_IWGRP and not _is_own_group(found.st_gid):
        return "its group"
    return None


def _is_own_group(gid: int) -> bool:
    """Whether a group is this user's private one: named like them, and nobody else in it."""
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(gid), pwd.getpwuid(os.getuid())
    except KeyError:  # a container may run under a number that has no name
        return False
    return gid == user.pw_gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def _keeps_modes(folder: Path) -> bool:
    """Whether a mode means anything there: some drives (FAT, a Windows disk) show every file open to everybody."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".mode-") as probe:
        return not os.fstat(probe.fileno()).st_mode & 0o077
