"""The edge to the HTTP library: every exception it has, and every way a socket can fail.

What is called NotSent is sent again at once, so it must be true; what is called Unclear is only looked up.
"""

from __future__ import annotations

import inspect
import random
import socket
import ssl
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp import http_exceptions

from flux_batch.api.client import ApiClient
from flux_batch.api.settings import api_settings
from flux_batch.api.transport import HTTP_FAILURES, _trust, api_session, public_session, translate
from flux_batch.errors import ApiError, NotSent, Unclear

from .kit import KEY, QUICK, Behave, answers, closes, free_port, hangs, raw_server, resets, says

BODY: Final = b'{"model":"flux-kontext-pro"}'

UNSENT: Final = {
    "ClientConnectorError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorSSLError",
    "ClientProxyConnectionError",
    "ClientSSLError",
    "UnixClientConnectorError",
    "ConnectionTimeoutError",
    "InvalidURL",
    "InvalidUrlClientError",
    "NonHttpUrlClientError",
}
"""Every class after which nothing can have been billed. A class that is new in a library must be put here by hand."""

NEVER_MET: Final = {
    # aiohttp's own, of its server, its web sockets and its parsers; a client's call does not raise them.
    *("BadContentDispositionHeader", "BadContentDispositionParam", "EofStream", "PayloadRegistry"),
    *("WebSocketError", "WSMessageTypeError"),
}


def family(roots: Iterable[type[BaseException]]) -> set[type[BaseException]]:
    """Classes with all their descendants."""
    found: set[type[BaseException]] = set()
    for root in roots:
        found |= {root} | family(root.__subclasses__())
    return found


def exceptions_of(module: ModuleType) -> set[type[BaseException]]:
    """Every exception a library shows in public, and every descendant it defines itself."""
    public = [kind for name, kind in vars(module).items() if inspect.isclass(kind) and not name.startswith("_")]
    kinds = family(kind for kind in public if issubclass(kind, BaseException))
    return {kind for kind in kinds if kind.__module__.partition(".")[0] == module.__name__}


AIOHTTP: Final = sorted(
    (kind for kind in exceptions_of(aiohttp) if issubclass(kind, aiohttp.ClientError)), key=lambda kind: kind.__name__
)


def one(kind: type[BaseException]) -> BaseException:
    """An instance, made in the first way the class allows."""
    where = Mock(host="toapis.com", port=443, ssl=True, is_ssl=True)
    ways: tuple[tuple[Any, ...], ...] = (
        (where, ssl.SSLCertVerificationError(1, "self-signed")),
        (where, OSError(111, "Connection refused")),
        ("/a/socket", where, OSError(111, "Connection refused")),
        (Mock(real_url="https://toapis.com"), ()),
        (b"expected", b"got", "toapis.com", 443),
        ("as the library says it",),
        (),
    )
    for way in ways if issubclass(kind, aiohttp.ClientError) else ways[-2:]:
        try:
            made = kind(*way)
            str(made)
        except (TypeError, AttributeError, ValueError):
            continue
        return made
    raise AssertionError(f"{kind} is made in a new way; teach this function how")


def test_the_library_is_where_we_look() -> None:
    """The enumeration is not empty, and holds the families that are easily forgotten."""
    names = {kind.__name__ for kind in AIOHTTP}
    assert {"ClientPayloadError", "InvalidURL", "TooManyRedirects", "ServerDisconnectedError"} <= names
    assert len(AIOHTTP) >= 25


def test_every_exception_of_the_library_is_caught() -> None:
    """Fails when it gains an exception that nobody has thought about."""
    missed = {kind.__name__ for kind in exceptions_of(aiohttp) if not issubclass(kind, HTTP_FAILURES)}
    assert missed <= NEVER_MET


@pytest.mark.parametrize("kind", AIOHTTP, ids=lambda kind: kind.__name__)
def test_an_exception_is_translated(kind: type[BaseException]) -> None:
    """Each class to an error of ours; only those of no connection say unsent."""
    ours = translate(one(kind))
    assert issubclass(kind, HTTP_FAILURES)
    assert type(ours) is (NotSent if kind.__name__ in UNSENT else Unclear)
    assert len(str(ours)) > 20


def test_a_connection_lost_after_the_request_does_not_say_unsent() -> None:
    """What aiohttp raises then is a cousin of what it raises when there is no connection at all."""
    lost = aiohttp.ClientOSError(104, "Connection reset by peer")
    assert isinstance(lost, aiohttp.ClientConnectorError.__mro__[1])
    assert type(translate(lost)) is type(translate(aiohttp.ServerDisconnectedError())) is Unclear


@pytest.mark.parametrize(
    "error", [TimeoutError(), ConnectionResetError(), OSError(28, "No space"), UnicodeError("label")]
)
def test_pythons_own_failures_are_unclear(error: Exception) -> None:
    """They do not say whether anything was sent."""
    assert isinstance(error, HTTP_FAILURES)
    assert type(translate(error)) is Unclear


