"""From a result URL to a file under its final name: stream, check, draw small, keep. Bytes are never altered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flux_batch.api.files import FileClient
from flux_batch.errors import LocalFailure, Unclear
from flux_batch.run.folder import create_private
from flux_batch.run.picture import NotAnImage, check_picture
from flux_batch.run.records import StoredFile
from flux_batch.run.shelf import IMAGES, Arrived, FolderShelf, Shelf, make_folder
from flux_batch.run.thumbs import keep_thumbs

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES: Final = 64 * 1024 * 1024
SECONDS: Final = 180.0
"""For one whole file, however slowly it drips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What becomes of a download: ``parts`` is a folder for what is not finished, ``shelf`` the place of what is.

    ``draw`` is called with the decoded image and its hash, and must raise nothing. ``mark`` stands in the names of
    parts where another process may be fetching the same image.
    """

    parts: Path
    shelf: Shelf
    draw: Callable[[Image.Image, str], None]
    mark: str = ""
    seconds: float = SECONDS


def intake_into(folder: Path) -> Intake:
    """Images and thumbnails in a run folder."""
    return Intake(
        parts=folder / IMAGES,
        shelf=FolderShelf(folder),
        draw=lambda image, sha256: keep_thumbs(image, sha256, folder),
    )


async def download(
    files: FileClient, url: str, stem: str, intake: Intake, *, workers: Executor | None = None
) -> StoredFile:
    """Fetch ``url`` and keep it as ``stem`` with the extension of its bytes; ``workers`` decode and draw.

    Raises ApiError when it did not come whole, NotAnImage when it is none, LocalFailure when the disk fails.
    """
    part = intake.parts / f"{stem}{intake.mark}.part"
    try:
        _make_room(part)
        async with files.stream(url, seconds=intake.seconds) as chunks:
            sha256, size = await _write(part, chunks)
        arrived = await asyncio.get_running_loop().run_in_executor(workers, _check, part, sha256, size, intake)
        return await asyncio.to_thread(intake.shelf.keep, arrived, stem)
    except OSError as error:
        raise LocalFailure(f"{part}: {error.strerror}; the image is paid and waits at the provider") from None


def _make_room(part: Path) -> None:
    """A folder for it, and nothing left of an earlier try; a link in its place is removed, not followed."""
    make_folder(part.parent)
    part.unlink(missing_ok=True)


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


def _check(part: Path, sha256: str, size: int, intake: Intake) -> Arrived:
    """Decode a finished part, and draw it small while its pixels are there; what is no image leaves nothing."""
    try:
        picture = check_picture(part, lambda image: intake.draw(image, sha256))
    except NotAnImage:
        part.unlink(missing_ok=True)
        raise
    return Arrived(part=part, sha256=sha256, bytes=size, picture=picture)
