"""What the benchmark server hands out: prebuilt bytes, each file different in its last bytes."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable

from PIL import Image, ImageFilter

KINDS = ("plain", "photo", "tiny")


def bodies(kind: str) -> list[bytes]:
    """``plain``: 550 KB whose decoding is trivial; ``photo``: JPEGs of 1 MP; ``tiny``: a few hundred bytes."""
    makers: dict[str, Callable[[], list[bytes]]] = {
        "plain": lambda: [_padded(550_000)],
        "photo": lambda: [_photo(seed) for seed in range(8)],
        "tiny": lambda: [_padded(0)],
    }
    return makers[kind]()


def media_type(kind: str) -> str:
    """What the server calls them."""
    return "image/jpeg" if kind == "photo" else "image/png"


def _padded(size: int) -> bytes:
    """A PNG of 64 by 64 pixels with a private chunk of ``size`` random bytes before its end."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(buffer, "PNG")
    head, end = buffer.getvalue()[:-12], buffer.getvalue()[-12:]
    if not size:
        return head + end
    chunk = b"paDd" + os.urandom(size)
    return head + struct.pack(">I", size) + chunk + struct.pack(">I", zlib.crc32(chunk)) + end


def _photo(seed: int) -> bytes:
    """1024 by 1024 pixels of soft shapes with grain: a JPEG of some hundred KB, as a photograph has."""
    small = Image.frombytes("RGB", (24, 24), _noise(seed, 24 * 24 * 3))
    shapes = small.resize((1024, 1024), Image.Resampling.BICUBIC)
    grain = Image.frombytes("RGB", (1024, 1024), _noise(seed + 100, 1024 * 1024 * 3))
    picture = Image.blend(shapes, grain.filter(ImageFilter.GaussianBlur(1)), 0.12)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _noise(seed: int, size: int) -> bytes:
    """The same bytes for the same seed."""
    import random

    return random.Random(seed).randbytes(size)
