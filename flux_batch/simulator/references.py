"""Where an edit's picture comes from. A reference is never fetched from beyond this machine."""

from __future__ import annotations

import hashlib
import io
import ipaddress
import warnings
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from PIL import Image

from flux_batch.simulator.contract import UPLOAD_MAX_BYTES, UPLOAD_TYPES

FETCH_SECONDS: Final = 5.0
MAX_PIXELS: Final = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One image to edit; ``digest`` says which.

    ``data`` is empty for a result of our own (``file_name`` says whose) and for a picture on the internet, which is
    not fetched: a stand-in for its ``url`` is drawn.
    """

    digest: str
    url: str
    data: bytes = b""
    file_name: str = ""


def from_bytes(data: bytes, url: str) -> Reference:
    """A reference whose bytes are at hand."""
    return Reference(digest=hashlib.sha256(data).hexdigest(), url=url, data=data)


def stand_in(url: str) -> Reference:
    """A reference that is only known by its address."""
    return Reference(digest=hashlib.sha256(url.encode()).hexdigest(), url=url)


def mime_of(data: bytes) -> str | None:
    """The type of an image the contract takes, by its bytes; None for anything else, or an image too large."""
    try:
        with warnings.catch_warnings():
            # A huge picture is refused below, by our own number; Pillow's warning would be an error in strict programs.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=tuple(UPLOAD_TYPES)) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                picture.load()
                return UPLOAD_TYPES[picture.format or ""]
    except (OSError, ValueError, SyntaxError, KeyError, Image.DecompressionBombError):
        return None


def loopback_url(url: str) -> str | None:
    """The address to fetch from, as a literal loopback IP; None when it is not on this machine.

    No name is resolved: what a resolver says may change between the check and the connection.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host == "localhost":
        port = f":{parts.port}" if parts.port else ""
        return urlunsplit((parts.scheme, f"127.0.0.1{port}", parts.path, parts.query, ""))
    try:
        return url if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None


async def fetch(url: str) -> bytes | None:
    """Read a file from this machine's loopback; None when it is not there, too large or too slow."""
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            data = await response.content.read(UPLOAD_MAX_BYTES + 1) if response.status == 200 else b""
            while 0 < len(data) <= UPLOAD_MAX_BYTES and (more := await response.content.read(2**20)):
                data += more
    except (TimeoutError, aiohttp.ClientError, OSError):
        return None
    return data if 0 < len(data) <= UPLOAD_MAX_BYTES else None
