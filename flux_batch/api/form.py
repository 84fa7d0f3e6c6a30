"""An image as a form, as browsers and curl send one (RFC 7578): a text field, then the file, streamed.

aiohttp's own forms put a content type on the text field and cannot be recorded by the recorder of the tests.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from typing import BinaryIO, Final

PURPOSE: Final = "generation"
_PIECE: Final = 64 * 1024


class ImageForm:
    """The form of an open image file. Its ``headers`` announce the length: nothing is chunked."""

    def __init__(self, file: BinaryIO, mime: str) -> None:
        boundary = secrets.token_hex(16)
        name = f"reference.{mime.partition('/')[2]}"
        self._file = file
        self._head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{PURPOSE}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {mime}\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        size = len(self._head) + os.fstat(file.fileno()).st_size + len(self._tail)
        self.headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(size)}

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it, in order."""
        yield self._head
        while piece := self._file.read(_PIECE):
            yield piece
        yield self._tail
