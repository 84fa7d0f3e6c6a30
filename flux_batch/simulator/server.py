"""The API's doors: read a request, let the world decide, answer in the published shape."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from aiohttp import BodyPartReader, web

from flux_batch.api.wire import BALANCE_PATH, SUBMIT_PATH, UPLOAD_PATH
from flux_batch.simulator import answers, limits
from flux_batch.simulator.answers import Answer
from flux_batch.simulator.contract import (
    TASK_NOT_FOUND,
    UNAUTHORIZED,
    UPLOAD_MAX_BYTES,
    Order,
    Refusal,
    read_order,
)
from flux_batch.simulator.faults import Event, Fault
from flux_batch.simulator.misbehave import Cut, perform, reset
from flux_batch.simulator.references import mime_of
from flux_batch.simulator.world import World, bearer

BASE: Final = "/v1"
BODY_MAX_BYTES: Final = 4 * 1024 * 1024

Visit = Callable[[web.Request, str, int], Awaitable[Answer | Cut]]
"""Handle a request of an owner; the number is the one in the log."""


def api_app(world: World) -> web.Application:
    """The application behind the API's port."""
    doors = Doors(world)
    app = web.Application(client_max_size=BODY_MAX_BYTES)
    app.router.add_post(BASE + SUBMIT_PATH, doors.door("submit", doors.submit))
    app.router.add_get(BASE + SUBMIT_PATH + "/{name}", doors.door("status", doors.status), allow_head=False)
    app.router.add_post(BASE + UPLOAD_PATH, doors.door("upload", doors.upload))
    app.router.add_get(BASE + BALANCE_PATH, doors.door("balance", doors.balance), allow_head=False)
    app.router.add_get(BASE + "/models", doors.door("models", doors.models), allow_head=False)
    app.router.add_route("*", "/{anything:.*}", doors.door("unknown", doors.unknown))
    return app


