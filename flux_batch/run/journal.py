"""The state file, seen from the event loop: one thread of its own, and commits that wait for each other share one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import TracebackType
from typing import Self, TypeVar

from flux_batch.run.records import Purchase
from flux_batch.run.state import StateFile

T = TypeVar("T")


class Journal:
    """Use it as ``async with``. ``cap`` is the USD that spent and reserved together may never pass, None for no cap."""

    def __init__(self, state: StateFile, cap: Decimal | None) -> None:
        self._state = state
        self._cap = cap
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._waiting: list[tuple[Purchase, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Ready to use."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the last commit."""
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()

    async def save(self, purchase: Purchase) -> bool:
        """Commit a new state; returns when it is durable, False when the cap has no room for its money."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((purchase, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await done

    async def ask(self, question: Callable[[StateFile], T]) -> T:
        """Read or change the state file on its own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self._state)

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            purchases = [purchase for purchase, _ in batch]
            try:
                answers = await self.ask(lambda state, wanted=purchases: state.save(wanted, self._cap))  # type: ignore[misc]
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
            else:
                for (_, done), answer in zip(batch, answers, strict=True):
                    if not done.done():  # a cancelled task waits no more; its state is kept all the same
                        done.set_result(answer)
