"""The simulator as one thing: three ports on loopback, started and stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from flux_batch.errors import UsageError
from flux_batch.simulator.clock import Clock, WallClock
from flux_batch.simulator.faults import FaultBook
from flux_batch.simulator.files import files_app
from flux_batch.simulator.ledger import Ledger
from flux_batch.simulator.log import RequestLog
from flux_batch.simulator.options import SimulatorOptions
from flux_batch.simulator.server import BASE, api_app
from flux_batch.simulator.side import side_app
from flux_batch.simulator.world import World

STOP_SECONDS = 0.2
"""How long open requests may take to end when the simulator stops; a hanging one never would."""


class Simulator:
    """A local ToAPIs: ``async with Simulator(options) as sim:`` and talk to ``sim.base_url``.

    ``ledger``, ``log`` and ``faults`` may be read and changed from any thread.
    """

    def __init__(self, options: SimulatorOptions | None = None, clock: Clock | None = None) -> None:
        self.options = options or SimulatorOptions()
        self.clock = clock or WallClock()
        self.base_url = ""
        self.files_url = ""
        self.side_url = ""
        self._world: World | None = None
        self._runners: list[web.AppRunner] = []

    @property
    def ledger(self) -> Ledger:
        """Every bill."""
        return self._running().ledger

    @property
    def log(self) -> RequestLog:
        """Every request."""
        return self._running().log

    @property
    def faults(self) -> FaultBook:
        """The rules in force."""
        return self._running().faults

    async def start(self) -> None:
        """Open the ports."""
        world = World(self.options, self.clock)
        try:
            files_url = await self._open(files_app(world), self.options.files_port)
            side_url = await self._open(side_app(world), self.options.side_port)
            world.files_url, world.side_url = files_url, side_url
            self.base_url = await self._open(api_app(world), self.options.port) + BASE
        except OSError as problem:
            await self._close(world)
            raise UsageError(f"the simulator cannot open its ports: {problem.strerror or problem}") from None
        self.files_url, self.side_url, self._world = files_url, side_url, world

    async def stop(self) -> None:
        """Close the ports and forget nothing: the ledger can still be read."""
        if self._world is not None:
            await self._close(self._world)

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    async def _open(self, app: web.Application, port: int) -> str:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, self.options.host, port, backlog=1024)
        await site.start()
        host, taken = runner.addresses[0][:2]
        return f"http://[{host}]:{taken}" if ":" in host else f"http://{host}:{taken}"

    async def _close(self, world: World) -> None:
        for runner in reversed(self._runners):
            await runner.cleanup()
        self._runners.clear()
        await world.close()

    def _running(self) -> World:
        if self._world is None:
            raise RuntimeError("the simulator has not been started")
        return self._world


async def serve(options: SimulatorOptions, ready: Callable[[Simulator], object] = lambda _: None) -> None:
    """Run a simulator until cancelled; ``ready`` is called once its ports are open, for instance to print them."""
    async with Simulator(options) as simulator:
        ready(simulator)
        await asyncio.Event().wait()


def banner(simulator: Simulator) -> tuple[str, ...]:
    """The lines that ``flux-batch simulate`` prints."""
    return (
        "A local ToAPIs: costs nothing, draws its pictures itself, fails on command.",
        f"  API     {simulator.base_url}",
        f"  files   {simulator.files_url}   (result files; never needs the key)",
        f"  side    {simulator.side_url}   (/ledger /requests /faults /clock)",
        "",
        "In another terminal:",
        f"  export TOAPIS_BASE_URL={simulator.base_url}",
        f"  export TOAPIS_API_KEY={simulator.options.key or 'sk-simulator'}",
    )
