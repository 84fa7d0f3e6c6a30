"""Is this really a whole image? Decided by its bytes, never by its name or by what the server called it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Final, cast

from flux_batch.api.uploads import sniff
from flux_batch.run.plane.cores import cores
from flux_batch.run.plane.credentials import look

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PIXELS: Final = 4096 * 4096
"""Flux Kontext draws about one megapixel; no limit is published. A small file can claim far more (a bomb)."""

LARGE: Final = 8_000_000
"""Pixels from which on pictures are decoded one at a time: the largest WebP takes a process to 274 MB."""

_MOST_IN_A_JPEG: Final = {b"\xff\xda": 200, b"Exif\0\0": 20}
"""Scans and EXIF blocks. Real files have a dozen at most; thousands keep a decoder busy for minutes."""

_BLOCKS_MOST: Final = 16
"""Blocks of memory that are kept for the next picture, on however many cores; one of 1 MP takes 4 MB."""

_ONE_LARGE_ONE: Final = Lock()

_EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_PNG_END: Final = b"IEND\xaeB`\x82"


class NotAnImage(Exception):
    """The bytes are no complete PNG, JPEG or WebP; the message says what is wrong."""


Content = bytes | mmap
"""The bytes of a file, in memory or mapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """``width`` and ``height`` in pixels; ``extension`` without a dot; ``bare`` as the look for credentials says."""

    width: int
    height: int
    mime: str
    extension: str
    bare: int


def check_picture(path: Path, then: Callable[[ImageFile], None] = lambda _: None) -> Picture:
    """``check_content`` of a file's bytes."""
    with _mapped(path) as data:
        return check_content(data, then)


def check_content(data: Content, then: Callable[[ImageFile], None] = lambda _: None) -> Picture:
    """Decode it whole, once; raises NotAnImage. ``then`` is called with the pixels while they are there.

    Pillow's ``verify()`` passes JPEGs that lost their tail and ``load()`` passes PNGs that lost their end, so both run.
    The first decodes nothing: it adds up a PNG's checksums.
    """
    _keep_memory()
    with _legible():
        mime = _kind(data)
        _check_end(data, mime)
        turn = _turn(_verified(data, mime))
    with turn:
        with _legible(), _opened(data, mime) as image:
            image.load()
        then(image)
        return Picture(width=image.width, height=image.height, mime=mime, extension=_EXTENSIONS[mime], bare=look(data))


@cache
def _keep_memory() -> None:
    """Let Pillow use the memory of one picture for the next: a large block is else given back and zeroed each time.

    Two for each thread: a picture and what is drawn from it. What it saves is in ``benchmarks/thumbs.py settings``.
    """
    from PIL import _imaging

    _imaging.set_blocks_max(min(2 * cores(), _BLOCKS_MOST))


def _mapped(path: Path) -> mmap:
    """The bytes of a file, opened once: what reads them makes no call to the system."""
    with _legible(), path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise NotAnImage("it is no PNG, JPEG or WebP: it begins with nothing")
        return mmap(file.fileno(), 0, access=ACCESS_READ)


@contextmanager
def _legible() -> Iterator[None]:
    """A decoder has many ways to say that it cannot read on."""
    try:
        yield
    except NotAnImage:
        raise
    except Exception as error:
        raise NotAnImage(f"the image is damaged: {error}") from None


def _verified(data: Content, mime: str) -> int:
    """The number of pixels that a file claims to have, which is not too large; its checksums are right."""
    with _opened(data, mime) as image:
        if image.width * image.height > MAX_PIXELS:
            raise NotAnImage(f"{image.width}x{image.height} pixels is more than any image of these models")
        image.verify()
        return image.width * image.height


def _kind(data: Content) -> str:
    """The MIME type by the first bytes."""
    head = data[:24]
    mime = sniff(head)
    if mime not in _EXTENSIONS:
        begins = repr(head.decode("ascii", errors="replace"))
        raise NotAnImage(f"it is no PNG, JPEG or WebP: it begins with {begins}")
    return mime


def _check_end(data: Content, mime: str) -> None:
    """Pillow asks for a PNG's last chunk, but not for the four bytes that end it; nor does it count a JPEG's parts."""
    if mime == "image/png" and data.rfind(_PNG_END) < 0:
        raise NotAnImage("the image is damaged: its end is missing")
    if mime == "image/jpeg" and any(_holds_more(data, part, most) for part, most in _MOST_IN_A_JPEG.items()):
        raise NotAnImage("the image is damaged: it has more parts than any picture")


def _holds_more(data: Content, part: bytes, most: int) -> bool:
    """Whether ``part`` occurs more than ``most`` times."""
    at = -1
    for _ in range(most + 1):
        at = data.find(part, at + 1)
        if at < 0:
            return False
    return True


def _turn(pixels: int) -> AbstractContextManager[object]:
    """Waiting for one's turn, which only large pictures have to."""
    return _ONE_LARGE_ONE if pixels > LARGE else nullcontext()


def _opened(data: Content, mime: str) -> ImageFile:
    """By the format's own class: ``Image.open`` warns of many pixels, and warnings belong to the whole process."""
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    formats: Mapping[str, Callable[[IO[bytes]], ImageFile]] = {
        "image/png": PngImageFile,
        "image/jpeg": JpegImageFile,
        "image/webp": WebPImageFile,
    }
    file = BytesIO(data) if isinstance(data, bytes) else cast("IO[bytes]", data)
    file.seek(0)
    return formats[mime](file)
