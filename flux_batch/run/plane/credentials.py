"""Does a picture carry Content Credentials (C2PA)? A look at its container; nothing is decoded, checked or believed."""

from __future__ import annotations

import os
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import Struct
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK: Final = Struct(">I4s")
"""Length and name; a PNG has hundreds of chunks, so they are read in one call each."""
_PARTS_MAX: Final = 20_000
"""Chunks or segments; a real file has far fewer."""
_JUMBF: Final = b"jumb"
_C2PA: Final = b"c2pa"
"""How the type and the label of its box begin, within the first bytes of a JPEG's segment."""


_SMALL: Final = 1 << 14
"""Bytes that are read sooner than mapped."""
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0)

LOOK: Final = 1
"""Which look this is, for whoever remembers what one found: another number when it begins to see more."""


def look(data: bytes | mmap) -> int:
    """LOOK where there is no box for them, 0 where there is."""
    return 0 if _found(data) else LOOK


def has_credentials(path: str | Path) -> bool | None:
    """Whether there is a box for them; None where the file cannot be read."""
    try:
        handle = os.open(path, _FLAGS)
    except (OSError, ValueError):  # a name that no file can have
        return None
    try:
        begins = os.read(handle, _SMALL)
        if len(begins) < _SMALL:
            return _found(begins) if begins else None
        with mmap(handle, 0, access=ACCESS_READ) as data:
            return _found(data)
    except OSError:
        return None
    finally:
        os.close(handle)


def _found(data: mmap | bytes) -> bool:
    if data[:8] == _PNG:
        return _in_png(data)
    if data[:3] == b"\xff\xd8\xff":
        return _in_jpeg(data)
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP" and _in_webp(data)


def _in_png(data: mmap | bytes) -> bool:
    at, end = len(_PNG), len(data) - _CHUNK.size
    for _ in range(_PARTS_MAX):
        if at > end:
            return False
        length, name = _CHUNK.unpack_from(data, at)
        if name == b"caBX":
            return True
        at += 12 + length
    return False


def _in_jpeg(data: mmap | bytes) -> bool:
    """An APP11 segment before the picture's own data."""
    at = 2
    for _ in range(_PARTS_MAX):
        if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] == 0xDA:
            return False
        if data[at + 1] == 0xFF:  # any number of them may stand before a marker
            at += 1
            continue
        begins = data[at + 4 : at + 68]
        if data[at + 1] == 0xEB and begins.startswith(b"JP") and _JUMBF in begins and _C2PA in begins:
            return True
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _in_webp(data: mmap | bytes) -> bool:
    at = 12
    for _ in range(_PARTS_MAX):
        if at + 8 > len(data):
            return False
        if data[at : at + 4] == b"C2PA":
            return True
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return False
