"""The result files' own port: no key is needed here, and none may arrive."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from functools import cache

from aiohttp import web
from PIL import Image

from flux_batch.simulator.answers import Answer, json_answer
from flux_batch.simulator.faults import Event, Fault
from flux_batch.simulator.misbehave import Cut, perform, reset
from flux_batch.simulator.server import order_event, to_response
from flux_batch.simulator.world import World

RAW_FAULTS = frozenset({"truncate", "drip"})
"""Faults below HTTP's manners, written to the socket by hand."""

_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}


def files_app(world: World) -> web.Application:
    """The application behind the result files' port."""
    shelf = Shelf(world)
    app = web.Application()
    app.router.add_get("/{folder:generated|uploads|moved}/{name}", shelf.get)
    app.router.add_route("*", "/{anything:.*}", shelf.nothing)
    return app


class Shelf:
    """Results, uploads, and ``moved``: where a redirected download ends."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One file."""
        return await self._logged(request, self._get)

    async def nothing(self, request: web.Request) -> web.StreamResponse:
        """Any other path."""

        async def answer(_request: web.Request, _number: int) -> web.StreamResponse:
            return to_response(gone(404))

        return await self._logged(request, answer)

    async def _logged(
        self, request: web.Request, handle: Callable[[web.Request, int], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        log = self._world.log
        number = log.arrive(self._world.clock.now(), "file", request)
        response: web.StreamResponse | None = None
        try:
            response = await handle(request, number)
        finally:
            log.leave(number, "file", response.status if response is not None else 0)
        return response

    async def _get(self, request: web.Request, number: int) -> web.StreamResponse:
        folder, name = request.match_info["folder"], request.match_info["name"]
        fault = self._fault(name, number) if folder == "generated" else None

        async def work() -> Answer:
            return await self._file(folder, name)

        if fault is not None and fault.kind in RAW_FAULTS:
            return await _badly(request, fault, await work())
        instead = _instead(fault, f"{self._world.files_url}/moved/{name}") if fault is not None else None
        answer = instead or await perform(fault, work, self._world)
        if isinstance(answer, Cut):
            reset(request)
            return web.Response()
        return to_response(answer)

    async def _file(self, folder: str, name: str) -> Answer:
        now = self._world.clock.now()
        if folder == "uploads":
            upload = self._world.uploaded(name)
            lives = upload is not None and upload.lives(now)
            return _bytes(name, upload.data) if upload is not None and lives else gone(404)
        task = self._world.tasks.by_file(name)
        if task is None or task.failure is not None or now < task.finished_at:
            return gone(404)
        if not task.has_file(now):
            return gone(self._world.options.expired_status)
        return _bytes(name, await self._world.gallery.picture(task))

    def _fault(self, name: str, number: int) -> Fault | None:
        task = self._world.tasks.by_file(name)
        event = order_event(task.order, "file", name) if task is not None else Event(place="file", subject=name)
        met = self._world.faults.meet(event)
        self._world.log.note(number, business_id=event.business_id, fault=met[0].kind if met else "")
        return met[0] if met else None


def _instead(fault: Fault, moved: str) -> Answer | None:
    """A well-formed answer that is not the file; None for a fault every door knows."""
    match fault.kind:
        case "html":
            return Answer(body=fault.body.encode(), content_type="text/html")
        case "expire":
            return gone(fault.status)
        case "placeholder":
            return Answer(body=placeholder(), content_type="image/png")
        case "redirect" if not fault.location:
            return Answer(status=fault.status, headers={"Location": moved})
        case _:
            return None


async def _badly(request: web.Request, fault: Fault, answer: Answer) -> web.StreamResponse:
    """Send the file short, or drop by drop, and close."""
    transport = request.transport
    if not isinstance(transport, asyncio.Transport) or answer.status != 200:
        return to_response(answer)
    with_length = fault.content_length if fault.kind == "truncate" else True
    transport.write(_head(answer, with_length=with_length))
    if fault.kind == "truncate":
        transport.write(answer.body[: int(len(answer.body) * fault.fraction)])
    else:
        for start in range(0, len(answer.body), fault.chunk):
            if transport.is_closing():
                break
            transport.write(answer.body[start : start + fault.chunk])
            await asyncio.sleep(fault.seconds)
    transport.close()
    return web.Response()


def _head(answer: Answer, *, with_length: bool) -> bytes:
    length = f"Content-Length: {len(answer.body)}\r\n" if with_length else ""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {answer.content_type}\r\n{length}Connection: close\r\n\r\n".encode()


def _bytes(name: str, data: bytes) -> Answer:
    content_type = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    return Answer(body=data, content_type=content_type, headers={"Cache-Control": "public, max-age=86400"})


def gone(status: int) -> Answer:
    """No such file, any more or ever."""
    return json_answer({"error": {"code": status, "message": "File not found", "type": "not_found_error"}}, status)


@cache
def placeholder() -> bytes:
    """The tiny grey picture that some hosts send, with 200, for a file that has gone."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 200, 200)).save(out, "PNG")
    return out.getvalue()
