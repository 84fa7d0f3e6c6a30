"""For every test: nothing but this machine can be reached, and no key of yours is in the environment.

The guard covers this process: both ways to connect (``socket`` itself, and asyncio, which connects and resolves
through it). A browser or a second Python started by a test has its own sockets and is not touched.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code; and a red suite is about the last change, so
# it tries the same examples each time. The search for new ones is scripts/prove's: python -m tests.run.model.search
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "ws_proxy", "wss_proxy", "no_proxy"})
NAMES: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
CONNECTS: Final = ("connect", "connect_ex", "sendto")


class NetworkReached(RuntimeError):
    """A test tried to leave this machine. Not an OSError: no code under test may take it for a bad connection."""


class Guard:
    """Says no, and remembers: code that swallows the error still fails its test."""

    def __init__(self) -> None:
        self.attempts: list[str] = []

    def check(self, host: object) -> None:
        """Let loopback pass."""
        if not is_here(host):
            self.attempts.append(str(host))
            raise NetworkReached(f"a test tried to reach {host!r}; only this machine's loopback is allowed")

    def look_up(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """A resolver that knows what no server must be asked for.

        That is loopback, a number in any spelling, a name that cannot be written in DNS (UnicodeError, as ever) and
        ``.invalid``, which exists nowhere by definition.
        """

        def resolve(host: str | bytes | None, *args: Any, **options: Any) -> Any:
            name = host.decode() if isinstance(host, bytes) else host
            if name is not None and name.endswith(".invalid"):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            if name is not None and not is_number(name.encode("idna").decode()):
                self.check(name)
            return real(host, *args, **options)

        return resolve

    def connect(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """A connection to loopback only; the address is the last argument of all three."""

        def reach(sock: socket.socket, *args: Any) -> Any:
            if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_here(args[-1][0]):
                # Libraries close it for an OSError only, and a socket left open is a warning of its own.
                sock.close()
                self.check(args[-1][0])
            return real(sock, *args)

        return reach


def is_here(host: object) -> bool:
    """Whether a host is this machine: loopback, its own name, or None and "", which a server binds to."""
    if host in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_number(host: str) -> bool:
    """Whether a host is an IPv4 address in any spelling, such as ``0x7f000001``."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


@pytest.fixture(scope="session", autouse=True)
def _guard() -> Iterator[Guard]:
    """Stand at the door for the whole session, so that no fixture gets by either."""
    guard = Guard()
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.setattr(socket, name, guard.look_up(getattr(socket, name)))
        for name in CONNECTS:
            patch.setattr(socket.socket, name, guard.connect(getattr(socket.socket, name)))
        yield guard


@pytest.fixture(autouse=True)
def network_attempts(_guard: Guard) -> Iterator[list[str]]:
    """The hosts this test tried to reach; a test that leaves one here fails."""
    _guard.attempts.clear()
    yield _guard.attempts
    attempts = ", ".join(_guard.attempts)
    _guard.attempts.clear()
    assert not attempts, f"this test tried to reach {attempts}"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, no base URL and no proxy of whoever runs the tests."""
    for name in list(os.environ):
        if name.upper().startswith("TOAPIS_") or name.lower() in PROXIES:
            monkeypatch.delenv(name)
