"""A provider that costs next to nothing to talk to, so that a benchmark measures the client.

It speaks as much HTTP/1.1 as the clients here send, from prebuilt bytes, and prints its URL. It checks nothing and
limits nothing: for that there is the simulator, which is far slower.

    python server.py [--latency SECONDS] [--kind plain|photo|tiny]
"""

from __future__ import annotations

import argparse
import asyncio
import time

from pictures import KINDS, bodies, media_type

SUBMIT = b"POST /v1/images/generations "
STATUS = b"GET /v1/images/generations/"
FILE = b"GET /files/"


class Provider:
    """All tasks ever taken: when each was taken, and under which id of the caller's."""

    def __init__(self, latency: float, kind: str) -> None:
        self.latency = latency
        self.bodies = bodies(kind)
        self.media_type = media_type(kind).encode()
        self.base = b""
        self.taken: list[float] = []
        self.names: list[bytes] = []

    def answer(self, head: bytes, body: bytes) -> tuple[bytes, ...]:
        """The bytes of an answer."""
        if head.startswith(SUBMIT):
            return self._json(self._submit(body))
        if head.startswith(STATUS):
            return self._json(self._status(head))
        if head.startswith(FILE):
            return self._file(head)
        return self._json(b'{"success": true, "remain_balance": 1000000, "used_balance": 0}')

    def _submit(self, body: bytes) -> bytes:
        number = len(self.taken)
        self.taken.append(time.monotonic())
        _, _, rest = body.partition(b'"client_business_id"')
        self.names.append(rest.split(b'"', 2)[1] if rest else b"")
        return b'{"id": "task_%d", "client_business_id": "%s", "status": "queued", "progress": 0}' % (
            number,
            self.names[number],
        )

    def _status(self, head: bytes) -> bytes:
        number = int(head[len(STATUS) :].split(b" ", 1)[0].removeprefix(b"task_"))
        known = b'{"id": "task_%d", "client_business_id": "%s", "object": "generation.task", ' % (
            number,
            self.names[number],
        )
        if time.monotonic() - self.taken[number] < self.latency:
            return known + b'"status": "in_progress", "progress": 50}'
        return known + (
            b'"status": "completed", "progress": 100, "expires_at": 4000000000, "result": {"type": "image", "data": '
            b'[{"url": "%s/files/%d"}]}}' % (self.base, number)
        )

    def _json(self, body: bytes) -> tuple[bytes, ...]:
        return (_head(b"application/json", len(body)) + body,)

    def _file(self, head: bytes) -> tuple[bytes, ...]:
        """The prebuilt bytes, with the number behind them: no two files are equal, and every decoder looks past it."""
        number = int(head[len(FILE) :].split(b" ", 1)[0])
        body, tail = self.bodies[number % len(self.bodies)], b"%016d" % number
        return _head(self.media_type, len(body) + len(tail)), body, tail


def _head(media_type: bytes, length: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (media_type, length)


class Door(asyncio.Protocol):
    """One connection."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end]
            size = _content_length(head)
            if len(self._read) < end + 4 + size:
                return
            body, self._read = self._read[end + 4 : end + 4 + size], self._read[end + 4 + size :]
            for part in self._provider.answer(head, body):
                self._transport.write(part)
            if b"connection: close" in head.lower():
                self._transport.close()


def _content_length(head: bytes) -> int:
    if head.startswith(b"GET"):
        return 0
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if rest else 0


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--kind", choices=KINDS, default="plain")
    arguments = parser.parse_args()
    provider = Provider(arguments.latency, arguments.kind)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Door(provider), "127.0.0.1", 0, backlog=1024)
    provider.base = b"http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    print(provider.base.decode(), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
