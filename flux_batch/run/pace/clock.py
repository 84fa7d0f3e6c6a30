"""Time as an argument, so that tests and rehearsals need not wait."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from flux_batch.run.protocol.machine import Moment


class Clock(Protocol):
    """What the executor needs of time."""

    def now(self) -> Moment:
        """Monotonic and wall-clock seconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""
        ...


class SystemClock:
    """The real clocks of this machine."""

    def now(self) -> Moment:
        """Monotonic and wall-clock seconds."""
        return Moment(mono=time.monotonic(), wall=time.time())

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""
        await asyncio.sleep(seconds)
