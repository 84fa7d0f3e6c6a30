"""Two small pictures of every image, in ``thumbs/``: drawn while the run goes on, named by the content.

They can be drawn again at any time, so they are no part of what is promised: nothing waits for the disk to keep them,
and one that cannot be made fails no image.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Final

from flux_batch.run.plane.durable import write_all
from flux_batch.run.plane.originals import is_there, original_file
from flux_batch.run.plane.picture import NotAnImage, check_picture
from flux_batch.run.plane.threads import in_threads
from flux_batch.run.plane.webp import webp_size
from flux_batch.run.records import StoredFile

if TYPE_CHECKING:
    from PIL import Image

FOLDER: Final = "thumbs"
SMALL: Final = 320
LARGE: Final = 800
"""Pixels of the longer side: one for a grid of many, one for a close look; some 7 and 35 KB."""

_QUALITY: Final = 80
_METHOD: Final = 2
"""Of WebP's seven efforts: 4 takes more than twice as long for 3 % fewer bytes (``benchmarks/thumbs.py``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumb:
    """A small picture; ``path`` is relative to the run folder, ``width`` and ``height`` are its own pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbs:
    """Both small pictures of one image."""

    small: Thumb
    large: Thumb


def make_thumbs(files: Iterable[StoredFile], folder: Path) -> dict[str, Thumbs | None]:
    """By content hash the thumbnails of every file, made now where they are missing; None where that cannot be done.

    Decoding leaves Python's lock, so threads make it faster on any machine with more than one core.
    """
    once = list({file.sha256: file for file in files}.values())
    there = [file for file in once if is_there(file.path, folder)]
    found = [find_thumbs(file.sha256, folder) for file in there]
    missing = [file for file, thumbs in zip(there, found, strict=True) if thumbs is None]
    made = in_threads(lambda file: _thumbs_of(file, folder), missing)
    return (
        {file.sha256: None for file in once}
        | {file.sha256: thumbs for file, thumbs in zip(there, found, strict=True)}
        | {file.sha256: thumbs for file, thumbs in zip(missing, made, strict=True)}
    )


def _thumbs_of(file: StoredFile, folder: Path) -> Thumbs | None:
    """Of an original that stands there, drawn now."""
    with suppress(NotAnImage, OSError), original_file(file.path, folder) as original:
        check_picture(original, lambda image: keep_thumbs(image, file.sha256, folder))
    return find_thumbs(file.sha256, folder)


def find_thumbs(sha256: str, folder: Path) -> Thumbs | None:
    """The thumbnails that are there, by their original's hash; None unless both are, and whole."""
    small = _found(thumb_name(sha256, SMALL), folder)
    large = small and _found(thumb_name(sha256, LARGE), folder)
    return Thumbs(small=small, large=large) if small and large else None


def _found(name: str, folder: Path) -> Thumb | None:
    size = webp_size(f"{folder!s}/{name}")
    return Thumb(path=name, width=size[0], height=size[1]) if size else None


def thumb_name(sha256: str, longest: int) -> str:
    """Relative to the run folder. An image that changed never shows its predecessor's thumbnail."""
    return f"{FOLDER}/{sha256[:20]}-{longest}.webp"


def keep_thumbs(image: Image.Image, sha256: str, folder: Path) -> None:
    """Draw a decoded image small and keep that, unless it is there already; nothing that fails here is told."""
    if find_thumbs(sha256, folder) is None:
        with suppress(Exception):
            put_thumbs(drawn(image), sha256, folder)


def put_thumbs(contents: Mapping[int, bytes], sha256: str, folder: Path) -> None:
    """Keep what was drawn; raises OSError where it cannot be."""
    for longest, content in contents.items():
        path = folder / thumb_name(sha256, longest)
        try:
            _put(path, content)
        except FileNotFoundError:
            path.parent.mkdir(exist_ok=True)
            _put(path, content)


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all, but not synced: what a power cut takes is drawn again."""
    part = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        handle = os.open(part, _NEW, 0o666)
        try:
            write_all(handle, content)
        finally:
            os.close(handle)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


def drawn(image: Image.Image) -> dict[int, bytes]:
    """A decoded image as two WebPs by the length of their longer side; the smaller one is drawn from the larger."""
    from PIL import ImageOps

    large = ImageOps.exif_transpose(_fitted(_plain(image), LARGE))
    small = _fitted(large, SMALL)
    profile = image.info.get("icc_profile") or b""
    content = _encoded(large, profile)
    return {LARGE: content, SMALL: content if small is large else _encoded(small, profile)}


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that WebP knows."""
    if image.mode in ("RGB", "RGBA"):
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _fitted(image: Image.Image, longest: int) -> Image.Image:
    """No larger than that, in its own shape."""
    from PIL import Image

    scale = longest / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _encoded(image: Image.Image, profile: bytes) -> bytes:
    """WebP with the picture's own colour profile, and nothing else of its metadata."""
    content = BytesIO()
    image.save(content, "WEBP", quality=_QUALITY, method=_METHOD, icc_profile=profile, exif=b"", xmp=b"")
    return content.getvalue()
