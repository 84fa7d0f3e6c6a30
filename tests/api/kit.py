"""A server on loopback that answers with exactly the bytes a test wants, or with none."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from flux_batch.api.client import ApiClient, Timeouts
from flux_batch.api.settings import ApiSettings, api_settings
from flux_batch.simulator import Simulator

KEY = "sk-canary-0123456789abcdef"
"""Dummy; every test may look for it where it must not be."""

QUICK = Timeouts(connect=0.1, submit=0.25, query=0.25, upload=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request as it came over the socket."""

    line: str
    headers: dict[str, str]
    body: bytes


Behave = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]
"""What a server does once it has read a whole request."""


@dataclass(slots=True)
class RawServer:
    """Where it listens, and what it has met."""

    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Its address, for plain HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> ApiSettings:
        """As if it were the API."""
        return api_settings(self.url, KEY)


@asynccontextmanager
async def raw_server(behave: Behave | None, *, greet: bytes | None = None) -> AsyncIterator[RawServer]:
    """A server that behaves so after each request; with ``greet`` it does not wait for one, with None it never acts."""
    server = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            if greet is not None:
                await reader.read(1)
                writer.write(greet)
            elif behave is None:
                await asyncio.Event().wait()
            else:
                while True:
                    server.heard.append(heard := await hear(reader))
                    await behave(heard, writer)
                    await writer.drain()
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(meet(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(begin, "127.0.0.1", 0, limit=16 * 1024 * 1024)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


async def hear(reader: asyncio.StreamReader) -> Heard:
    """Read one request with a Content-Length, or with no body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(line=head[0], headers=headers, body=body)


def says(raw: bytes, *, then_close: bool = True) -> Behave:
    """Answer with these bytes."""

    async def behave(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        if then_close:
            writer.close()

    return behave


def answers(body: bytes, status: int = 200, **headers: str) -> Behave:
    """A well-formed answer; ``content_type="text/html"`` adds a header."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return says(head.encode() + body, then_close=False)


async def resets(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Break the connection so that the peer sees a reset."""
    raw = writer.get_extra_info("socket")
    # Linger 0: the kernel sends RST at close instead of FIN.
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def closes(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Hang up in good order, without a word."""
    writer.close()


async def hangs(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def client_of(sim: Simulator, key: str = KEY, timeouts: Timeouts | None = None) -> ApiClient:
    """Our client, talking to a simulator."""
    return ApiClient(api_settings(sim.base_url, key), timeouts=timeouts)
