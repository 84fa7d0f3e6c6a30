"""Result files: fetched without the key, from the public web only, whole or not at all."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Final

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from flux_batch.api.files import MAX_HOPS, FileClient
from flux_batch.api.transport import allowed_address
from flux_batch.errors import ApiError, NotSent, Rejected, Unclear
from flux_batch.simulator import Simulator, fault

from .conftest import Simulate
from .kit import Behave, Heard, RawServer, answers, client_of, closes, hangs, raw_server, resets, says
from .test_client import order

PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


class Names(AbstractResolver):
    """A resolver that knows what it was told."""

    def __init__(self, **known: list[str]) -> None:
        self._known = known
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name, in order."""
        self.asked.append(host)
        if host.partition(".")[0] not in self._known:
            raise OSError(f"{host} is not known")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._known[host.partition(".")[0]]
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def fetched(url: str, *, loopback: bool = True, seconds: float = 2.0, names: Names | None = None) -> bytes:
    """A whole file."""
    async with (
        FileClient(loopback=loopback, connect=1.0, resolver=names) as files,
        files.stream(url, seconds=seconds) as chunks,
    ):
        return b"".join([chunk async for chunk in chunks])


async def failed(url: str, *, loopback: bool = True, seconds: float = 2.0, names: Names | None = None) -> ApiError:
    """What fetching ends in."""
    with pytest.raises(ApiError) as caught:
        await fetched(url, loopback=loopback, seconds=seconds, names=names)
    return caught.value


async def result_url(sim: Simulator) -> str:
    """Where a finished picture is."""
    async with client_of(sim) as client:
        await client.submit(order().body())
        sim.clock.advance(1)
        return (await client.status("fb-1")).result_url or ""


async def test_a_file_arrives_as_it_is() -> None:
    """Byte for byte, in pieces."""
    async with raw_server(answers(PNG)) as server:
        assert await fetched(f"{server.url}/a.png") == PNG


async def test_a_file_may_come_in_chunks_or_until_the_end() -> None:
    """The three ways of HTTP/1.1 to end a body."""
    chunked = b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
    for head in (chunked, b"Content-Length: 5\r\n\r\nabcde", b"Connection: close\r\n\r\nabcde"):
        async with raw_server(says(b"HTTP/1.1 200 OK\r\n" + head)) as server:
            assert await fetched(server.url) == b"abcde"


async def test_a_download_brings_no_credentials() -> None:
    """No key, no cookies, no netrc; and what comes is asked for unpacked."""
    async with raw_server(answers(PNG, Set_Cookie="a=b; Path=/")) as server:
        await fetched(f"{server.url}/a.png")
    (heard,) = server.heard
    assert heard.line == "GET /a.png HTTP/1.1"
    assert heard.headers["accept-encoding"] == "identity"
    assert set(heard.headers) == {"host", "accept", "accept-encoding", "user-agent", "connection"}


async def test_a_signed_query_means_the_same_when_it_arrives() -> None:
    """The libraries spell it in their way; no value changes."""
    async with raw_server(answers(PNG)) as server:
        await fetched(f"{server.url}/a%20b/c.png?sig=a%2Fb%2Bc%3D%3D&x=%C3%A9&e=&t=1%202")
    assert server.heard[0].line == "GET /a%20b/c.png?sig=a/b%2Bc%3D%3D&x=%C3%A9&e=&t=1%202 HTTP/1.1"


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_file_that_is_gone_is_rejected(simulate: Simulate, status: int) -> None:
    """So that a fresh address is asked for."""
    url = await result_url(simulate(faults=(fault("expire", status=status),)))
    error = await failed(url)
    assert isinstance(error, Rejected)
    assert (error.status, error.code) == (status, "file_gone")


async def test_an_expired_file_is_rejected(simulate: Simulate) -> None:
    """A day later."""
    sim = simulate(expired_status=410)
    url = await result_url(sim)
    assert len(await fetched(url)) > 100
    sim.clock.advance(86_400)
    assert isinstance(await failed(url), Rejected)


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 401, 407, 416, 429, 500, 502, 503])
async def test_any_other_status_may_pass(status: int) -> None:
    """A 206 nobody asked for is not the file; a 503 is over tomorrow."""
    async with raw_server(answers(b"" if status in {204, 304} else b"x", status)) as server:
        error = await failed(server.url)
    assert type(error) is Unclear
    assert str(status) in str(error)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "x-unknown", "gzip, identity"])
