"""The HTTP library, behind one edge: sessions, and the translation of every exception it can raise."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver

from flux_batch.api.hiding import hide_key
from flux_batch.errors import ApiError, NotSent, Unclear

Call = AbstractAsyncContextManager[aiohttp.ClientResponse]
"""A request that leaves when it is entered."""

HTTP_FAILURES: Final = (
    aiohttp.ClientError,
    TimeoutError,
    OSError,
    UnicodeError,
)
"""Everything the wire can raise at us; anything else is a bug. UnicodeError: a host name DNS has no spelling for."""

_NEVER_CONNECTED: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


def translate(error: BaseException, *, hide: str = "") -> ApiError:
    """Our word for a failure of the wire: NotSent only where no connection can have been made.

    A server may send the key back in what it answers, and the libraries quote what they cannot read: ``hide`` is it.
    """
    if isinstance(error, _NEVER_CONNECTED) and not isinstance(error, aiohttp.RedirectClientError):
        return NotSent(f"no connection: {_words(error, hide)}")
    return Unclear(f"the connection failed: {_words(error, hide)}")


def api_session(
    *, headers: Mapping[str, str], keep_alive: bool, connections: int, connect: float
) -> aiohttp.ClientSession:
    """Connections to the API host, made within ``connect`` seconds; opened in a running loop.

    Without keep-alive an idle connection cannot die under a paid request.
    """
    return _session(headers, connect, limit=connections, force_close=not keep_alive)


def public_session(
    *,
    headers: Mapping[str, str],
    loopback: bool,
    connections: int,
    connect: float,
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """Connections to public addresses only, or also to this machine when ``loopback``."""
    sockets = _sockets_to(allowed_address(loopback))
    return _session(headers, connect, limit=connections, resolver=resolver, socket_factory=sockets)


def _session(headers: Mapping[str, str], connect: float, **connector: Any) -> aiohttp.ClientSession:
    """No cookies, no proxies, no netrc, and no deadline but that for the connection: callers set their own."""
    return aiohttp.ClientSession(
        headers=headers,
        connector=aiohttp.TCPConnector(ssl=_trust(), **connector),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect),
    )


@cache
def _trust() -> ssl.SSLContext:
    """Whom to believe: certifi's roots, and this machine's own (a company's, ``SSL_CERT_FILE``).

    Loaded once: each session would else read its own, 15 ms a time.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


def allowed_address(loopback: bool) -> Callable[[str], bool]:
    """Which addresses result files may come from."""

    def allowed(host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return _is_public(address) or (loopback and address.is_loopback)

    return allowed


def _sockets_to(allowed: Callable[[str], bool]) -> aiohttp.SocketFactoryType:
    """Opens sockets to allowed addresses only.

    It is asked with the very address that is connected to next: after every resolver, and for every way to write an
    address that a URL parser further down understands and a check further up does not.
    """

    def open_socket(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allowed(str(address[0])):
            raise PermissionError(errno.EACCES, "the address is in a private network")
        return socket.socket(family, kind, protocol)

    return open_socket


_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody on the internet can be there; Python's ``is_global`` counts multicast, 6to4 and more as such."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    inner = IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address.ipv4_mapped
    if inner is not None:
        return _is_public(inner)
    return address.is_global and address in _UNICAST and address.sixtofour is None


_QUERY = re.compile(r"""(https?://[^\s?'"]*)\?[^\s'"]*""")
"""The part of a URL that signs it: whoever reads it in a log can fetch the file."""


def _words(error: BaseException, hide: str) -> str:
    """What a library says of a failure, in one line, without the server's own bytes and without secrets."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        text = "the server closed it without an answer"
    elif isinstance(error, aiohttp.ClientResponseError):
        text = f"the answer is not HTTP: {error.message.partition(':')[0]}"
    elif isinstance(error, aiohttp.ClientConnectorError):
        text = f"{error.host}:{error.port}: {_reason(error)}"
    else:
        text = _QUERY.sub(r"\1", str(error)) or type(error).__name__
    return " ".join(hide_key(text, hide).split())[:300]


def _reason(error: aiohttp.ClientConnectorError) -> str:
    """Why there is no connection, without the objects that aiohttp's own text shows."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    reason = error.os_error
    return reason.strerror or str(reason) or type(reason).__name__
