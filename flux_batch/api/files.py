"""Result files: fetched without the key, from public addresses only, redirects followed by hand."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Final, Self
from urllib.parse import urljoin

from aiohttp import ClientResponse
from aiohttp.abc import AbstractResolver
from yarl import URL

from flux_batch.api.settings import is_loopback
from flux_batch.api.transport import HTTP_FAILURES, public_session, translate
from flux_batch.errors import Rejected, Unclear

MAX_HOPS: Final = 3
GONE: Final = frozenset({403, 404, 410})
"""Statuses that mean: ask the API for a fresh URL."""

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_HEADERS: Final = {
    "Accept": "image/*",
    "Accept-Encoding": "identity",
    "Connection": "keep-alive",
    "User-Agent": "flux-batch",
}


class FileClient:
    """Fetches result files. ``loopback`` allows http and this machine, for an API that runs there.

    ``resolver`` stands in for this machine's own way to look names up.
    """

    def __init__(
        self,
        *,
        loopback: bool,
        connections: int = 100,
        connect: float = 10.0,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._loopback = loopback
        self._open = partial(
            public_session,
            headers=_HEADERS,
            loopback=loopback,
            connections=connections,
            connect=connect,
            resolver=resolver,
        )

    async def __aenter__(self) -> Self:
        """Ready to use."""
        self._session = self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._session.close()

    @asynccontextmanager
    async def stream(self, url: str, *, seconds: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """The raw bytes of a file, as chunks, all within ``seconds``.

        Raises Rejected with the status when the file is gone (403, 404, 410), Unclear for anything else that
        may pass; a body shorter than announced is Unclear.
        """
        deadline = asyncio.timeout(seconds)
        try:
            async with deadline:
                response = await self._follow(url)
                try:
                    yield _chunks(response)
                finally:
                    response.close()
        except TimeoutError:
            if not deadline.expired():
                raise
            raise Unclear(f"the file did not arrive within {seconds:g} s") from None

    async def _follow(self, url: str) -> ClientResponse:
        for _ in range(MAX_HOPS + 1):
            response = await self._send(self._checked(url))
            if not (response.status in _REDIRECTS and "location" in response.headers):
                return _accepted(response)
            response.close()
            url = _joined(url, response.headers["location"])
        raise Unclear(f"the file host redirects more than {MAX_HOPS} times")

    async def _send(self, url: URL) -> ClientResponse:
        try:
            return await self._session.get(url, allow_redirects=False, auto_decompress=False)
        except HTTP_FAILURES as error:
            raise translate(error) from None

    def _checked(self, url: str) -> URL:
        """The URL as it will be asked for, if it is https (or http on this machine, when the API is there).

        Which addresses are private is checked where the connection is made.
        """
        try:
            address = URL(url)
        except ValueError:
            raise Unclear("the file's address is not a URL") from None
        if _CONTROL.search(url):  # a resolver takes none in a host's name, and says so with an error of its own
            raise Unclear("the file's address is not a URL")
        local = self._loopback and is_loopback(address.host or "")
        if address.scheme != "https" and not (address.scheme == "http" and local):
            raise Unclear("the file's address is not https")
        if address.raw_user is not None or address.raw_password is not None:
            # It would become an Authorization header.
            raise Unclear("the file's address carries a user name or password")
        return address


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise Unclear("the file host redirects to something that is not a URL") from None


async def _chunks(response: ClientResponse) -> AsyncIterator[bytes]:
    """The body as it comes; only the wire's failures are translated, not those of whoever writes it down."""
    while True:
        try:
            chunk = await response.content.readany()
        except HTTP_FAILURES as error:
            raise translate(error) from None
        if not chunk:
            return
        yield chunk


def _accepted(response: ClientResponse) -> ClientResponse:
    status = response.status
    encoding = response.headers.get("content-encoding", "identity")
    if status == 200 and encoding == "identity":
        return response
    response.close()
    if status in GONE:
        raise Rejected(status, "file_gone", "the file is no longer there")
    raise Unclear(f"the file host answered {status}" + (f" ({encoding})" if encoding != "identity" else ""))
