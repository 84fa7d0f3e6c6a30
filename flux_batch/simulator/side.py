"""The side port: the ledger, the log, the faults and the clock, for tests and for people."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from flux_batch.simulator.answers import Answer, json_answer
from flux_batch.simulator.fault_file import BadFault, parse_faults, to_json
from flux_batch.simulator.options import LOOPBACK
from flux_batch.simulator.server import to_response
from flux_batch.simulator.world import World


def side_app(world: World) -> web.Application:
    """The application behind the side port."""
    desk = Desk(world)
    app = web.Application(middlewares=[only_this_machine])
    app.router.add_get("/", desk.index)
    app.router.add_get("/ledger", desk.ledger)
    app.router.add_get("/requests", desk.requests)
    app.router.add_get("/faults", desk.faults)
    app.router.add_post("/faults", desk.add_faults)
    app.router.add_put("/faults", desk.replace_faults)
    app.router.add_delete("/faults", desk.clear_faults)
    app.router.add_get("/clock", desk.clock)
    app.router.add_post("/clock", desk.advance)
    app.router.add_route("*", "/elsewhere", desk.elsewhere)
    return app


@web.middleware
async def only_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page in a browser could reach loopback too: by a name that resolves here, or by a cross-site POST."""
    host = request.url.host or ""
    if host not in {*LOOPBACK, "localhost"} or "Origin" in request.headers:
        return to_response(problem("the side port answers only programs on this machine", 403))
    return await handler(request)


class Desk:
    """One method a path."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def index(self, _request: web.Request) -> web.Response:
        """What there is."""
        paths = ("/ledger", "/requests?last=100", "/faults", "/clock")
        return to_response(json_answer({"simulator": "flux-batch", "paths": paths}))

    async def ledger(self, _request: web.Request) -> web.Response:
        """Every bill."""
        return to_response(json_answer(self._world.ledger.to_json(self._world.clock.now())))

    async def requests(self, request: web.Request) -> web.Response:
        """Counters, and the last requests."""
        last = request.query.get("last", "100")
        return to_response(json_answer(self._world.log.to_json(int(last) if last.isdecimal() else 100)))

    async def faults(self, _request: web.Request) -> web.Response:
        """The rules in force, and how often each happened."""
        book = self._world.faults
        rows = [to_json(rule) | {"happened": count} for rule, count in zip(book.rules, book.fired(), strict=False)]
        return to_response(json_answer({"faults": rows}))

    async def add_faults(self, request: web.Request) -> web.Response:
        """Put more rules behind the others."""
        return await self._change(request, replace=False)

    async def replace_faults(self, request: web.Request) -> web.Response:
        """Put other rules in force."""
        return await self._change(request, replace=True)

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Behave again."""
        self._world.faults.replace(())
        return await self.faults(request)

    async def _change(self, request: web.Request, *, replace: bool) -> web.Response:
        try:
            plan = parse_faults(await request.text())
        except (BadFault, UnicodeDecodeError) as refused:
            return to_response(problem(str(refused), 400))
        if replace:
            self._world.faults.replace(plan.faults, plan.seed)
        else:
            self._world.faults.add(*plan.faults)
        return await self.faults(request)

    async def clock(self, _request: web.Request) -> web.Response:
        """Unix seconds, as the simulator counts them."""
        return to_response(json_answer({"now": self._world.clock.now()}))

    async def advance(self, request: web.Request) -> web.Response:
        """Skip ``{"advance": seconds}``."""
        try:
            body: Any = json.loads(await request.text())
            self._world.clock.advance(float(body["advance"]))
        except (ValueError, TypeError, KeyError):
            return to_response(problem('expected {"advance": seconds}, not negative', 400))
        return await self.clock(request)

    async def elsewhere(self, request: web.Request) -> web.Response:
        """Where a redirected API call would end: it must never be reached, and is counted."""
        log = self._world.log
        number = log.arrive(self._world.clock.now(), "elsewhere", request)
        log.leave(number, "elsewhere", 200)
        return to_response(json_answer({"id": "task_elsewhere", "status": "queued"}))


def problem(message: str, status: int) -> Answer:
    """An error of the side port."""
    return json_answer({"error": message}, status)
