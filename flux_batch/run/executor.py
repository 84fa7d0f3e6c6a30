"""Brings many images on at once: claims work, asks the protocol what to do, commits, and has it carried out."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from flux_batch.errors import LocalFailure, RawAnswer
from flux_batch.run.folder.disk import free_bytes, places
from flux_batch.run.pace.breaker import counts, verdict
from flux_batch.run.pace.learning import Attempt, Learner
from flux_batch.run.perform import Performer
from flux_batch.run.protocol.events import Done, Doubtful, Event, Leave, NoMoney, Post
from flux_batch.run.protocol.machine import Moment, Rules, Step, opening, step
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.claims import Work
from flux_batch.run.store.journal import Journal
from flux_batch.run.store.learned import keep_making_spans
from flux_batch.run.store.rows import FINAL
from flux_batch.run.watch import Tally

LOOK_AHEAD: Final = 64
"""Images that are read from the state file at once; a batch of any size waits there and not in memory."""


@dataclass(slots=True)
class Executor:
    """Brings every image that can be claimed as far as it goes, ``concurrency`` at a time.

    With ``buys`` False only what was sent before is brought home, and nothing leaves. ``left`` collects, by task id,
    what this process had to leave to a later run.
    """

    performer: Performer
    rules: Rules
    concurrency: int
    tally: Tally
    learner: Learner
    buys: bool = True
    left: dict[str, str] = field(default_factory=dict)
    _answers: deque[Event] = field(default_factory=lambda: deque(maxlen=64))
    _failure: LocalFailure | None = None
    _ahead: deque[Work] = field(default_factory=deque)
    _more: bool = True
    _ended: asyncio.Queue[asyncio.Task[None]] = field(default_factory=asyncio.Queue)

    @property
    def _journal(self) -> Journal:
        return self.performer.journal

    async def run(self) -> None:
        """Work until nothing is left that can be brought on; raises LocalFailure when this machine cannot go on."""
        active: set[asyncio.Task[None]] = set()
        try:
            while True:
                active |= await self._start(len(active))
                if not active:
                    break
                active -= await self._some_ended()
        finally:
            for task in active:
                task.cancel()
            await asyncio.gather(*active, return_exceptions=True)
        await self._keep_learned()
        if self._failure:
            raise self._failure

    async def _keep_learned(self) -> None:
        """A later run begins with what this one learned; one that learned nothing writes nothing."""
        if self.learner.news and not self._failure:
            spans = self.learner.spans()
            await self._journal.ask(lambda state: keep_making_spans(state, spans))

    async def _some_ended(self) -> set[asyncio.Task[None]]:
        """Wait for one, and take whoever ended with it."""
        ended = {await self._ended.get()}
        while not self._ended.empty():
            ended.add(self._ended.get_nowait())
        for task in ended:
            task.result()
        return ended

    async def _start(self, under_way: int) -> set[asyncio.Task[None]]:
        room = self._room(under_way)
        if self.performer.brake.stopped or (room <= 0 and under_way):
            return set()
        await self._look_ahead(max(1, room))
        if room <= 0 and self._ahead and _buys(self._ahead[0]) and not self.performer.has_room():
            return set()
        work = [self._ahead.popleft() for _ in range(min(max(1, room), len(self._ahead)))]
        return {self._started(item) for item in work}

    async def _look_ahead(self, wanted: int) -> None:
        """Claim a few more than can be begun now, so that not every image that ends asks for the next one."""
        if len(self._ahead) >= wanted or not (self._more or self.tally.phases[Phase.PLANNED]):
            return
        limit = max(wanted, LOOK_AHEAD)
        found = await self._journal.ask(lambda state: state.claim(limit, begun_only=not self.buys))
        self._ahead += found
        self._more = len(found) >= limit

    def _started(self, work: Work) -> asyncio.Task[None]:
        task = asyncio.create_task(self._drive(work))
        task.add_done_callback(self._ended.put_nowait)
        return task

    def _room(self, under_way: int) -> int:
        """How many may be begun now. What was sent is claimed first and has to come home, however full the disk is."""
        room = self.concurrency - under_way
        on_disk = places(free_bytes(self.performer.folder), under_way)
        return room if on_disk is None else min(room, on_disk)

    async def _drive(self, work: Work) -> None:
        """One image, from where it stands to where it can go."""
        rules = self.rules if work.may_send and self.buys else replace(self.rules, resend=False)
        attempt = Attempt(self.learner, work.task.model)
        try:
            now = self._now()
            current = await self._commit(work.purchase, opening(work.purchase, now))
            while not isinstance(current.effect, Done | Leave):
                waited = self._now().mono - now.mono
                event = await self.performer.perform(work, current.state.purchase, current.effect, waited)
                if event is None:
                    return
                if isinstance(current.effect, Post):
                    self._watch(event)
                now = self._now()
                after = step(current.state, event, now, replace(rules, poll_times=attempt.poll_times))
                attempt.saw(current.state, event, after.state, now)
                odd = event.answer if isinstance(event, Doubtful) else None
                current = await self._commit(current.state.purchase, after, odd)
            if isinstance(current.effect, Leave):
                self._leave(work, current.effect)
        except LocalFailure as error:
            self._failure = self._failure or error
            self.performer.brake.stop(str(error), halt=True)

    async def _commit(self, before: Purchase, after: Step, odd: RawAnswer | None = None) -> Step:
        """Make the new state durable before its effect is carried out, with the answer that nobody understood."""
        if after.state.purchase == before:
            return after
        try:
            saved = await self._journal.save(after.state.purchase, odd)
        except LocalFailure:
            self._tell_unwritten(before, after.state.purchase)
            raise
        if not saved:
            after = step(after.state, NoMoney(), self._now(), self.rules)
            await self._journal.save(after.state.purchase)
        if after.state.purchase.remote_id and not before.remote_id:
            self.performer.written_down(after.state.purchase.remote_id)
        self.tally.move(before, after.state.purchase)
        self.performer.watcher.moved(after.state.purchase)
        if after.state.phase in FINAL and after.state.phase is not Phase.STORED:
            await self._recount(before.key)
        self.performer.watcher.changed(self.tally)
        return after

    def _tell_unwritten(self, before: Purchase, after: Purchase) -> None:
        """The terminal still takes what the disk does not: an id that was just paid for."""
        if after.remote_id and not before.remote_id:
            self.performer.watcher.say(
                f"Not written down: request {after.business_id} is task {after.remote_id} at the provider. "
                "The next run looks it up"
            )

    async def _recount(self, lost: str) -> None:
        """A failed parent skips its edits inside the state file, so the counts come from there."""
        counts = await self._journal.ask(lambda state: state.counts() if state.has_edits(lost) else None)
        if counts is not None:
            self.tally.phases.clear()
            self.tally.phases.update(counts)

    def _watch(self, answer: Event) -> None:
        """A row of equal answers to submits stops buying; what was sent is still brought home."""
        if not counts(answer):
            return
        self._answers.append(answer)
        if reason := verdict(self._answers):
            self.performer.brake.stop(reason, halt=False)

    def _leave(self, work: Work, effect: Leave) -> None:
        self.left[work.task.id] = effect.reason
        if effect.stop:
            self.performer.brake.stop(effect.reason, halt=False)

    def _now(self) -> Moment:
        return self.performer.brake.clock.now()


def _buys(work: Work) -> bool:
    """Whether it would be sent for the first time."""
    return work.purchase.phase is Phase.PLANNED
