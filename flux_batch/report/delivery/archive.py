"""A zip that appears whole or not at all, never over another file, with the same bytes for the same content."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from flux_batch.errors import LocalFailure, UsageError
from flux_batch.run.folder.prepare import shared_mode

_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""The first that a zip can write: a real time would make other bytes of the same content."""
_BLOCK: Final = 1024 * 1024


class Archive:
    """A zip in the making, beside the place it is for."""

    def __init__(self, target: Path, part: Path) -> None:
        self.target = target
        self.part = part
        self._zip = zipfile.ZipFile(part, "w", zipfile.ZIP_STORED)

    def add(self, name: str, content: bytes) -> None:
        """One file; pictures are compressed already."""
        entry = zipfile.ZipInfo(name, _DAY)
        entry.external_attr = 0o644 << 16
        entry.create_system = 3  # the same on every system
        self._zip.writestr(entry, content)

    def is_there(self) -> bool:
        """Whether the same zip is at its place already; UsageError when something else is."""
        self._zip.close()
        if not os.path.lexists(self.target):
            return False
        if self.target.is_file() and _equal(self.target, self.part):
            return True
        raise UsageError(f"{self.target} is there already and is something else: choose another name with --to")

    def keep(self) -> None:
        """Put it at its place."""
        with self.part.open("rb+") as file:
            os.fsync(file.fileno())
        self.part.chmod(shared_mode())
        self.part.replace(self.target)

    def close(self) -> None:
        """Take away what was not kept."""
        with suppress(OSError, ValueError):
            self._zip.close()
        with suppress(OSError):
            self.part.unlink()


@contextmanager
def new_archive(target: Path) -> Iterator[Archive]:
    """A zip for ``target``; what is not kept is gone at the end. LocalFailure when the disk does not take it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        os.close(handle)
        archive = Archive(target, Path(name))
        try:
            yield archive
        finally:
            archive.close()
    except OSError as error:
        raise LocalFailure(f"cannot write {target}: {error.strerror or error}") from error


def _equal(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while block := a.read(_BLOCK):
            if block != b.read(_BLOCK):
                return False
    return True
