"""Where finished images stand: under a final name, whole and durable, and never in the place of another one."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from flux_batch.run.plane.durable import open_new, share_and_sync, sync_folder, write_past_cache
from flux_batch.run.plane.picture import Picture
from flux_batch.run.records import StoredFile

IMAGES: Final = "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A download that came whole and decodes.

    It lies in ``part`` until it has its name; where ``content`` has its bytes, it does not lie anywhere yet.
    """

    part: Path
    content: bytes | None
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
            bare=self.picture.bare,
        )


class Shelf(Protocol):
    """A place for images."""

    def keep(self, arrived: Arrived, stem: str) -> StoredFile:
        """Give it its final name, made of ``stem`` and its extension; it is durable on return, and no part is left.

        Raises OSError where it cannot be kept.
        """


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """The images of a run folder."""

    folder: Path

    def keep(self, arrived: Arrived, stem: str) -> StoredFile:
        """Sync, rename, sync the folder: what is renamed is already safe on disk."""
        final = _free_name(self.folder / IMAGES / f"{stem}.{arrived.picture.extension}", arrived.sha256)
        _make_durable(arrived)
        arrived.part.replace(final)
        sync_folder(final.parent)
        return arrived.stored_as(final.relative_to(self.folder).as_posix())


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


def _make_durable(arrived: Arrived) -> None:
    """The part with all its bytes, and those on the disk."""
    handle = os.open(arrived.part, os.O_RDWR) if arrived.content is None else open_new(arrived.part)
    try:
        if arrived.content is not None:
            write_past_cache(handle, arrived.content)
        share_and_sync(handle)
    finally:
        os.close(handle)