class Doors:
    """One method a door."""

    def __init__(self, world: World) -> None:
        self._world = world

    def door(self, place: str, visit: Visit) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """What every door does: log, check the key, answer or cut."""

        async def handle(request: web.Request) -> web.StreamResponse:
            log, clock = self._world.log, self._world.clock
            number = log.arrive(clock.now(), place, request)
            status = 0
            try:
                authorization = request.headers.get("Authorization", "")
                owner = self._world.owner(authorization)
                stranger = unknown_key(place, authorization)
                answer = stranger if owner is None else await visit(request, owner, number)
                if isinstance(answer, Cut):
                    reset(request)
                    return web.Response()
                status = answer.status
                return to_response(answer)
            except ConnectionResetError:  # whoever asked went away in the middle of the request, as killed clients do
                return web.Response()
            finally:
                log.leave(number, place, status)

        return handle

    async def submit(self, request: web.Request, owner: str, number: int) -> Answer | Cut:
        """``POST /images/generations``."""
        world = self._world
        verdict = world.limiter.take(owner, limits.SUBMIT, world.clock.now())
        if not verdict.allowed:
            return answers.too_many(verdict.headers)
        raw = await read_body(request)
        order = read_order(raw, request.content_type, world.options.models)
        if isinstance(order, Refusal):
            return with_headers(answers.refusal(order), verdict.headers)
        # The same body again is the same subject, for rules that count by the task.
        event = order_event(order, "submit", order.business_id or raw.decode("utf-8", "replace"))
        fates, wire = self._faults(event, number)

        async def work() -> Answer:
            task = await world.accept(order, owner, raw, fates)
            if isinstance(task, Refusal):
                return answers.refusal(task)
            return answers.submitted(task, world.shape, order.unknown)

        return with_headers(await perform(wire, work, world), verdict.headers)

    async def status(self, request: web.Request, owner: str, number: int) -> Answer | Cut:
        """``GET /images/generations/{task id or business id}``."""
        world, name = self._world, request.match_info["name"]
        verdict = world.limiter.take(owner, limits.QUERY, world.clock.now())
        if not verdict.allowed:
            return answers.too_many(verdict.headers)
        task = world.tasks.find(owner, name, world.clock.now())
        lost = Event(place="status", subject=name, business_id=name)
        event = order_event(task.order, "status", task.id) if task is not None else lost
        _, wire = self._faults(event, number)
        word = wire.word if wire is not None else ""

        async def work() -> Answer:
            if task is None:
                return answers.refusal(TASK_NOT_FOUND)
            return answers.status(task, world.clock.now(), world.result_url(task), world.shape, word)

        return with_headers(await perform(wire, work, world), verdict.headers)

    async def upload(self, request: web.Request, _owner: str, number: int) -> Answer | Cut:
        """``POST /uploads/images``."""
        data = await read_file_part(request)
        _, wire = self._faults(Event(place="upload"), number)

        async def work() -> Answer:
            if data is None:
                return answers.upload_refused("No file provided: send a multipart part named 'file'")
            if len(data) > UPLOAD_MAX_BYTES:
                return answers.upload_refused("Image too large. Maximum size is 10MB")
            mime = await asyncio.to_thread(mime_of, data)
            if mime is None:
                return answers.upload_refused("Unsupported image type. Allowed: JPEG, PNG, WebP, GIF")
            kept = self._world.upload(data, mime)
            return answers.uploaded(kept.id, self._world.upload_url(kept), mime, len(data))

        return await perform(wire, work, self._world)

    async def balance(self, _request: web.Request, owner: str, number: int) -> Answer | Cut:
        """``GET /balance``."""
        ledger, now = self._world.ledger, self._world.clock.now()
        _, wire = self._faults(Event(place="balance"), number)
        if wire is not None and wire.kind == "wrong_key":
            return answers.unknown_token()
        empty = wire is not None and wire.kind == "empty_balance"

        async def work() -> Answer:
            remaining = Decimal(0) if empty else ledger.remaining(owner, now)
            return answers.balance(remaining, ledger.used(owner, now))

        return await perform(None if empty else wire, work, self._world)

    async def models(self, _request: web.Request, _owner: str, number: int) -> Answer | Cut:
        """``GET /models?type=all``; the type is not looked at: there are only images here."""
        _, wire = self._faults(Event(place="models"), number)

        async def work() -> Answer:
            return answers.models(self._world.options.models)

        return await perform(wire, work, self._world)

    async def unknown(self, request: web.Request, _owner: str, _number: int) -> Answer | Cut:
        """Anything else."""
        message = f"{request.method} {request.path} is not part of this API; paths begin with {BASE}"
        return answers.refusal(Refusal(status=404, code="not_found", message=message, type="invalid_request_error"))

    def _faults(self, event: Event, number: int) -> tuple[tuple[Fault, ...], Fault | None]:
        """The fates and the wire fault this request meets."""
        met = self._world.faults.meet(event)
        wire = met[-1] if met and not met[-1].is_fate else None
        kinds = " ".join(fault.kind for fault in met)
        self._world.log.note(number, business_id=event.business_id, fault=kinds)
        return tuple(fault for fault in met if fault.is_fate), wire


def unknown_key(place: str, authorization: str) -> Answer:
    """401; but the balance, as published, answers a wrong key (not a missing one) with 200 and no success."""
    if place == "balance" and bearer(authorization):
        return answers.unknown_token()
    return answers.refusal(UNAUTHORIZED)


def order_event(order: Order, place: str, subject: str) -> Event:
    """A request about an order, as the fault rules see it."""
    return Event(
        place=place,
        subject=subject,
        prompt=order.prompt,
        model=order.model,
        business_id=order.business_id or "",
    )


async def read_body(request: web.Request) -> bytes:
    """The whole body; a far too large one reads as empty, which no rule accepts."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return b""


async def read_file_part(request: web.Request) -> bytes | None:
    """The part named ``file``, cut off just past the limit; None when there is none."""
    if request.content_type != "multipart/form-data":
        return None
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                return await _read_part(part)
    except (ValueError, AssertionError):
        return None
    return None


async def _read_part(part: BodyPartReader) -> bytes:
    data = bytearray()
    while len(data) <= UPLOAD_MAX_BYTES and (chunk := await part.read_chunk(2**18)):
        data += chunk
    return bytes(data)


def with_headers(answer: Answer | Cut, headers: Mapping[str, str]) -> Answer | Cut:
    """Put the rate-limit headers under an answer's own."""
    return answer if isinstance(answer, Cut) else replace(answer, headers={**headers, **answer.headers})


def to_response(answer: Answer) -> web.Response:
    """The answer on aiohttp's terms."""
    headers = {"Server": "flux-batch-simulator", **answer.headers}
    return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type, headers=headers)