async def test_a_packed_file_is_refused(encoding: str) -> None:
    """It was asked for unpacked; what unpacks to more than memory cannot come in."""
    async with raw_server(answers(PNG, Content_Encoding=encoding)) as server:
        error = await failed(server.url)
    assert type(error) is Unclear
    assert encoding in str(error)


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.7, 0.999])
async def test_a_file_cut_short_is_unclear(simulate: Simulate, fraction: float) -> None:
    """When its length was announced."""
    url = await result_url(simulate(faults=(fault("truncate", fraction=fraction),)))
    assert type(await failed(url)) is Unclear


@pytest.mark.parametrize("behave", [resets, closes], ids=lambda behave: behave.__name__)
async def test_a_lost_connection_is_unclear(behave: Behave) -> None:
    """Before the first byte."""
    async with raw_server(behave) as server:
        assert type(await failed(server.url)) is Unclear


async def test_a_silent_host_meets_the_deadline() -> None:
    """However long it would go on."""
    async with raw_server(hangs) as server:
        error = await failed(server.url, seconds=0.1)
    assert type(error) is Unclear
    assert str(error) == "the file did not arrive within 0.1 s"


async def test_a_dripping_host_meets_the_deadline(simulate: Simulate) -> None:
    """A byte now and then resets no clock."""
    url = await result_url(simulate(faults=(fault("drip", seconds=0.02, chunk=1),)))
    assert str(await failed(url, seconds=0.2)) == "the file did not arrive within 0.2 s"


async def test_the_deadline_also_stops_whoever_writes_it_down() -> None:
    """A disk that hangs holds no download for ever."""
    async with raw_server(answers(PNG)) as server, FileClient(loopback=True) as files:
        with pytest.raises(Unclear, match="did not arrive"):
            async with files.stream(server.url, seconds=0.1):
                await asyncio.sleep(30)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), TimeoutError("mine"), ValueError("mine")])
async def test_an_error_of_whoever_writes_it_down_stays_what_it_is(error: Exception) -> None:
    """A full disk must not read as a bad connection, or it would be waited out while URLs expire."""

    async def consume(url: str) -> None:
        async with FileClient(loopback=True) as files, files.stream(url, seconds=2) as chunks:
            async for _ in chunks:
                raise error

    async with raw_server(answers(PNG)) as server:
        with pytest.raises(type(error)) as caught:
            await consume(server.url)
    assert caught.value is error


async def test_leaving_early_leaves_nothing_open() -> None:
    """A consumer that has seen enough just goes; the next download works."""
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + PNG
    async with raw_server(says(big, then_close=False)) as server, FileClient(loopback=True, connections=1) as files:
        for _ in range(3):
            async with files.stream(server.url, seconds=2) as chunks:
                assert await anext(chunks)
    assert len(server.heard) == 3


def hop(location: str, status: int = 302) -> Behave:
    """A redirect."""
    return answers(b"", status, Location=location)


def stairs(steps: int) -> Behave:
    """A server that redirects from /0 to /1 and on, and has the file at the end."""

    async def behave(heard: Heard, writer: asyncio.StreamWriter) -> None:
        step = int(heard.line.split()[1].strip("/"))
        await (hop(f"/{step + 1}") if step < steps else answers(PNG))(heard, writer)

    return behave


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_by_hand(status: int) -> None:
    """To another port, again without credentials."""
    async with raw_server(answers(PNG)) as there, raw_server(hop(f"{there.url}/moved.png", status)) as here:
        assert await fetched(f"{here.url}/a.png") == PNG
    assert [heard.line for heard in there.heard] == ["GET /moved.png HTTP/1.1"]
    assert "authorization" not in there.heard[0].headers


async def test_redirects_come_to_an_end() -> None:
    """Three are followed, a fourth is not."""
    async with raw_server(stairs(MAX_HOPS)) as server:
        assert await fetched(f"{server.url}/0") == PNG
    async with raw_server(stairs(MAX_HOPS + 1)) as server:
        assert str(await failed(f"{server.url}/0")) == "the file host redirects more than 3 times"
        assert len(server.heard) == MAX_HOPS + 1


@pytest.mark.parametrize(
    "location",
    [
        "http://files.toapis.com/a.png",
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
        "https://[",
        "//",
        "data:,x",
        "https://x:y",
    ],
)
async def test_a_redirect_may_not_lead_just_anywhere(location: str) -> None:
    """Each hop is checked like the first."""
    async with raw_server(hop(location)) as server:
        assert type(await failed(server.url)) is Unclear


async def test_an_address_may_not_carry_credentials(trap: RawServer) -> None:
    """They would be sent, as a header; from the first hop on."""
    address = trap.url.replace("//", "//user:word@")
    assert "carries a user name" in str(await failed(address))
    async with raw_server(hop(address)) as server:
        assert "carries a user name" in str(await failed(server.url))
    assert trap.connections == 0


