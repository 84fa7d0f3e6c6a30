"""Carries out one effect of the protocol and says what happened; it decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flux_batch.api.client import ApiClient
from flux_batch.api.wire import GenerationRequest, TaskSnapshot
from flux_batch.errors import (
    AccountRejected,
    ApiError,
    LocalFailure,
    NotSent,
    Rejected,
    TaskNotFound,
    Throttled,
    Unclear,
    UsageError,
)  # fmt: skip
from flux_batch.run.folder.disk import shortage
from flux_batch.run.pace.brake import Brake
from flux_batch.run.pace.gate import Gate
from flux_batch.run.plane.picture import NotAnImage
from flux_batch.run.plane.seam import DataPlane
from flux_batch.run.protocol.events import (
    Accepted,
    Control,
    ControlFailed,
    ControlPassed,
    Doubtful,
    Effect,
    Event,
    Fetch,
    Fetched,
    Lookup,
    NeverSent,
    NoAnswer,
    NotFetched,
    NotFound,
    NotPrepared,
    Poll,
    Post,
    Prepare,
    Prepared,
    PrepareFailed,
    RefusedBy,
    Seen,
    TurnedAway,
    Withdrawn,
)  # fmt: skip
from flux_batch.run.records import Failure, Phase, Purchase
from flux_batch.run.references.provide import ReferenceMoved, References
from flux_batch.run.store.claims import Work
from flux_batch.run.store.journal import Journal
from flux_batch.run.watch import Watcher

MOST_WORDS: Final = 10
"""Unknown status words that are told in one run; a provider that makes them up has been noticed by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performer:
    """Everything an effect may need; ``folder`` is the run folder, ``run_id`` the random part of business ids."""

    journal: Journal
    api: ApiClient
    plane: DataPlane
    references: References
    submits: Gate
    queries: Gate
    brake: Brake
    folder: Path
    run_id: str
    watcher: Watcher
    _told: set[str] = field(default_factory=set)
    _owners: dict[str, str] = field(default_factory=dict)

    async def perform(self, work: Work, purchase: Purchase, effect: Effect, waited: float = 0.0) -> Event | None:
        """Carry out one effect; None when the run stopped before it could be, and nothing needs undoing.

        ``waited`` is how many seconds ago the effect was decided on: the commit before it took them.
        """
        match effect:
            case Prepare(after=after):
                return await self._prepared(work) if await self._turn_to_send(after) else None
            case Post(after=after, queue=queue):
                ready = await (self._turn_to_send(after) if queue else self.brake.pause(after, before_send=True))
                return await self._post(purchase) if ready and self.has_room() else self._withdrawn()
            case Lookup(after=after):
                return await self._lookup(purchase, after)
            case Control():
                return await self._control(purchase)
            case Poll(after=after):
                return await self._poll(purchase) if await self.brake.pause(after - waited) else None
            case Fetch(url=url):
                return await self._fetch(work, url)
        raise TypeError(f"{effect} is not carried out")

    async def _turn_to_send(self, seconds: float) -> bool:
        """Wait, then for a place among the submits; False when nothing more may be sent."""
        return await self.brake.pause(seconds, before_send=True) and await self.submits.pass_through(before_send=True)

    def has_room(self) -> bool:
        """Whether the disk could take the image now; where it is too full, the run buys nothing more."""
        reason = shortage(self.folder)
        if reason:
            self.brake.stop(reason, halt=False)
        return reason is None

    def _withdrawn(self) -> Withdrawn:
        """Give the place among the submits back."""
        self.submits.answered()
        return Withdrawn()

    async def _prepared(self, work: Work) -> Event:
        event = await self._prepare(work)
        if not isinstance(event, Prepared):
            self.submits.answered()
        return event

    async def _prepare(self, work: Work) -> Event:
        """Resolve the reference; only the provider's own refusal of it is final."""
        try:
            url = await self.references.url(work.task.reference)
        except (ReferenceMoved, UsageError) as error:
            return PrepareFailed(reason=str(error), lasting=True)
        except AccountRejected as error:
            self.brake.stop(str(error), halt=error.status == 401)
            return PrepareFailed(reason=str(error))
        except Rejected as error:
            return NotPrepared(failure=_failure(error))
        except ApiError as error:
            return PrepareFailed(reason=str(error))
        return self._request(work, url)

    def _request(self, work: Work, url: str | None) -> Prepared:
        task = work.task
        business_id = f"fb-{self.run_id}-{work.number}-{work.purchase.generation}"
        request = GenerationRequest(
            model=task.model,
            prompt=task.prompt,
            size=task.size,
            image_url=url,
            options=task.options,
            business_id=business_id,
        )
        return Prepared(body=request.body(), business_id=business_id)

    async def _post(self, purchase: Purchase) -> Event:
        try:
            taken = await _let_through(
                self.submits, self.api.submit(purchase.body or b""), lambda: self.api.submits_left
            )
        except Rejected as error:
            return RefusedBy(failure=_failure(error), account=isinstance(error, AccountRejected))
        except NotSent as error:
            return NeverSent(reason=str(error))
        except Throttled as error:
            return self._turned_away(error)
        except ApiError as error:
            self.watcher.say(f"No clear answer to a request ({error}): looking it up before anything is sent again")
            return Doubtful(reason=str(error), answer=error.answer if isinstance(error, Unclear) else None)
        self.submits.taken()
        if not await self._is_answer_to(purchase, taken):
            reason = f"the server answered about another request, as {_printable(taken.id)}"
            self.watcher.say(f"No clear answer to a request ({reason}): looking it up before anything is sent again")
            return Doubtful(reason=reason)
        return Accepted(snapshot=self._noted(taken))

    async def _is_answer_to(self, purchase: Purchase, taken: TaskSnapshot) -> bool:
        """As below; a disk that fails now fails the commit as well, which tells the id to a person."""
        try:
            return await self._is_about(purchase, taken)
        except LocalFailure:
            return True

    async def _is_about(self, purchase: Purchase, found: TaskSnapshot) -> bool:
        """Whether an answer is about this request: it names no other, and its id belongs to no other image."""
        if found.business_id not in (None, purchase.business_id):
            return False
        if found.id == purchase.remote_id:
            return True
        # Two answers may come at once, before either is in the state file.
        if self._owners.setdefault(found.id, purchase.key) != purchase.key:
            return False
        return not await self.journal.ask(lambda state: state.has_other(found.id, purchase.key))

    def written_down(self, remote_id: str) -> None:
        """An id is in the state file, which knows from now on whose it is."""
        self._owners.pop(remote_id, None)

    def _turned_away(self, error: Throttled) -> TurnedAway:
        pause = 1.0 if error.retry_after is None else error.retry_after
        self.submits.shut(pause)
        self.watcher.say(f"The provider asks for a pause of {pause:.0f} s ({error})")
        return TurnedAway(retry_after=error.retry_after)

    async def _lookup(self, purchase: Purchase, after: float) -> Event | None:
        """Ask by business id. Where the request was turned away, a stop takes it back instead."""
        turned_away = purchase.phase is Phase.INTENT
        if not await self.brake.pause(after, before_send=turned_away):
            return Withdrawn() if turned_away else None
        return await self._ask(purchase.business_id or "", purchase)

    async def _poll(self, purchase: Purchase) -> Event:
        """Ask by the provider's id; an answer that names another request would bring that one's image."""
        return await self._ask(purchase.remote_id or "", purchase)

    async def _ask(self, task_id: str, about: Purchase) -> Event:
        """One status question; whatever goes wrong with it changes nothing."""
        answer = await self._asked(task_id)
        if isinstance(answer, Seen) and not await self._is_about(about, answer.snapshot):
            return NoAnswer(reason="the answer is about another task")
        return answer

    async def _is_found(self, business_id: str) -> bool:
        """Whether the provider knows a request by our own id, and says no other in its place."""
        answer = await self._asked(business_id)
        return isinstance(answer, Seen) and answer.snapshot.business_id in (None, business_id)

    async def _asked(self, task_id: str) -> Seen | NotFound | NoAnswer:
        if not await self.queries.pass_through():
            return NoAnswer(reason="the run is stopping")
        try:
            found = await _let_through(self.queries, self.api.status(task_id), lambda: self.api.queries_left)
        except TaskNotFound:
            return NotFound()
        except AccountRejected as error:
            # With a wrong key no question will be answered either; an empty account still answers them.
            self.brake.stop(str(error), halt=error.status == 401)
            return NoAnswer(reason=str(error))
        except Throttled as error:
            self.queries.shut(error.retry_after or 1.0)
            return NoAnswer(reason=str(error))
        except ApiError as error:
            return NoAnswer(reason=str(error))
        self.queries.taken()
        return Seen(snapshot=self._noted(found))

    def _noted(self, found: TaskSnapshot) -> TaskSnapshot:
        """Tell a person of a status word that nobody knows, once each."""
        word = _printable(found.status)
        if not found.known and word not in self._told and len(self._told) < MOST_WORDS:
            self._told.add(word)
            self.watcher.say(f"The provider says '{word}', which is not in its documentation: taken as not finished")
        return found

    async def _control(self, purchase: Purchase) -> Event | None:
        """Find other accepted tasks the way this one was looked for, and then look for this one once more.

        The 404s so far may have been asked before the window was over, or while the index was away.
        """
        now = self.brake.clock.now().wall
        witnesses = await self.journal.ask(lambda state: state.witnesses(purchase.key, now))
        for witness in witnesses:
            if not await self._is_found(witness):
                return ControlFailed()
        if not witnesses:
            return ControlFailed()
        again = await self._lookup(purchase, 0.0)
        return ControlPassed() if isinstance(again, NotFound) else again

    async def _fetch(self, work: Work, url: str) -> Event:
        try:
            return Fetched(file=await self.plane.bring(url, work.stem))
        except (ApiError, NotAnImage) as error:
            return NotFetched(reason=str(error))


async def _let_through(gate: Gate, call: Awaitable[TaskSnapshot], left: Callable[[], int | None]) -> TaskSnapshot:
    """Make a call that passed a gate, and tell the gate what its answer says of the limit."""
    told = None
    try:
        answer = await call
        told = left()
    except (Rejected, Throttled):
        told = left()
        raise
    finally:
        gate.answered(told)
    return answer


def _failure(error: Rejected) -> Failure:
    return Failure(code=error.code or str(error.status), message=error.message or "the provider gave no reason")


def _printable(word: str) -> str:
    """One short word on one line, whatever it is made of."""
    line = " ".join(word.split())[:40]
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
