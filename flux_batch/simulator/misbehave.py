"""Faults on the wire, done to a request: the same for every door."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate

from aiohttp import web

from flux_batch.simulator.answers import Answer, json_answer, refusal
from flux_batch.simulator.contract import NO_BALANCE, POLICY, UNAUTHORIZED, Refusal
from flux_batch.simulator.faults import Fault
from flux_batch.simulator.world import World

Work = Callable[[], Awaitable[Answer]]
"""Doing what the request asks for: looking up, or accepting and billing."""

WORDS = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_quota",
    403: "forbidden",
    404: "task_not_found",
    422: "content_policy_violation",
    429: "rate_limit_exceeded",
    500: "internal_error",
    503: "rate_limit_unavailable",
}


_LINGER = "hh" if os.name == "nt" else "ii"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """No answer: the socket is reset."""


async def perform(fault: Fault | None, work: Work, world: World) -> Answer | Cut:
    """Do ``work``, or what ``fault`` makes of it."""
    if fault is None:
        return await work()
    match fault.kind:
        case "slow":
            return await _slow(fault, work)
        case "late":
            world.after(fault.seconds, work)
            return Cut()
        case "cut" | "hang" | "error" | "odd_body":
            return await _lose(fault, work)
        case _:
            return _instead(fault, world) or await work()


async def _slow(fault: Fault, work: Work) -> Answer:
    if fault.billed:
        answer = await work()
        await asyncio.sleep(fault.seconds)
        return answer
    await asyncio.sleep(fault.seconds)
    return await work()


async def _lose(fault: Fault, work: Work) -> Answer | Cut:
    """The work is done, or not; its answer never leaves the house."""
    if fault.billed:
        await work()
    if fault.kind == "odd_body":
        return Answer(status=fault.status, body=fault.body.encode(), content_type="application/json")
    if fault.kind == "error":
        return error(fault)
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
    return Cut()


def _instead(fault: Fault, world: World) -> Answer | None:
    """An answer in place of the work; None for a fault that changes the work itself."""
    match fault.kind:
        case "throttle":
            return throttled(fault, world)
        case "redirect":
            target = fault.location or f"{world.side_url}/elsewhere"
            return Answer(status=fault.status, headers={"Location": target})
        case "policy":
            return refusal(POLICY)
        case "empty_balance":
            return refusal(NO_BALANCE)
        case "wrong_key":
            return refusal(UNAUTHORIZED)
        case _:
            return None


def throttled(fault: Fault, world: World) -> Answer:
    """429 with a ``Retry-After`` in seconds, as an HTTP date, or as told."""
    refused = Refusal(
        status=429, code="rate_limit_exceeded", message="Rate limit exceeded, please slow down", type="rate_limit_error"
    )
    after = f"{fault.seconds:g}"
    if fault.as_date:
        after = formatdate(world.clock.now() + fault.seconds, usegmt=True)
    return refusal(refused, {"Retry-After": fault.retry_after or after})


def error(fault: Fault) -> Answer:
    """An error status: in the API's own JSON, or a page as a gateway writes it."""
    word = fault.code or WORDS.get(fault.status, "error")
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    if fault.html:
        page = f"<html><head><title>{fault.status} {word}</title></head><body>{fault.message or word}</body></html>"
        return Answer(status=fault.status, body=page.encode(), content_type="text/html", headers=headers)
    message = fault.message or "The simulator was told to fail"
    body = {"error": {"code": word, "message": message, "type": f"{word}_error"}}
    return json_answer(body, fault.status, headers)


def reset(request: web.Request) -> None:
    """Break the connection so that the peer sees a reset, not an end."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        # Linger 0: the kernel sends RST at close instead of FIN.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
    transport.abort()
