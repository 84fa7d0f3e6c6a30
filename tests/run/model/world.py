"""Everything that may happen around the client: a provider, a network, a clock and crashes, with no fairness at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.protocol.events import (
    Accepted,
    Control,
    ControlFailed,
    ControlPassed,
    Done,
    Doubtful,
    Effect,
    Event,
    Fetch,
    Fetched,
    Leave,
    Lookup,
    NeverSent,
    NoAnswer,
    NoMoney,
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
from flux_batch.run.protocol.machine import Rules
from flux_batch.run.records import Failure, Phase, StoredFile
from flux_batch.run.store.rows import FINAL

from .client import RULES, Client

Duplicates = Literal["replayed", "rejected", "billed"]
Index = Literal["up", "dead", "blinks", "flaps"]
Forgets = Literal["by age", "at random"]
Witnesses = Literal["older and newest", "newest"]
Status = Literal["in_progress", "completed", "failed"]

FILE: Final = StoredFile(path="a.png", sha256="0" * 64, bytes=1, width=1, height=1, mime="image/png")
PREPARED: Final = Prepared(body=b"{}", business_id="fb-1")
_REFUSED: Final = RefusedBy(failure=Failure(code="invalid_request", message="bad"))
_BROKE: Final = RefusedBy(failure=Failure(code="insufficient_quota", message="empty"), account=True)
_DOUBTFUL: Final = Doubtful(reason="no clear answer")

_NOT_TAKEN: Final[dict[str, Event]] = {
    "lost in the network or 5xx before billing": _DOUBTFUL,
    "refused with 4xx": _REFUSED,
    "refused with 402": _BROKE,
    "turned away with 429": TurnedAway(retry_after=None),
    "never sent": NeverSent(reason="no connection"),
    "withdrawn": Withdrawn(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What the provider may do, in units of time.

    ``late``: how long after it was sent a POST may still arrive. ``lag``: how long an accepted task may stay out of
    the index. ``slow``: how old an answer may be when it comes. ``index``: whether lookups work at all; ``blinks`` is
    down for instants only, ``flaps`` for as long as it likes. ``keeps``: how long an accepted task stays in the index
    at least; ``by age``, what was accepted first is forgotten first. ``witnesses``: the tasks that the positive
    control asks for. ``rechecks``: it asks once more for the task itself, after they were found.
    """

    name: str
    late: int = 0
    lag: int = 0
    slow: int = 0
    duplicates: Duplicates = "billed"
    index: Index = "up"
    keeps: int | None = None
    forgets: Forgets = "by age"
    witnesses: Witnesses = "older and newest"
    rechecks: bool = True
    rules: Rules = RULES


class Job(NamedTuple):
    """A task at the provider: its number, for how long it has been there, what has become of it, and if it is known."""

    number: int
    age: int
    status: Status
    forgotten: bool = False

    def snapshot(self) -> TaskSnapshot:
        """As the API tells it."""
        url = "https://files.example/1.png" if self.status == "completed" else None
        return TaskSnapshot(id=f"task_{self.number}", status=self.status, result_url=url)


class World(NamedTuple):
    """The client by its number, POSTs on their way by age, tasks, the index, and the age of a 404 on its way."""

    client: int
    flying: tuple[int, ...] = ()
    jobs: tuple[Job, ...] = ()
    index_up: bool = True
    stale: int | None = None

    @property
    def billed(self) -> tuple[Job, ...]:
        """What is paid and not refunded."""
        return tuple(job for job in self.jobs if job.status != "failed")


Move = tuple[str, World]


