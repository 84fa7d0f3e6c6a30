"""How many errands may be under way: a little more than the workers can do at once, the rest waits here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

PER_THREAD: Final = 2
"""One being done and one that waits beside it."""

LOOK_AGAIN: Final = 2.0
"""Seconds after which one of those who wait looks whether workers have come, though no place was given back."""


@dataclass(slots=True)
class Slots:
    """Lets through as many as there are places. ``threads`` asks how many the workers have now: they come and go."""

    threads: Callable[[], Awaitable[int]]
    under_way: int = 0
    _freed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _looking: bool = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        async with self._freed:
            while self.under_way >= max(1, PER_THREAD * await self.threads()):
                await self._wait()
            self.under_way += 1
            self._freed.notify()  # where more workers are there now, there is room for the next one, too
        try:
            yield
        finally:
            async with self._freed:
                self.under_way -= 1
                self._freed.notify()

    async def _wait(self) -> None:
        """Until a place is given back; one of those who wait also looks now and then."""
        if self._looking:
            await self._freed.wait()
            return
        self._looking = True
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._freed.wait(), LOOK_AGAIN)
        finally:
            self._looking = False
            self._freed.notify()
