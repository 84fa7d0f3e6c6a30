"""XMP put into the bytes of a PNG, JPEG or WebP, with every other byte as it was: nothing is decoded or saved anew."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

XMP_IN_PNG: Final = b"XML:com.adobe.xmp"
XMP_IN_JPEG: Final = b"http://ns.adobe.com/xap/1.0/\x00"
EXIF: Final = b"Exif\x00\x00"

SIGNED: Final = "left as it is: it carries Content Credentials (C2PA), which any change would break"
OWN_XMP: Final = "left as it is: it carries XMP of its own"
ODD: Final = "left as it is: its bytes are laid out in an unusual way"
NO_PLACE: Final = "left as it is: no place for XMP is known in this kind of file"
TOO_LONG: Final = "left as it is: the XMP is too long for one JPEG segment"

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SEGMENT_MAX: Final = 0xFFFF - 2


class Untouched(Exception):
    """Nothing can be put into this file; the message says why."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A chunk or segment: its name, where it starts and ends with everything, and its own data."""

    name: bytes
    start: int
    end: int
    data: bytes


def embed(content: bytes, xmp: bytes) -> bytes:
    """The same file with an XMP packet in it; raises Untouched."""
    try:
        return _way(content)(content, xmp)
    except (struct.error, IndexError):
        raise Untouched(ODD) from None


def _way(content: bytes) -> Callable[[bytes, bytes], bytes]:
    if content.startswith(_PNG):
        return _in_png
    if content.startswith(b"\xff\xd8\xff"):
        return _in_jpeg
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _in_webp
    raise Untouched(NO_PLACE)


def _refuse(signed: bool, own: bool) -> None:
    if signed:
        raise Untouched(SIGNED)
    if own:
        raise Untouched(OWN_XMP)


def _in_png(content: bytes, xmp: bytes) -> bytes:
    """An iTXt chunk before the first IDAT."""
    chunks = list(_png_chunks(content))
    texts = [chunk.data for chunk in chunks if chunk.name in (b"iTXt", b"tEXt", b"zTXt")]
    _refuse(any(chunk.name == b"caBX" for chunk in chunks), any(text.startswith(XMP_IN_PNG) for text in texts))
    at = next((chunk.start for chunk in chunks if chunk.name == b"IDAT"), None)
    if at is None or chunks[0].name != b"IHDR":
        raise Untouched(ODD)
    # Keyword, then: not compressed, no language, no translated keyword.
    body = b"iTXt" + XMP_IN_PNG + b"\x00\x00\x00\x00\x00" + xmp
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return content[:at] + chunk + content[at:]


def _png_chunks(content: bytes) -> Iterator[_Part]:
    at = len(_PNG)
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        end = at + 12 + length
        if end > len(content):
            raise Untouched(ODD)
        yield _Part(content[at + 4 : at + 8], at, end, content[at + 8 : end - 4])
        if content[at + 4 : at + 8] == b"IEND":
            return
        at = end
    raise Untouched(ODD)


def _in_jpeg(content: bytes, xmp: bytes) -> bytes:
    """An APP1 segment behind JFIF and EXIF, which some readers want first."""
    segments = list(_jpeg_segments(content))
    _refuse(
        any(each.name == b"\xeb" and each.data.startswith(b"JP") for each in segments),
        any(each.name == b"\xe1" and each.data.startswith(XMP_IN_JPEG[:20]) for each in segments),
    )
    body = XMP_IN_JPEG + xmp
    if len(body) > _SEGMENT_MAX:
        raise Untouched(TOO_LONG)
    at = 2
    for each in segments:
        if each.name != b"\xe0" and not (each.name == b"\xe1" and each.data.startswith(EXIF)):
            break
        at = each.end
    return content[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[at:]


def _jpeg_segments(content: bytes) -> Iterator[_Part]:
    """The segments before the picture's own data."""
    at = 2
    while True:
        start = at
        if content[at] != 0xFF:
            raise Untouched(ODD)
        while content[at] == 0xFF:  # any number of them may stand before a marker
            at += 1
        name = content[at : at + 1]
        if name == b"\xda":
            return
        if name in (b"\x00", b"\x01", b"\xd8", b"\xd9") or b"\xd0" <= name <= b"\xd7":
            raise Untouched(ODD)
        (length,) = struct.unpack_from(">H", content, at + 1)
        end = at + 1 + length
        if length < 2 or end > len(content):
            raise Untouched(ODD)
        yield _Part(name, start, end, content[at + 3 : end])
        at = end


_XMP_FLAG: Final = 0x04
_ALPHA_FLAG: Final = 0x10


def _in_webp(content: bytes, xmp: bytes) -> bytes:
    """An 'XMP ' chunk at the end, and the extended header that announces it."""
    chunks = list(_webp_chunks(content))
    names = [chunk.name for chunk in chunks]
    _refuse(b"C2PA" in names, b"XMP " in names)
    head, rest = _extended(chunks[0])
    body = b"".join(content[chunk.start : chunk.end] for chunk in chunks[1 if rest else 0 :])
    padded = xmp + b"\x00" * (len(xmp) % 2)
    whole = b"WEBP" + head + body + b"XMP " + struct.pack("<I", len(xmp)) + padded
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def _webp_chunks(content: bytes) -> Iterator[_Part]:
    (size,) = struct.unpack_from("<I", content, 4)
    if size + 8 != len(content):
        raise Untouched(ODD)
    at = 12
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at + 4)
        end = at + 8 + length + length % 2
        if end > len(content):
            raise Untouched(ODD)
        yield _Part(content[at : at + 4], at, end, content[at + 8 : at + 8 + length])
        at = end


def _extended(first: _Part) -> tuple[bytes, bool]:
    """The VP8X chunk with the flag for XMP, and whether it takes the place of the first chunk."""
    if first.name == b"VP8X":
        flags = first.data[0] | _XMP_FLAG
        return b"VP8X" + struct.pack("<I", len(first.data)) + bytes([flags]) + first.data[1:], True
    width, height, alpha = _canvas(first)
    flags = _XMP_FLAG | (_ALPHA_FLAG if alpha else 0)
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + sides, False


def _canvas(first: _Part) -> tuple[int, int, bool]:
    """Width, height and whether there may be transparency, from the picture's own header."""
    if first.name == b"VP8 " and first.data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", first.data, 6)
        return width & 0x3FFF, height & 0x3FFF, False
    if first.name == b"VP8L" and first.data[:1] == b"\x2f":
        (bits,) = struct.unpack_from("<I", first.data, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    raise Untouched(ODD)
