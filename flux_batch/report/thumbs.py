"""Small pictures for the sheet: made once per content, in ``thumbs/``, from originals that are never touched."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flux_batch.report.files import write_if_changed
from flux_batch.report.threads import in_threads
from flux_batch.run.records import StoredFile

if TYPE_CHECKING:
    from PIL import Image

FOLDER: Final = "thumbs"
LONGEST: Final = 480
"""Pixels of the longer side: sharp at the sheet's usual size on a dense screen, some 20 KB."""

_QUALITY: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumb:
    """A small picture; ``path`` is relative to the run folder, ``width`` and ``height`` are its own pixels."""

    path: str
    width: int
    height: int


def make_thumbs(files: Iterable[StoredFile], folder: Path) -> dict[str, Thumb | None]:
    """By content hash the thumbnail of every file; None where the original is missing or no image.

    Decoding leaves Python's lock, so a few threads make it faster on any machine with more than one core.
    """
    once = list({file.sha256: file for file in files}.values())
    made = in_threads(lambda file: make_thumb(file, folder), once)
    return {file.sha256: thumb for file, thumb in zip(once, made, strict=True)}


def make_thumb(file: StoredFile, folder: Path) -> Thumb | None:
    """The thumbnail of one stored image, made now if it is not there yet.

    It is named by the content, so an image that changed never shows its predecessor's thumbnail.
    """
    name = f"{FOLDER}/{file.sha256[:20]}.webp"
    original, path = folder / file.path, folder / name
    if not original.is_file():
        return None
    size = webp_size(path)
    if size is None:
        content = _shrink(original)
        if content is None:
            return None
        write_if_changed(path, content)
        size = webp_size(path)
    return Thumb(path=name, width=size[0], height=size[1]) if size else None


def webp_size(path: Path) -> tuple[int, int] | None:
    """Width and height from a WebP file's header; None unless the file is there in its whole length.

    Reading thirty bytes instead of opening it with Pillow is what keeps 10,000 old thumbnails cheap.
    """
    try:
        with path.open("rb") as file:
            head, length = file.read(30), os.fstat(file.fileno()).st_size
    except OSError:
        return None
    if (
        len(head) < 30
        or head[:4] != b"RIFF"
        or head[8:12] != b"WEBP"
        or struct.unpack("<I", head[4:8])[0] + 8 != length
    ):
        return None
    return _dimensions(head)


def _dimensions(head: bytes) -> tuple[int, int] | None:
    """The three kinds of WebP, by the name of their first chunk (RFC 9649)."""
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if head[12:16] == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return None


def _shrink(original: Path) -> bytes | None:
    """The image as a small WebP; None when it does not decode."""
    from PIL import Image, ImageOps

    try:
        with Image.open(original) as image:
            # The gap lets a JPEG be decoded at a fraction of its size, still at least twice as large as needed.
            image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS, reducing_gap=2.0)
            upright = ImageOps.exif_transpose(image)
            return _encode(upright)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _encode(image: Image.Image) -> bytes:
    """WebP with the picture's own colour profile, and nothing else of its metadata."""
    profile = image.info.get("icc_profile") or b""
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    content = BytesIO()
    image.save(content, "WEBP", quality=_QUALITY, method=4, icc_profile=profile, exif=b"", xmp=b"")
    return content.getvalue()
