"""What the API takes as an upload: checked on this machine, before a byte is sent."""

from __future__ import annotations

import os
from pathlib import Path

from flux_batch.errors import UsageError
from flux_batch.spec.vocabulary import UPLOAD_MAX_BYTES


def checked_upload(path: Path) -> str:
    """The MIME type of an image the API accepts; raises UsageError for a wrong type, over 10 MB, or no file."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            mime = sniff(file.read(16))
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}") from None
    if size > UPLOAD_MAX_BYTES:
        raise UsageError(f"{path.name} has {size / 1024 / 1024:.2f} MB; the provider takes at most 10 MB")
    if mime is None:
        raise UsageError(f"{path.name} is not a JPEG, PNG, WebP or GIF image")
    return mime


def sniff(head: bytes) -> str | None:
    """The MIME type by a file's first 16 bytes; None for anything but JPEG, PNG, WebP and GIF."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None