async def test_a_redirect_may_not_lead_into_the_private_network(network_attempts: list[str]) -> None:
    """A public host that sends us to this network's own."""
    async with raw_server(hop("https://169.254.169.254/latest/meta-data/")) as server:
        assert "private network" in str(await failed(server.url))
    assert network_attempts == []


async def test_a_redirect_without_a_place_is_no_file() -> None:
    """There is nothing to follow."""
    async with raw_server(answers(b"", 302)) as server:
        assert str(await failed(server.url)) == "the file host answered 302"


@pytest.fixture
async def trap() -> AsyncIterator[RawServer]:
    """A server on this machine that nobody should be led to."""
    async with raw_server(answers(PNG)) as server:
        yield server


HERE: Final = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST.",
    "foo.localhost",
    "2130706433",
    "0177.0.0.1",
    "017700000001",
    "0x7f000001",
    "0x7f.0.0.1",
    "127.1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::1%25lo]",
    "127。0。0。1",
    "127.0.0.1",
    "①②⑦.0.0.1",
    "ⓛocalhost",
]


@pytest.mark.parametrize("host", HERE)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_this_machine_is_not_the_public_web(trap: RawServer, scheme: str, host: str) -> None:
    """In whatever way it is written: no connection is even begun."""
    names = Names(foo=["127.0.0.1"], localhost=["127.0.0.1"]) if host in {"LOCALHOST.", "foo.localhost"} else None
    error = await failed(f"{scheme}://{host}:{trap.port}/a.png", loopback=False, names=names)
    assert type(error) in (Unclear, NotSent)
    assert trap.connections == 0


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]", "224.0.0.1"],
)
@pytest.mark.parametrize("loopback", [False, True])
async def test_this_network_is_not_the_public_web(host: str, loopback: bool, network_attempts: list[str]) -> None:
    """Not even when the API is on this machine."""
    assert "private network" in str(await failed(f"https://{host}/a.png", loopback=loopback))
    assert network_attempts == []


@pytest.mark.parametrize(
    "url", ["http://files.toapis.com/a.png", "http://8.8.8.8/", "ftp://x.example/", "a.png", "", "//x"]
)
@pytest.mark.parametrize("loopback", [False, True])
async def test_only_https_is_fetched(url: str, loopback: bool, network_attempts: list[str]) -> None:
    """Plain http is for this machine."""
    assert str(await failed(url, loopback=loopback)) == "the file's address is not https"
    assert network_attempts == []


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1",
        "https://x:99999/",
        "https://x:y/",
        "https://\ud800.com/",
        "https://a\0b/",
        "https://a..b/",
        f"https://{'a' * 64}.com",
    ],
)
async def test_an_address_that_is_none_is_an_error_of_ours(url: str) -> None:
    """A provider can say anything; no parser's exception may end the run."""
    assert type(await failed(url)) in (Unclear, NotSent)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["::1", "127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["not one"]]
)
async def test_a_public_name_with_a_private_address_leads_nowhere(
    trap: RawServer, addresses: list[str], network_attempts: list[str]
) -> None:
    """What is checked is the address that is connected to, so that a name cannot change in between."""
    names = Names(files=addresses)
    error = await failed(f"https://files.toapis.com:{trap.port}/a.png", loopback=False, names=names)
    assert type(error) is NotSent
    assert "private network" in str(error)
    assert names.asked == ["files.toapis.com"]
    assert trap.connections == 0
    assert network_attempts == []


async def test_a_public_address_is_connected_to(network_attempts: list[str]) -> None:
    """As far as this suite's guard lets it."""
    async with FileClient(loopback=False, resolver=Names(files=["10.0.0.1", "93.184.215.14"])) as files:
        with pytest.raises(RuntimeError, match="tried to reach"):
            async with files.stream("https://files.toapis.com/a.png", seconds=1):
                pass
    assert set(network_attempts) == {"93.184.215.14"}
    network_attempts.clear()


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.215.14", "2606:4700::6810:84e5", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_public_addresses_are_allowed(address: str) -> None:
    """Also IPv4 as IPv6 writes it, and behind the NAT64 of a network that has no IPv4."""
    assert allowed_address(loopback=False)(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
        *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001::1", "2001:db8::1", "fc00::1", "fd12::1"),
        *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "100::1", "", "127.1", "2130706433", "localhost"),
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    """Private, shared, reserved, many at once, or wrapped around one of these."""
    assert not allowed_address(loopback=False)(address)


def test_loopback_is_allowed_where_the_api_is_local() -> None:
    """Loopback, and nothing else that is private."""
    allowed = allowed_address(loopback=True)
    assert allowed("127.0.0.1")
    assert allowed("::1")
    assert not any(map(allowed, ["10.0.0.1", "0.0.0.0", "169.254.169.254"]))
