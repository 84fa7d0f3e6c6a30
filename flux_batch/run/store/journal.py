"""The state file, seen from the event loop: one thread of its own, and whoever waits for it goes along on one trip.

A trip answers all questions that came up since the last one and commits all new states together: one sync for many.
Whoever comes alone is taken at once; where many come, trips keep a distance, so that more of them share one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from flux_batch.errors import LocalFailure, RawAnswer
from flux_batch.run.records import Purchase
from flux_batch.run.store.state import StateFile

T = TypeVar("T")

_Outcome = tuple[Any, Exception | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Save:
    """A state to commit, and the answer that left it in doubt."""

    purchase: Purchase
    odd: RawAnswer | None
    done: asyncio.Future[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Something to read or change by itself."""

    ask: Callable[[StateFile], object]
    done: asyncio.Future[Any]


DISTANCE: Final = 0.02
"""Seconds from the start of one trip to the next: what a thousand images spend on commits falls by two thirds."""


class Journal:
    """Use it as ``async with``. ``cap`` is the USD that spent and reserved together may never pass, None for no cap."""

    def __init__(self, state: StateFile, cap: Decimal | None) -> None:
        self._state = state
        self._cap = cap
        self._next = 0.0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        self._saves: list[_Save] = []
        self._questions: list[_Question] = []
        self._trips: asyncio.Task[None] | None = None
        self._failure: LocalFailure | None = None

    async def __aenter__(self) -> Self:
        """Ready to use."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for the last commit."""
        if self._trips is not None:
            await self._trips
        self._thread.shutdown()

    async def save(self, purchase: Purchase, odd: RawAnswer | None = None) -> bool:
        """Commit a new state; returns when it is durable, False when the cap has no room for its money.

        ``odd`` is the answer that left it in doubt.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._saves.append(_Save(purchase=purchase, odd=odd, done=done))
        self._set_out()
        return await done

    async def ask(self, question: Callable[[StateFile], T]) -> T:
        """Read or change the state file on its own thread; after a failure of the disk nothing is tried again.

        A second sync may report success for what the first one lost.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._questions.append(_Question(ask=question, done=done))
        self._set_out()
        return await done

    def _set_out(self) -> None:
        if self._trips is None or self._trips.done():
            self._trips = asyncio.create_task(self._travel())

    async def _travel(self) -> None:
        loop = asyncio.get_running_loop()
        while self._saves or self._questions:
            await self._keep_distance(loop)
            questions, self._questions = self._questions, []
            saves, self._saves = self._saves, []
            outcomes = await loop.run_in_executor(self._thread, self._trip, questions, saves)
            waiting = [each.done for each in questions] + [each.done for each in saves]
            for done, (answer, error) in zip(waiting, outcomes, strict=True):
                _tell(done, answer, error)

    async def _keep_distance(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until it is time for the next trip."""
        if (wait := self._next - loop.time()) > 0:
            await asyncio.sleep(wait)
        self._next = loop.time() + DISTANCE

    def _trip(self, questions: list[_Question], saves: list[_Save]) -> list[_Outcome]:
        """On the thread: what came of each question, then of each state."""
        outcomes = [self._tried(each.ask) for each in questions]
        if not saves:
            return outcomes
        answers, error = self._tried(partial(self._commit, saves))
        return outcomes + [(None, error) if error else (answer, None) for answer in answers or [None] * len(saves)]

    def _tried(self, ask: Callable[[StateFile], object]) -> _Outcome:
        try:
            return self._answer(ask), None
        except Exception as error:
            return None, error

    def _answer(self, ask: Callable[[StateFile], object]) -> object:
        if self._failure:
            raise self._failure
        try:
            return ask(self._state)
        except LocalFailure as error:
            self._failure = error
            raise

    def _commit(self, saves: list[_Save], state: StateFile) -> list[bool]:
        odd = {each.purchase.key: each.odd for each in saves if each.odd is not None}
        return state.save([each.purchase for each in saves], self._cap, odd)


def _tell(done: asyncio.Future[Any], answer: object, error: Exception | None) -> None:
    """Whoever was cancelled waits no more; its state is kept all the same."""
    if done.done():
        return
    if error is not None:
        done.set_exception(error)
    else:
        done.set_result(answer)
