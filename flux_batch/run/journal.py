"""The state file, seen from the event loop: one thread of its own, and commits that wait for each other share one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from flux_batch.errors import LocalFailure, RawAnswer
from flux_batch.run.records import Purchase
from flux_batch.run.state import StateFile

T = TypeVar("T")

_Waiting = tuple[Purchase, RawAnswer | None, asyncio.Future[bool]]


class Journal:
    """Use it as ``async with``. ``cap`` is the USD that spent and reserved together may never pass, None for no cap."""

    def __init__(self, state: StateFile, cap: Decimal | None) -> None:
        self._state = state
        self._cap = cap
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._failure: LocalFailure | None = None

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

    async def save(self, purchase: Purchase, odd: RawAnswer | None = None) -> bool:
        """Commit a new state; returns when it is durable, False when the cap has no room for its money.

        ``odd`` is the answer that left it in doubt.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((purchase, odd, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await done

    async def ask(self, question: Callable[[StateFile], T]) -> T:
        """Read or change the state file on its own thread; after a failure of the disk nothing is tried again.

        A second sync may report success for what the first one lost.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[StateFile], T]) -> T:
        if self._failure:
            raise self._failure
        try:
            return question(self._state)
        except LocalFailure as error:
            self._failure = error
            raise

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                answers = await self.ask(partial(self._commit, batch))
            except Exception as error:
                for *_, done in batch:
                    if not done.done():
                        done.set_exception(error)
            else:
                for (*_, done), answer in zip(batch, answers, strict=True):
                    if not done.done():  # a cancelled task waits no more; its state is kept all the same
                        done.set_result(answer)

    def _commit(self, batch: list[_Waiting], state: StateFile) -> list[bool]:
        odd = {purchase.key: answer for purchase, answer, _ in batch if answer is not None}
        return state.save([purchase for purchase, _, _ in batch], self._cap, odd)
