"""Stopping: every wait of a run goes through here, so that a stop wakes exactly those that may be woken.

A call to the provider is never cut off by a stop; only sleeping tasks are woken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from flux_batch.run.pace.clock import Clock


@dataclass(slots=True)
class Brake:
    """``stopped`` is the first reason given, None while the run goes on."""

    clock: Clock
    stopped: str | None = None
    _halted: bool = False
    _sleeping: dict[asyncio.Task[object], bool] = field(default_factory=dict)
    _woken: set[asyncio.Task[object]] = field(default_factory=set)

    def stop(self, reason: str, *, halt: bool) -> None:
        """Send nothing more; with ``halt`` also stop waiting for what was already sent."""
        self.stopped = self.stopped or reason
        self._halted = self._halted or halt
        for task, before_send in self._sleeping.items():
            if (halt or before_send) and task not in self._woken:
                self._woken.add(task)
                task.cancel()

    async def pause(self, seconds: float, *, before_send: bool = False) -> bool:
        """Sleep; False when the run stopped and this wait is over with it."""
        if seconds <= 0:
            return not self._over(before_send)
        return await self.wait(self.clock.sleep(seconds), before_send=before_send)

    async def wait(self, something: Coroutine[Any, Any, object], *, before_send: bool = False) -> bool:
        """Wait for anything that is not a call; False when the run stopped, and it did not come about."""
        task = asyncio.current_task()
        if self._over(before_send) or task is None:
            something.close()
            return False
        self._sleeping[task] = before_send
        try:
            await something
        except asyncio.CancelledError:
            if task not in self._woken or task.uncancel() > 0:  # somebody else ends this task
                raise
            return False
        finally:
            del self._sleeping[task]
            self._woken.discard(task)
        return True

    def _over(self, before_send: bool) -> bool:
        return self._halted or (before_send and self.stopped is not None)
