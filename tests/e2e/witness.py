"""A second, independent server that speaks the published contract: standard library only, nothing of ours.

It shares no code with the simulator, so that a misreading in one is not repeated in the other. Its pictures are one
colour each, computed from the request, so that a file shows whose picture it is.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image

SIZES = {
    "1:1": (60, 60), "4:3": (80, 60), "3:4": (60, 80), "16:9": (160, 90), "9:16": (90, 160), "3:2": (90, 60),
    "2:3": (60, 90), "21:9": (210, 90), "9:21": (90, 210),
}  # fmt: skip


def colour(model: str, prompt: str, size: str, source: str) -> tuple[int, int, int]:
    """The colour of a request's picture; ``source`` is the reference's URL, empty without one."""
    digest = hashlib.sha256(f"{model}|{prompt}|{size}|{source}".encode()).digest()
    return digest[0], digest[1], digest[2]


@dataclass
class Witness:
    """What the server was asked. ``jobs`` maps task id to its request and the time it will be done."""

    key: str
    base: str = ""
    files: str = ""
    submits: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: list[bytes] = field(default_factory=list)
    requests: int = 0
    file_headers: list[dict[str, str]] = field(default_factory=list)
    file_paths: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take one request."""
        assert request["model"] in ("flux-kontext-pro", "flux-kontext-max")
        assert request["size"] in SIZES or (request["size"] == "match_input_image" and request.get("image_urls"))
        with self.lock:
            self.submits.append(request)
            task_id = f"task_img_{len(self.submits):06d}"
            self.jobs[task_id] = {**request, "done": time.monotonic() + 0.05}
        return {
            "id": task_id, "object": "generation.task", "model": request["model"], "status": "queued", "progress": 0,
            "created_at": 1703884800, "metadata": {},
        }  # fmt: skip

    def status(self, wanted: str) -> dict[str, Any] | None:
        """A task by its id or by the caller's own."""
        for task_id, job in self.jobs.items():
            if wanted in (task_id, job.get("client_business_id")):
                break
        else:
            return None
        answer = {"id": task_id, "object": "generation.task", "model": job["model"], "status": "in_progress"}
        if time.monotonic() < job["done"]:
            return answer
        url = f"{self.files}/generated/{task_id}.png"
        return {**answer, "status": "completed", "progress": 100, "expires_at": int(time.time()) + 86400,
                "result": {"type": "image", "data": [{"url": url}]}}  # fmt: skip

    def picture(self, task_id: str) -> bytes:
        """The one-coloured picture of a request."""
        job = self.jobs[task_id]
        source = (job.get("image_urls") or [""])[0]
        buffer = io.BytesIO()
        size = SIZES.get(job["size"], (64, 64))
        Image.new("RGB", size, colour(job["model"], job["prompt"], job["size"], source)).save(buffer, "PNG")
        return buffer.getvalue()


class Api(BaseHTTPRequestHandler):
    """The API's door."""

    protocol_version = "HTTP/1.1"
    witness: Witness

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def do_GET(self) -> None:
        """Balance and status."""
        if not self._known():
            return
        if self.path == "/v1/balance":
            spent = 0.04 * len(self.witness.submits)
            self._answer(
                200, {"success": True, "remain_balance": 50 - spent, "used_balance": spent, "unlimited_quota": False}
            )
            return
        found = self.witness.status(self.path.rsplit("/", 1)[1])
        missing = {"error": {"code": "task_not_found", "message": "no such task", "type": "not_found_error"}}
        self._answer(200 if found else 404, found or missing)

    def do_POST(self) -> None:
        """Submit and upload."""
        if not self._known():
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/images/generations":
            self._answer(200, self.witness.submit(json.loads(body)))
            return
        assert self.path == "/v1/uploads/images"
        part = re.search(rb'name="file".*?\r\n\r\n(.*)\r\n--', body, re.DOTALL)
        assert part is not None
        with self.witness.lock:
            self.witness.uploads.append(part[1].split(b"\r\n--")[0])
            url = f"{self.witness.files}/uploads/{len(self.witness.uploads)}.png"
        self._answer(200, {"success": True, "message": "", "data": {"id": "upload_1", "url": url}})

    def _known(self) -> bool:
        with self.witness.lock:
            self.witness.requests += 1
        if self.headers.get("Authorization") == f"Bearer {self.witness.key}":
            return True
        self._answer(401, {"error": {"code": "unauthorized", "message": "bad key", "type": "authentication_error"}})
        return False

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Files(BaseHTTPRequestHandler):
    witness: Witness

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def do_GET(self) -> None:
        """A finished picture."""
        with self.witness.lock:
            self.witness.file_headers.append(dict(self.headers.items()))
            self.witness.file_paths.append(self.path)
        data = self.witness.picture(self.path.partition("?")[0].rsplit("/", 1)[1].removesuffix(".png"))
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def witness(key: str, api: type[Api] = Api) -> Iterator[Witness]:
    """A running server on two loopback ports; ``api`` may have worse manners."""
    seen = Witness(key)
    servers = []
    for handler in (api, _Files):
        bound = type(handler.__name__, (handler,), {"witness": seen})
        server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
    seen.base, seen.files = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    try:
        yield seen
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
