"""Is this really a whole image? Decided by its bytes, never by its name or by what the server called it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from flux_batch.api.uploads import sniff

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PIXELS: Final = 64_000_000
"""Far above what the models make; a small file can claim far more (a decompression bomb)."""

LARGE: Final = 8_000_000
"""Pixels from which on pictures are decoded one at a time: the largest WebP takes a gigabyte while it is."""

_MOST_IN_A_JPEG: Final = {b"\xff\xda": 200, b"Exif\0\0": 20}
"""Scans and EXIF blocks. Real files have a dozen at most; thousands keep a decoder busy for minutes."""

_ONE_LARGE_ONE: Final = Lock()

_EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_PNG_END: Final = b"IEND\xaeB`\x82"


class NotAnImage(Exception):
    """The bytes are no complete PNG, JPEG or WebP; the message says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """``width`` and ``height`` in pixels; ``extension`` without a dot."""

    width: int
    height: int
    mime: str
    extension: str


def check_picture(path: Path, then: Callable[[ImageFile], None] = lambda _: None) -> Picture:
    """Decode a file whole, once; raises NotAnImage. ``then`` is called with the pixels while they are there.

    Pillow's ``verify()`` passes JPEGs that lost their tail and ``load()`` passes PNGs that lost their end, so both run.
    The first decodes nothing: it adds up a PNG's checksums.
    """
    with _legible():
        mime = _kind(path)
        _check_end(path, mime)
        turn = _turn(_verified(path, mime))
    with turn:
        with _legible(), _opened(path, mime) as image:
            image.load()
        then(image)
        return Picture(width=image.width, height=image.height, mime=mime, extension=_EXTENSIONS[mime])


@contextmanager
def _legible() -> Iterator[None]:
    """A decoder has many ways to say that it cannot read on."""
    try:
        yield
    except NotAnImage:
        raise
    except Exception as error:
        raise NotAnImage(f"the image is damaged: {error}") from None


def _verified(path: Path, mime: str) -> int:
    """The number of pixels that a file claims to have, which is not too large; its checksums are right."""
    with _opened(path, mime) as image:
        if image.width * image.height > MAX_PIXELS:
            raise NotAnImage(f"{image.width}x{image.height} pixels is more than any image of these models")
        image.verify()
        return image.width * image.height


def _kind(path: Path) -> str:
    """The MIME type by the first bytes."""
    with path.open("rb") as file:
        head = file.read(24)
    mime = sniff(head)
    if mime not in _EXTENSIONS:
        begins = repr(head.decode("ascii", errors="replace")) if head else "nothing"
        raise NotAnImage(f"it is no PNG, JPEG or WebP: it begins with {begins}")
    return mime


def _check_end(path: Path, mime: str) -> None:
    """Pillow asks for a PNG's last chunk, but not for the four bytes that end it; nor does it count a JPEG's parts."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        if mime == "image/png" and data.rfind(_PNG_END) < 0:
            raise NotAnImage("the image is damaged: its end is missing")
        if mime == "image/jpeg" and any(_holds_more(data, part, most) for part, most in _MOST_IN_A_JPEG.items()):
            raise NotAnImage("the image is damaged: it has more parts than any picture")


def _holds_more(data: mmap, part: bytes, most: int) -> bool:
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


def _opened(path: Path, mime: str) -> ImageFile:
    """By the format's own class: ``Image.open`` warns of many pixels, and warnings belong to the whole process."""
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    formats: Mapping[str, Callable[[Path], ImageFile]] = {
        "image/png": PngImageFile,
        "image/jpeg": JpegImageFile,
        "image/webp": WebPImageFile,
    }
    return formats[mime](path)
