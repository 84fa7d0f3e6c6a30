"""The HTTP library, behind one edge: sessions, and the translation of every exception it can raise.

httpx-aiohttp maps aiohttp's exceptions coarsely: a connection reset after the request was sent arrives as
``httpx.ConnectTimeout``, which would read as "never sent" and lead to a second bill. So where aiohttp is the cause,
its own class decides.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from httpx_aiohttp import AiohttpTransport

from flux_batch.errors import ApiError, NotSent, Unclear

HTTP_FAILURES: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    TimeoutError,
    OSError,
)
"""Everything the wire can raise at us; anything else is a bug."""

_NEVER_CONNECTED: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_NEVER_CONNECTED_HTTPX: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)


def translate(error: BaseException) -> ApiError:
    """Our word for a failure of the wire: NotSent only where no connection can have been made."""
    cause = error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError) else error
    unsent = _NEVER_CONNECTED if isinstance(cause, aiohttp.ClientError) else _NEVER_CONNECTED_HTTPX
    if isinstance(cause, unsent):
        return NotSent(f"no connection: {_words(cause)}")
    return Unclear(f"the connection failed: {_words(cause)}")


def api_transport(*, keep_alive: bool, connections: int) -> AiohttpTransport:
    """A transport for the API host. Without keep-alive an idle connection cannot die under a paid request."""

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=connections, force_close=not keep_alive)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return AiohttpTransport(client=session)


def public_transport(*, loopback: bool, connections: int) -> AiohttpTransport:
    """A transport that connects to public addresses only, or to this machine only when ``loopback``."""

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=connections, resolver=_CheckedResolver(allowed_address(loopback)))
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return AiohttpTransport(client=session)


def allowed_address(loopback: bool) -> Callable[[str], bool]:
    """Which addresses result files may come from."""

    def allowed(host: str) -> bool:
        address = ip_address(host)
        return address.is_global or (loopback and address.is_loopback)

    return allowed


class _CheckedResolver(AbstractResolver):
    """Resolves once and hands on only allowed addresses, so that what was checked is what is connected to."""

    def __init__(self, allowed: Callable[[str], bool]) -> None:
        self._resolver = ThreadedResolver()
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(self._allowed(answer["host"]) for answer in found):
            raise OSError(f"{host} points into a private network")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _words(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return " ".join(text.split())[:300]