def test_a_bug_is_no_failure_of_the_wire() -> None:
    """It must not be waited out."""
    assert not any(issubclass(bug, HTTP_FAILURES) for bug in (TypeError, KeyError, AttributeError, RuntimeError))
    assert not issubclass(http_exceptions.HttpProcessingError, OSError)


async def submitted_to(behave: Behave | None, scheme: str = "http", greet: bytes | None = None) -> tuple[object, int]:
    """What a submit to such a server ends in, and how many requests the server read."""
    async with (
        raw_server(behave, greet=greet) as server,
        ApiClient(api_settings(f"{scheme}://127.0.0.1:{server.port}", KEY), timeouts=QUICK) as client,
    ):
        try:
            return await client.submit(BODY), len(server.heard)
        except ApiError as error:
            return error, len(server.heard)


async def test_a_refused_connection_is_unsent() -> None:
    """Nobody listens."""
    async with ApiClient(api_settings(f"http://127.0.0.1:{free_port()}", KEY), timeouts=QUICK) as client:
        with pytest.raises(NotSent, match="Connect call failed"):
            await client.submit(BODY)


async def test_an_unknown_name_is_unsent() -> None:
    """DNS has no such name."""
    async with ApiClient(api_settings("https://nowhere.invalid", KEY), timeouts=QUICK) as client:
        with pytest.raises(NotSent, match=r"nowhere\.invalid:443: Name or service not known"):
            await client.submit(BODY)


@pytest.mark.parametrize(
    "greet",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x28", b""],
    ids=["plain", "alert", "closes"],
)
async def test_a_failed_tls_handshake_is_unsent(greet: bytes) -> None:
    """The server speaks plain HTTP, sends a TLS alert, or hangs up: no request has left."""
    error, requests = await submitted_to(None, "https", greet=greet)
    assert type(error) is NotSent
    assert requests == 0


async def test_a_tls_handshake_that_hangs_is_unsent() -> None:
    """The time to connect covers it."""
    error, _ = await submitted_to(None, "https")
    assert type(error) is NotSent


@pytest.mark.parametrize("behave", [resets, closes, hangs], ids=lambda behave: behave.__name__)
async def test_a_connection_lost_after_the_request_is_unclear(behave: Behave) -> None:
    """The request was read, so it may be billed; and it went out once."""
    error, requests = await submitted_to(behave)
    assert type(error) is Unclear
    assert requests == 1


HEAD: Final = b"HTTP/1.1 200 OK\r\n"
TASK: Final = b'{"id": "task_1", "status": "queued"}'
LENGTH: Final = b"Content-Length: 36\r\n\r\n"

BROKEN: Final[dict[str, bytes]] = {
    "half a status line": b"HTTP/1.1 2",
    "half a header": HEAD + b"Content-Len",
    "headers without an end": HEAD + b"Content-Length: 36\r\n",
    "no body": HEAD + LENGTH,
    "half a body": HEAD + LENGTH + TASK[:20],
    "half a body without a length": HEAD + b"Connection: close\r\n\r\n" + TASK[:20],
    "half a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n24\r\n" + TASK[:20],
    "no last chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n24\r\n" + TASK + b"\r\n",
    "no gzip": HEAD + b"Content-Encoding: gzip\r\n" + LENGTH + TASK,
    "half a gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\xabV",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a wild length": HEAD + b"Content-Length: -1\r\n\r\n" + TASK,
    "a huge header": HEAD + b"X-Much: " + b"x" * 20_000 + b"\r\n" + LENGTH + TASK,
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    "nothing": HEAD + b"Content-Length: 0\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "html": HEAD + b"Content-Length: 6\r\n\r\n<html>",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_an_answer_that_breaks_off_is_unclear(raw: bytes) -> None:
    """A success that cannot be read is a paid image somewhere."""
    error, requests = await submitted_to(says(raw))
    assert type(error) is Unclear
    assert requests == 1


@pytest.mark.parametrize(
    "location", ["data:,x", "https://[", "https://x:99999", "mailto:x", "//", "", "https://a..b/", "é"]
)
async def test_a_redirect_to_nonsense_is_unclear(location: str) -> None:
    """By then the request has been sent."""
    error, requests = await submitted_to(answers(b"", 302, Location=location))
    assert type(error) is Unclear
    assert requests == 1


async def test_no_bytes_of_a_server_get_past_the_edge() -> None:
    """Answers cut and scrambled at random end in a task or in one of our errors, never in a library's."""
    chunked = b"Transfer-Encoding: chunked\r\n\r\n24\r\n" + TASK + b"\r\n0\r\n\r\n"
    whole = [
        HEAD + b"Set-Cookie: a=b; Path=/; Expires=Wed, 09 Jun 2031 10:18:14 GMT\r\n" + chunked,
        b"HTTP/1.1 302 Found\r\nLocation: https://files.toapis.com:443/x?y#z\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Slow\r\nRetry-After: Wed, 09 Jun 2031 10:18:14 GMT\r\n" + LENGTH + TASK,
    ]
    dice = random.Random(20261123)
    for turn in range(90):
        raw = bytearray(whole[turn % 3])
        for _ in range(dice.randrange(1, 4)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        del raw[dice.choice([len(raw), dice.randrange(1, len(raw))]) :]
        outcome, requests = await submitted_to(says(bytes(raw)))
        assert not isinstance(outcome, NotSent)
        assert requests == 1


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"X-Echo: \0Bearer %b\r\n\r\n",
        b"Bearer %b\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nBearer %b\r\n",
        b"HTTP/1.1 500 Bearer %b\r\nContent-Length: 10\r\n\r\n",
    ],
    ids=["header", "status line", "chunk", "reason"],
)
async def test_a_key_sent_back_in_broken_http_is_not_repeated(raw: bytes) -> None:
    """The libraries quote what they cannot read; a key with a quote or a backslash in it they even spell anew."""
    for key in (KEY, "sk-canary\\'0123\"4567"):
        async with (
            raw_server(says(raw % key.encode())) as server,
            ApiClient(api_settings(server.url, key), timeouts=QUICK) as client,
        ):
            with pytest.raises(Unclear) as caught:
                await client.submit(BODY)
        assert "canary" not in f"{caught.value} {caught.value!r}"