@dataclass(frozen=True, slots=True)
class Environment:
    """All the moves from a world: one label and one new world each."""

    client: Client
    scenario: Scenario

    def start(self) -> World:
        """Nothing bought yet."""
        return World(self.client.start, index_up=self.scenario.index != "dead")

    def moves(self, world: World) -> Iterator[Move]:
        """Whatever may happen next."""
        if self._phase(world) in FINAL and not world.flying:
            return
        yield from self._provider(world)
        yield from self._tick(world)
        yield "crash and restart", self._crash(world)
        if world.stale is not None:
            yield "the 404 comes in", self._feed(world, NotFound())
            return
        yield from self._effect(world)

    def _phase(self, world: World) -> Phase:
        return self.client.nodes[world.client].state.phase

    def _feed(self, world: World, event: Event) -> World:
        return world._replace(client=self.client.feed(world.client, event), stale=None)

    def _crash(self, world: World) -> World:
        return world._replace(client=self.client.reopen(world.client), stale=None)

    # Provider and time ----------------------------------------------------------------------------------------------

    def _provider(self, world: World) -> Iterator[Move]:
        for place, _ in enumerate(world.flying):
            rest = world._replace(flying=world.flying[:place] + world.flying[place + 1 :])
            yield "a late POST arrives", self._take(rest)
        for place, job in enumerate(world.jobs):
            if job.status == "in_progress":
                yield "the task completes", _with_job(world, place, job._replace(status="completed"))
                yield "the task fails", _with_job(world, place, job._replace(status="failed"))
        yield from self._forgetting(world)
        if self.scenario.index in ("blinks", "flaps"):
            yield "the index changes", world._replace(index_up=not world.index_up)

    def _forgetting(self, world: World) -> Iterator[Move]:
        """By age: at once, and never a younger task than one that is still known."""
        for place, job in enumerate(world.jobs):
            by_age = self.scenario.forgets == "by age"
            oldest = all(older.forgotten for older in world.jobs if older.age > job.age)
            if self._may_forget(job) and (oldest or not by_age):
                yield "the index forgets the task", _with_job(world, place, job._replace(forgotten=True))

    def _may_forget(self, job: Job) -> bool:
        return self.scenario.keeps is not None and job.age >= self.scenario.keeps and not job.forgotten

    def _tick(self, world: World) -> Iterator[Move]:
        blinking = self.scenario.index == "blinks" and not world.index_up
        if blinking or (world.stale is not None and world.stale >= self.scenario.slow):
            return
        yield (
            "time passes",
            world._replace(
                client=self.client.age(world.client),
                flying=tuple(age + 1 for age in world.flying if age < self.scenario.late),
                jobs=tuple(job._replace(age=min(job.age + 1, self._longest)) for job in world.jobs),
                stale=None if world.stale is None else world.stale + 1,
            ),
        )

    @property
    def _longest(self) -> int:
        """An age from which on nothing depends on it."""
        return max(self.scenario.lag, self.scenario.keeps or 0)

    def _take(self, world: World) -> World:
        """A POST reaches the provider."""
        if world.jobs and self.scenario.duplicates != "billed":
            return world
        return world._replace(jobs=(*world.jobs, Job(len(world.jobs) + 1, 0, "in_progress")))

    # Effects --------------------------------------------------------------------------------------------------------

    def _effect(self, world: World) -> Iterator[Move]:
        effect = self.client.nodes[world.client].effect
        if effect is Post:
            yield from self._post(world)
        elif effect is Lookup:
            yield from self._lookup(world)
        elif effect is Control:
            yield from self._control(world)
        elif effect not in (Done, Leave):
            for label, event in self._simple(world, effect):
                yield label, self._feed(world, event)
            if effect is Prepare:
                yield "prepared, but no money", self._feed(self._feed(world, PREPARED), NoMoney())

    def _simple(self, world: World, effect: type[Effect]) -> Iterator[tuple[str, Event]]:
        """Effects that change nothing at the provider."""
        if effect is Prepare:
            yield "prepared", PREPARED
            yield "the reference is refused", NotPrepared(failure=_REFUSED.failure)
            yield "not prepared now", PrepareFailed(reason="reset")
        elif effect is Poll:
            remote_id = self.client.nodes[world.client].state.purchase.remote_id
            yield from (
                (f"poll: {job.status}", Seen(snapshot=job.snapshot()))
                for job in world.jobs
                if job.snapshot().id == remote_id
            )
            yield "poll: 404", NotFound()
            yield "poll: no answer", NoAnswer(reason="502")
        elif effect is Fetch:
            yield "fetched", Fetched(file=FILE)
            yield "not fetched", NotFetched(reason="cut")

    def _post(self, world: World) -> Iterator[Move]:
        """The fate of one POST, and what the client hears of it."""
        for label, event in _NOT_TAKEN.items():
            yield f"POST: {label}", self._feed(world, event)
        yield from self._taken(world)
        if self.scenario.late:
            delayed = world._replace(flying=tuple(sorted((*world.flying, 0))))
            yield "POST: on its way, no answer", self._feed(delayed, _DOUBTFUL)
            yield "POST: on its way, crash", self._crash(delayed)

    def _taken(self, world: World) -> Iterator[Move]:
        after = self._take(world)
        yield "POST: taken, reply lost or 5xx", self._feed(after, _DOUBTFUL)
        yield "POST: taken, crash", self._crash(after)
        if world.jobs and self.scenario.duplicates == "rejected":
            yield "POST: refused as a duplicate", self._feed(world, _REFUSED)
        else:
            answered = after.jobs[-1].snapshot()
            yield "POST: taken and answered", self._feed(after, Accepted(snapshot=answered))

    def _lookup(self, world: World) -> Iterator[Move]:
        yield "lookup: no answer", self._feed(world, NoAnswer(reason="502"))
        if self._phase(world) is Phase.INTENT:
            yield "lookup: withdrawn", self._feed(world, Withdrawn())
        yield from self._found(world)
        if self._hidden(world):
            yield "lookup: 404", self._feed(world, NotFound())
            if self.scenario.slow:
                yield "lookup: 404, not heard yet", world._replace(stale=0)

    def _control(self, world: World) -> Iterator[Move]:
        yield "control: nothing found", self._feed(world, ControlFailed())
        if not world.index_up or not self._witnesses_known(world):
            return
        if not self.scenario.rechecks or self._hidden(world):
            passed = self._feed(world, ControlPassed())
            yield "control: passed", passed
            if self._phase(passed) is Phase.INTENT:
                yield "control: passed, but no money", self._feed(passed, NoMoney())
        if self.scenario.rechecks:
            yield from self._found(world)

    def _witnesses_known(self, world: World) -> bool:
        """One of them was accepted before this request left, so whoever forgets by age has forgotten it first."""
        by_age = self.scenario.witnesses == "older and newest" and self.scenario.forgets == "by age"
        return not by_age or not any(job.forgotten for job in world.jobs)

    def _found(self, world: World) -> Iterator[Move]:
        if world.index_up:
            for job in self._known(world):
                yield "lookup: found", self._feed(world, Seen(snapshot=job.snapshot()))

    def _hidden(self, world: World) -> bool:
        """Whether a question by business id may bring a 404 now."""
        return not world.index_up or all(job.age < self.scenario.lag for job in self._known(world))

    def _known(self, world: World) -> list[Job]:
        return [job for job in world.jobs if not job.forgotten]


def _with_job(world: World, place: int, job: Job) -> World:
    return world._replace(jobs=(*world.jobs[:place], job, *world.jobs[place + 1 :]))
