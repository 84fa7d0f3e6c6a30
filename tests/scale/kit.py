"""A host for result files that answers as told, for planes in this process and in others."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(slots=True)
class Host:
    """Serves ``bodies`` by path, cut to ``sends`` bytes where that is given; waits for ``gate`` before each body."""

    port: int = 0
    bodies: dict[str, bytes] = field(default_factory=dict)
    sends: dict[str, int] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, name: str, body: bytes, *, sends: int | None = None) -> str:
        """Put something there and say where, with a query that nobody may see."""
        self.bodies[f"/{name}"] = body
        if sends is not None:
            self.sends[f"/{name}"] = sends
        return f"http://127.0.0.1:{self.port}/{name}?signature=canary"

    def count(self, change: int) -> None:
        """How many are being answered."""
        with self.lock:
            self.open_now += change
            self.most_open = max(self.most_open, self.open_now)


@contextmanager
def serving() -> Iterator[Host]:
    """A host for as long as the block lasts."""
    host = Host()
    host.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            host.asked.append(path)
            body = host.bodies.get(path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            host.count(1)
            try:
                host.gate.wait(30)
                self.wfile.write((body or b"")[: host.sends.get(path)])
            except OSError:
                pass  # whoever asked is dead
            finally:
                host.count(-1)
                self.close_connection = True

        def log_message(self, *given: object) -> None:
            """Nothing is said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        host.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield host
        finally:
            host.gate.set()
            server.shutdown()
            thread.join()


def contents(folder: Path) -> dict[str, str]:
    """The hash of every file below a folder, by its name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
