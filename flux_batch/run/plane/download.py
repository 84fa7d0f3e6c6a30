"""From a result URL to a file under its final name: stream, check, draw small, keep. Bytes are never altered."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flux_batch.api.files import FileClient
from flux_batch.errors import LocalFailure, Unclear
from flux_batch.run.plane.durable import open_new, write_all
from flux_batch.run.plane.objects import ObjectShelf
from flux_batch.run.plane.picture import NotAnImage, Picture, check_content, check_picture
from flux_batch.run.plane.shelf import IMAGES, Arrived, FolderShelf, Shelf
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
    inflow = _Inflow(intake.parts / f"{stem}{intake.mark}.part")
    try:
        async with files.stream(url, seconds=intake.seconds) as chunks:
            await _take(inflow, chunks)
        return await asyncio.get_running_loop().run_in_executor(workers, _settle, inflow, intake, stem)
    except OSError as error:
        raise LocalFailure(f"{inflow.part}: {error.strerror}; the image is paid and waits at the provider") from None


async def _take(inflow: _Inflow, chunks: AsyncIterator[bytes]) -> None:
    """All of it; what is too much for memory is written on the way."""
    async for chunk in chunks:
        if inflow.take(chunk):
            await asyncio.to_thread(inflow.write)


def _settle(inflow: _Inflow, intake: Intake, stem: str) -> StoredFile:
    """Decode it, draw it small while its pixels are there, and keep it; what is no image leaves nothing.

    All of this is one trip to a thread: every handing over, and every small call to the system, gives Python's lock
    away and has to wait for it again.
    """
    try:
        sha256, picture = inflow.end(intake.draw)
    except NotAnImage:
        inflow.part.unlink(missing_ok=True)
        raise
    return intake.shelf.keep(inflow.arrived(sha256, picture), stem)


@dataclass(slots=True)
class _Inflow:
    """A part as it comes in: a small file stays in memory to its end, a large one is written piece by piece."""

    part: Path
    size: int = 0
    _waiting: list[bytes] = field(default_factory=list)
    _unwritten: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)
    _begun: bool = False
    _whole: bytes | None = None

    def take(self, chunk: bytes) -> bool:
        """Take what came; whether it is time to write."""
        self.size += len(chunk)
        if self.size > MAX_BYTES:
            raise Unclear(f"the file is larger than {MAX_BYTES // 1024 // 1024} MB")
        self._waiting.append(chunk)
        self._unwritten += len(chunk)
        return self._unwritten >= AT_ONCE

    def write(self) -> None:
        """Append what waits to the part."""
        self._append(self._hashed())

    def end(self, draw: Callable[[Image.Image, str], None]) -> tuple[str, Picture]:
        """The hex SHA-256 of all, and what it is a picture of; a part that was begun is whole then."""
        rest = self._hashed()
        sha256 = str(self._digest.hexdigest())
        if self._begun:
            self._append(rest)
            return sha256, check_picture(self.part, lambda image: draw(image, sha256))
        self._whole = rest
        return sha256, check_content(rest, lambda image: draw(image, sha256))

    def arrived(self, sha256: str, picture: Picture) -> Arrived:
        """What came of it, for a shelf."""
        return Arrived(part=self.part, content=self._whole, sha256=sha256, bytes=self.size, picture=picture)

    def _hashed(self) -> bytes:
        """What waits, in one piece."""
        piece = b"".join(self._waiting)
        self._waiting, self._unwritten = [], 0
        self._digest.update(piece)
        return piece

    def _append(self, piece: bytes) -> None:
        handle = os.open(self.part, _APPEND) if self._begun else open_new(self.part)
        self._begun = True
        try:
            write_all(handle, piece)
        finally:
            os.close(handle)


_APPEND: Final = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
