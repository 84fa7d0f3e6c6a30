"""What a picture says beside its pixels stays at home: EXIF with its GPS, XMP, IPTC, comments, trailing data.

Taken out of the file's own structure, so that no pixel changes and colour profiles stay. Only a picture that needs its
EXIF to stand upright is turned and encoded anew.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from flux_batch.api.uploads import sniff

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION: Final = 0x0112
_QUALITY: Final = 95

_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset(
    {
        b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs", b"hIST",
        b"sPLT", b"acTL", b"fcTL", b"fdAT",
    }
)  # fmt: skip
"""Beside the critical chunks, which begin with a capital letter: what a decoder may use."""

_WEBP_KEPT: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_HAS_EXIF_OR_XMP: Final = 0x0C

_SOI, _EOI, _SOS, _COM, _TEM = 0xD8, 0xD9, 0xDA, 0xFE, 0x01
_APP0, _APP2, _APP14, _APP15 = 0xE0, 0xE2, 0xEE, 0xEF
_RESTARTS: Final = range(0xD0, 0xD8)


class Unreadable(ValueError):
    """The file's structure is not what its first bytes promise."""


def without_metadata(data: bytes) -> bytes:
    """The same picture, saying nothing but its pixels; ``data`` itself when there was nothing to take out.

    A GIF is left as it is: it has no place for EXIF. Raises Unreadable for what no decoder can read either.
    """
    mime = sniff(data[:16])
    if mime not in ("image/jpeg", "image/png", "image/webp"):
        return data
    try:
        return _stripped(_upright(data, mime), mime)
    except Unreadable:
        return _stripped(_encoded_anew(data, mime), mime)


def _stripped(data: bytes, mime: str) -> bytes:
    try:
        match mime:
            case "image/jpeg":
                return b"".join(_jpeg_parts(data))
            case "image/png":
                return b"".join(_png_parts(data))
            case _:
                return _webp(data)
    except IndexError:
        raise Unreadable("the file ends too early") from None


# JPEG ----------------------------------------------------------------------------------------------------------------


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    """Segments that a decoder needs, with the coded pixels between; nothing behind the end of the image."""
    yield data[:2]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise Unreadable("a JPEG segment does not begin where the last one ends")
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker == _EOI:
            yield data[at : at + 2]
            return
        end = at + 2 if marker == _TEM else at + 2 + _number(data, at + 2, 2)
        if marker == _SOS:
            end = _end_of_pixels(data, end)
        if _jpeg_keeps(marker, data[at + 4 : at + 16]):
            yield data[at:end]
        at = end


def _end_of_pixels(data: bytes, at: int) -> int:
    """Where the next marker stands that is not part of the coded pixels."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise Unreadable("the JPEG has no end")
        if data[at + 1] not in (0x00, 0xFF) and data[at + 1] not in _RESTARTS:
            return at
        at += 1


def _jpeg_keeps(marker: int, begins: bytes) -> bool:
    if marker == _APP0:
        return begins.startswith(b"JFIF\0")
    if marker == _APP2:
        return begins.startswith(b"ICC_PROFILE\0")
    return marker == _APP14 or not (_APP0 <= marker <= _APP15 or marker == _COM)


# PNG and WebP --------------------------------------------------------------------------------------------------------


def _png_parts(data: bytes) -> Iterator[bytes]:
    """Chunks that a decoder needs; nothing behind the end of the image."""
    yield _PNG_HEAD
    at, kind = len(_PNG_HEAD), b""
    while kind != b"IEND":
        end = at + 12 + _number(data, at, 4)
        kind = data[at + 4 : at + 8]
        if end > len(data):
            raise Unreadable("the PNG ends too early")
        if kind[:1].isupper() or kind in _PNG_KEPT:
            yield data[at:end]
        at = end


def _webp(data: bytes) -> bytes:
    """The container written anew around the chunks that a decoder needs."""
    chunks = b"".join(_webp_parts(data))
    return b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks


def _webp_parts(data: bytes) -> Iterator[bytes]:
    at, whole = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= whole:
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        if at + 8 + size > whole:
            raise Unreadable("the WebP ends too early")
        if kind == b"VP8X":
            yield data[at : at + 8] + bytes([data[at + 8] & ~_WEBP_HAS_EXIF_OR_XMP]) + data[at + 9 : end]
        elif kind in _WEBP_KEPT:
            yield data[at:end]
        at = end


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise Unreadable("the file ends too early")
    return int.from_bytes(data[at : at + size], "big")


# Turned pictures -----------------------------------------------------------------------------------------------------


def _upright(data: bytes, mime: str) -> bytes:
    """Turned as its EXIF says, so that it is seen as it was; the same bytes when it stands upright already."""
    import PIL.Image

    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            turned = image.getexif().get(_ORIENTATION, 1) not in (0, 1)
    except Exception as error:  # a decoder has many ways to say that it cannot read on
        raise Unreadable(f"the picture cannot be read: {error}") from None
    return _encoded_anew(data, mime) if turned else data


def _encoded_anew(data: bytes, mime: str) -> bytes:
    """In its own format; a phone's JPEG of several pictures becomes a JPEG of the first."""
    import PIL.Image
    import PIL.ImageOps

    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            return _encoded(PIL.ImageOps.exif_transpose(image), mime, image.info.get("icc_profile"))
    except Exception as error:  # the same
        raise Unreadable(f"the picture cannot be read: {error}") from None


def _encoded(image: Image, mime: str, profile: bytes | None) -> bytes:
    out = io.BytesIO()
    finest = {"image/jpeg": {"quality": _QUALITY, "subsampling": 0}, "image/webp": {"quality": _QUALITY}}.get(mime, {})
    image.save(out, mime.removeprefix("image/").upper(), icc_profile=profile, **finest)
    return out.getvalue()
