"""A simulator in a thread of its own, for programs that are not asynchronous or must not share their event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flux_batch.simulator.clock import Clock
from flux_batch.simulator.options import SimulatorOptions
from flux_batch.simulator.simulator import Simulator


@contextmanager
def simulator_thread(options: SimulatorOptions | None = None, clock: Clock | None = None) -> Iterator[Simulator]:
    """A running simulator; its addresses, ``ledger``, ``log`` and ``faults`` may be used from here."""
    simulator = Simulator(options, clock)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_run, args=(loop,), name="simulator", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(simulator.start(), loop).result()
        try:
            yield simulator
        finally:
            asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
