"""Is this really a whole image? Decided by its bytes, never by its name or by what the server called it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_PIXELS: Final = 64_000_000
"""Far above what the models make; a small file can claim far more (a decompression bomb)."""

_KINDS: Final = {"PNG": ("image/png", "png"), "JPEG": ("image/jpeg", "jpg"), "WEBP": ("image/webp", "webp")}


class NotAnImage(Exception):
    """The bytes are no complete PNG, JPEG or WebP; the message says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """``width`` and ``height`` in pixels; ``extension`` without a dot."""

    width: int
    height: int
    mime: str
    extension: str


def check_picture(path: Path) -> Picture:
    """Decode a file whole; raises NotAnImage.

    Pillow's ``verify()`` passes JPEGs that lost their tail and ``load()`` passes PNGs that lost their end, so both run.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(path, formats=tuple(_KINDS)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise NotAnImage(f"{image.width}x{image.height} pixels is more than any image of these models")
                image.verify()
            with Image.open(path, formats=tuple(_KINDS)) as image:
                image.load()
                mime, extension = _KINDS[str(image.format)]
                return Picture(width=image.width, height=image.height, mime=mime, extension=extension)
    except UnidentifiedImageError:
        raise NotAnImage(f"it is no image, it begins with {_head(path)}") from None
    except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError) as error:
        raise NotAnImage(f"the image is damaged: {error}") from None


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return repr(file.read(24).decode("ascii", errors="replace")) if path.stat().st_size else "nothing"
