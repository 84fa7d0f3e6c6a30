"""Where finished images stand: under a final name, whole and durable, and never in the place of another one."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from flux_batch.run.folder.prepare import shared_mode
from flux_batch.run.plane.picture import Picture
from flux_batch.run.records import StoredFile

IMAGES: Final = "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A download that came whole and decodes; ``part`` is where it lies until it has its name."""

    part: Path
    sha256: str
    bytes: int
    picture: Picture

    def stored_as(self, path: str) -> StoredFile:
        """The record of it under its final name."""
        return StoredFile(
            path=path,
            sha256=self.sha256,
            bytes=self.bytes,
            width=self.picture.width,
            height=self.picture.height,
            mime=self.picture.mime,
        )


class Shelf(Protocol):
    """A place for images."""

    def keep(self, arrived: Arrived, stem: str) -> StoredFile:
        """Give a part its final name, made of ``stem`` and its extension; it is durable on return, the part is gone.

        Raises OSError where it cannot be kept.
        """


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """The images of a run folder."""

    folder: Path

    def keep(self, arrived: Arrived, stem: str) -> StoredFile:
        """Sync, rename, sync the folder: what is renamed is already safe on disk."""
        final = _free_name(self.folder / IMAGES / f"{stem}.{arrived.picture.extension}", arrived.sha256)
        _share_and_sync(arrived.part)
        arrived.part.replace(final)
        _sync_folder(final.parent)
        return arrived.stored_as(final.relative_to(self.folder).as_posix())


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, as durable as what will stand in it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _free_name(wanted: Path, sha256: str) -> Path:
    """The wanted name, unless another image has it: one that an earlier state file knew, or somebody put there."""
    if not os.path.lexists(wanted) or _is_the_same(wanted, sha256):
        return wanted
    return wanted.with_name(f"{wanted.stem}-{sha256[:12]}{wanted.suffix}")


def _is_the_same(path: Path, sha256: str) -> bool:
    """Whether these bytes stand there, and not a link to them."""
    return path.is_file() and not path.is_symlink() and _sha256(path) == sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _share_and_sync(path: Path) -> None:
    """Open it to whom the umask says, and make its bytes durable."""
    handle = os.open(path, os.O_RDWR)
    try:
        if os.name != "nt":
            os.fchmod(handle, shared_mode())
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows has no way to ask for it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
