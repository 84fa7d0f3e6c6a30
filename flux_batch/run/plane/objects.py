"""Images in an object store that speaks S3: put there whole under a name that was free, listed, read.

Who may do so is decided by the environment, as for every other tool (AWS_PROFILE, AWS_ACCESS_KEY_ID, a machine's role,
AWS_ENDPOINT_URL): nothing of it is asked for here, kept, or repeated in a message.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

from flux_batch.errors import LocalFailure, UsageError
from flux_batch.run.plane.shelf import Arrived
from flux_batch.run.records import StoredFile

SCHEME: Final = "s3://"
_PLACE: Final = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/?#@\s]+)*")
CHUNK: Final = 8 * 1024 * 1024
"""Bytes of one part; what is twice as large or larger travels in parts."""
MARKER: Final = ".flux-batch"
_SETTINGS: Final = {"retries": {"mode": "standard", "max_attempts": 5}, "connect_timeout": 10, "read_timeout": 60}
_SECRETS: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")


def is_object(path: str) -> bool:
    """Whether the path of a stored file is an address in an object store."""
    return path.startswith(SCHEME)


def check_place(place: str) -> None:
    """Raise UsageError for what ``--images`` cannot mean, or where what it needs is not installed."""
    if not _PLACE.fullmatch(place):
        shown = place.partition("@")[2] or place
        raise UsageError(
            f"--images {shown.partition('?')[0]}: give s3://BUCKET/PREFIX, and credentials as AWS_… variables"
        )
    try:
        import s3fs  # noqa: F401
    except ImportError:
        raise UsageError("--images needs s3fs, which is not installed: pip install 'flux-batch[s3]'") from None


@dataclass(frozen=True, slots=True)
class ObjectShelf:
    """Images below an address. What is put there appears whole or not at all: S3 has no half objects."""

    place: str

    def keep(self, arrived: Arrived, stem: str) -> StoredFile:
        """Put a part under the first name that is free or has its bytes already; raises LocalFailure."""
        extension = arrived.picture.extension
        for name in (stem, f"{stem}-{arrived.sha256[:12]}"):
            address = f"{self.place}/{name}.{extension}"
            if _put(arrived, address):
                arrived.part.unlink(missing_ok=True)
                return arrived.stored_as(address)
        raise LocalFailure(f"{address}: another image has this name; the image is paid and waits at the provider")


def _put(arrived: Arrived, address: str) -> bool:
    """Whether the bytes stand there now; False when others do. Asked first: not every server knows ``create``."""
    with _told(address):
        if not _store().exists(address):
            try:
                _send(arrived, address)
            except FileExistsError:  # since then, or the answer to our own first try was lost
                pass
            else:
                return True
        return object_sha256(address) == arrived.sha256


def _send(arrived: Arrived, address: str) -> None:
    """From memory or from its part; raises FileExistsError where something stands there."""
    how = {"mode": "create", "chunksize": CHUNK, "ContentType": arrived.picture.mime}
    if arrived.content is None:
        _store().put_file(str(arrived.part), address, **how)
    else:
        _store().pipe_file(address, arrived.content, **how)


def prove(place: str) -> None:
    """Write there and read it back, before anything is bought; raises LocalFailure."""
    address, word = f"{place}/{MARKER}", b"flux-batch keeps images here\n"
    with _told(place):
        _store().pipe_file(address, word)
        if _store().cat_file(address) != word:
            raise LocalFailure(f"{place} does not give back what was put there")


def object_sizes(place: str) -> dict[str, int]:
    """Every object below a place with its size in bytes, by its address: one question for a thousand of them."""
    with _told(place):
        found = _store().find(place, detail=True)
        return {f"{SCHEME}{name}": int(facts["size"]) for name, facts in found.items()}


def object_size(address: str) -> int:
    """Bytes of one object; raises FileNotFoundError where there is none, LocalFailure where nobody can say."""
    with _told(address):
        return int(_store().info(address)["size"])


def object_bytes(address: str) -> bytes:
    """All of it; raises as above."""
    with _told(address):
        data: bytes = _store().cat_file(address)
        return data


def object_sha256(address: str) -> str:
    """The hash of what really stands there, not of what somebody noted about it."""
    return hashlib.sha256(object_bytes(address)).hexdigest()


def web_base(place: str) -> str:
    """Where a browser finds what is below a place, if it may: the server's own address, without credentials."""
    bucket, _, prefix = place.removeprefix(SCHEME).partition("/")
    with _told(place):
        _store().connect()
        server = urlsplit(str(_store().s3.meta.endpoint_url))
    host = server.netloc.rpartition("@")[2]
    if (server.hostname or "").endswith(".amazonaws.com") and "." not in bucket:
        base = f"{server.scheme}://{bucket}.{host}"
    else:
        base = f"{server.scheme}://{host}/{bucket}"
    return "/".join(part for part in (base, quote(prefix)) if part)


@cache
def _store() -> Any:
    """One connection for all threads of the process."""
    import fsspec

    return fsspec.filesystem("s3", use_listings_cache=False, config_kwargs=_SETTINGS)


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Whatever the libraries raise, in our words; FileNotFoundError stays, where the bucket is there."""
    try:
        yield
    except (FileNotFoundError, LocalFailure) as error:
        if "specified bucket" not in str(error):
            raise
        raise LocalFailure(f"{address}: there is no such bucket") from None
    except Exception as error:
        raise LocalFailure(f"{address}: {_words(error)}; {_ADVICE}") from None


_ADVICE: Final = "look at AWS_PROFILE, AWS_ENDPOINT_URL and what the key may do (list, get, put)"


def _words(error: BaseException) -> str:
    """In one line, without anything that lets somebody in."""
    text = " ".join(str(error).split()) or type(error).__name__
    for name in _SECRETS:
        if value := os.environ.get(name):
            text = text.replace(value, f"[{name}]")
    return re.sub(r"://[^/@\s]*@", "://", text)[:300]
