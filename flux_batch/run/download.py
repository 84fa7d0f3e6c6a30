"""From a result URL to a file under its final name: stream, check, sync, rename. Provider bytes are never altered."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from flux_batch.api.files import FileClient
from flux_batch.errors import LocalFailure, Unclear
from flux_batch.run.folder import create_private, shared_mode
from flux_batch.run.picture import NotAnImage, check_picture
from flux_batch.run.records import StoredFile

IMAGES: Final = "images"
MAX_BYTES: Final = 64 * 1024 * 1024
SECONDS: Final = 180.0
"""For one whole file, however slowly it drips."""


async def download(files: FileClient, url: str, folder: Path, stem: str) -> StoredFile:
    """Fetch ``url`` into ``folder/images/<stem>.<extension of its bytes>``.

    Raises ApiError when it did not come whole, NotAnImage when it is none, LocalFailure when the disk fails.
    """
    part = folder / IMAGES / f"{stem}.part"
    try:
        _make_room(part)
        async with files.stream(url, seconds=SECONDS) as chunks:
            sha256, size = await _write(part, chunks)
        return await asyncio.to_thread(_keep, part, folder, stem, sha256, size)
    except OSError as error:
        raise LocalFailure(f"{part}: {error.strerror}; the image is paid and waits at the provider") from None


def _make_room(part: Path) -> None:
    """A folder for it, and nothing left of an earlier try; a link in its place is removed, not followed."""
    _make_folder(part.parent)
    part.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, as durable as what will stand in it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


async def _write(part: Path, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
    """Stream to disk; the hex SHA-256 and the number of bytes."""
    digest, size = hashlib.sha256(), 0
    create_private(part)
    with part.open("r+b") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise Unclear(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest(), size


def _keep(part: Path, folder: Path, stem: str, sha256: str, size: int) -> StoredFile:
    """Check a finished part and give it its name; what is renamed is already safe on disk."""
    try:
        picture = check_picture(part)
    except NotAnImage:
        part.unlink(missing_ok=True)
        raise
    final = _free_name(folder / IMAGES / f"{stem}.{picture.extension}", sha256)
    if os.name != "nt":
        part.chmod(shared_mode())
    _sync(part)
    part.replace(final)
    _sync_folder(final.parent)
    return StoredFile(
        path=final.relative_to(folder).as_posix(),
        sha256=sha256,
        bytes=size,
        width=picture.width,
        height=picture.height,
        mime=picture.mime,
    )


def _free_name(wanted: Path, sha256: str) -> Path:
    """The wanted name, unless another image has it: one that an earlier state file knew, or somebody put there."""
    if not wanted.is_symlink() and (not wanted.exists() or _sha256(wanted) == sha256):
        return wanted
    return wanted.with_name(f"{wanted.stem}-{sha256[:12]}{wanted.suffix}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows has no way to ask for it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