def test_a_hidden_word_and_a_signed_query_are_not_repeated() -> None:
    """What signs a URL lets whoever reads it fetch the file."""
    url = "https://files.toapis.com/a.png?X-Signature=abc&y=1"
    assert str(translate(aiohttp.SocketTimeoutError(f"{KEY} of {url} 'and' {url}"), hide=KEY)) == (
        "the connection failed: [key] of https://files.toapis.com/a.png 'and' https://files.toapis.com/a.png"
    )
    timed_out = aiohttp.ConnectionTimeoutError(f"Connection timeout to host {url}")
    assert "X-Signature" not in str(translate(timed_out))


def test_a_failure_is_one_short_line() -> None:
    """For a progress line and a table cell."""
    told = str(translate(aiohttp.ClientPayloadError("a\nb\r\n" + "c" * 5000)))
    assert len(told) < 400
    assert "\n" not in told


async def test_roots_of_trust_are_loaded_once() -> None:
    """All connections share them: certifi's, the machine's own, and names are checked."""
    context = _trust()
    assert context is _trust()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    api = api_session(headers={}, keep_alive=False, connections=1, connect=1.0)
    public = public_session(headers={}, loopback=False, connections=1, connect=1.0)
    async with api, public:
        for session in (api, public):
            assert isinstance(session.connector, aiohttp.TCPConnector)
            assert session.connector._ssl is context


async def test_a_long_answer_is_not_read_to_its_end() -> None:
    """More than 1 MiB is no answer of this API; what was read of it says nothing."""
    pieces = 0

    async def floods(_heard: object, writer: Any) -> None:
        nonlocal pieces
        writer.write(HEAD + b"Content-Length: 1000000000\r\n\r\n" + b'{"id": "task_1", "x": "')
        while not writer.is_closing() and pieces < 1000:
            pieces += 1
            writer.write(b"x" * 65536)
            await writer.drain()

    error, _ = await submitted_to(floods)
    assert type(error) is Unclear
    assert pieces < 400


async def test_an_answer_of_almost_1_mib_is_read() -> None:
    """The cap is not in the way."""
    body = b'{"id": "task_1", "x": "' + b"x" * 1_000_000 + b'"}'
    task, _ = await submitted_to(answers(body))
    assert getattr(task, "id", None) == "task_1"


async def test_a_submit_uses_a_fresh_connection_each_time() -> None:
    """An idle one could be closed by the server just as a paid request leaves; queries share theirs."""
    async with raw_server(answers(TASK)) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        for _ in range(3):
            await client.submit(BODY)
        assert server.connections == 3
        for _ in range(3):
            await client.status("task_1")
        assert server.connections == 4


async def test_a_query_on_a_dead_connection_is_asked_again_but_a_submit_never() -> None:
    """A GET costs nothing; each POST reaches the server once."""
    async with raw_server(says(HEAD + LENGTH + TASK)) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        for _ in range(3):
            assert (await client.status("task_1")).id == "task_1"
        await client.submit(BODY)
        posts = [heard for heard in server.heard if heard.line.startswith("POST")]
        assert [heard.body for heard in posts] == [BODY]


def test_sockets_are_pythons_own() -> None:
    """The guard of this suite patches them; a compiled resolver or loop would get by it."""
    assert aiohttp.resolver.DefaultResolver is aiohttp.ThreadedResolver
    assert socket.socket.connect.__name__ == "reach"
