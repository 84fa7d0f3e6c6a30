"""From a result URL to a file under its final name: stream, check, draw small, keep. Bytes are never altered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flux_batch.api.files import FileClient
from flux_batch.errors import LocalFailure, Unclear
from flux_batch.run.folder.prepare import create_private
from flux_batch.run.plane.objects import ObjectShelf
from flux_batch.run.plane.picture import NotAnImage, check_picture
from flux_batch.run.plane.shelf import IMAGES, Arrived, FolderShelf, Shelf, make_folder
from flux_batch.run.plane.thumbs import keep_thumbs
from flux_batch.run.records import StoredFile

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES: Final = 64 * 1024 * 1024
AT_ONCE: Final = 1024 * 1024
"""Bytes of a download that are written together; more of it never waits in memory."""

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


def intake_into(folder: Path, images: str = "") -> Intake:
    """Thumbnails in a run folder, and images there too or at an address."""
    return Intake(
        parts=folder / IMAGES,
        shelf=ObjectShelf(images) if images else FolderShelf(folder),
        draw=lambda image, sha256: keep_thumbs(image, sha256, folder),
    )


async def download(
    files: FileClient, url: str, stem: str, intake: Intake, *, workers: Executor | None = None
) -> StoredFile:
    """Fetch ``url`` and keep it as ``stem`` with the extension of its bytes; ``workers`` decode and draw.

    Raises ApiError when it did not come whole, NotAnImage when it is none, LocalFailure when the disk fails.
    """
    part = intake.parts / f"{stem}{intake.mark}.part"
    inflow = _Inflow(part)
    try:
        async with files.stream(url, seconds=intake.seconds) as chunks:
            await _write(inflow, chunks)
        arrived = await asyncio.get_running_loop().run_in_executor(workers, _check, inflow, intake)
        return await asyncio.to_thread(intake.shelf.keep, arrived, stem)
    except OSError as error:
        raise LocalFailure(f"{part}: {error.strerror}; the image is paid and waits at the provider") from None


def _make_room(part: Path) -> None:
    """A folder for it, and nothing left of an earlier try; a link in its place is removed, not followed."""
    make_folder(part.parent)
    part.unlink(missing_ok=True)


@dataclass(slots=True)
class _Inflow:
    """A part as it comes in. Its bytes wait in memory until there are enough for one write, on a thread.

    Every small call to the system lets another thread have Python's lock, and has to wait for it again.
    """

    part: Path
    size: int = 0
    _waiting: bytearray = field(default_factory=bytearray)
    _digest: Any = field(default_factory=hashlib.sha256)
    _begun: bool = False

    def take(self, chunk: bytes) -> bool:
        """Take what came; whether it is time to write."""
        self.size += len(chunk)
        if self.size > MAX_BYTES:
            raise Unclear(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB")
        self._waiting += chunk
        return len(self._waiting) >= AT_ONCE

    def write(self) -> None:
        """Append what waits to the part."""
        if not self._begun:
            _make_room(self.part)
            create_private(self.part)
            self._begun = True
        with self.part.open("ab") as file:
            file.write(self._waiting)
        self._digest.update(self._waiting)
        self._waiting = bytearray()

    def end(self) -> str:
        """Write the rest; the hex SHA-256 of all."""
        self.write()
        return str(self._digest.hexdigest())


async def _write(inflow: _Inflow, chunks: AsyncIterator[bytes]) -> None:
    """Stream to disk, but for the last piece."""
    async for chunk in chunks:
        if inflow.take(chunk):
            await asyncio.to_thread(inflow.write)


def _check(inflow: _Inflow, intake: Intake) -> Arrived:
    """Decode a finished part, and draw it small while its pixels are there; what is no image leaves nothing."""
    part, sha256 = inflow.part, inflow.end()
    try:
        picture = check_picture(part, lambda image: intake.draw(image, sha256))
    except NotAnImage:
        part.unlink(missing_ok=True)
        raise
    return Arrived(part=part, sha256=sha256, bytes=inflow.size, picture=picture)
