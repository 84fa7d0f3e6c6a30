"""One process without its sockets: the real state file, lock and protocol, and a hand that picks fates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from flux_batch.run.folder.lock import run_lock
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
from flux_batch.run.protocol.machine import Moment, Rules, Step, opening, step
from flux_batch.run.records import Failure, Phase, Purchase, StoredFile
from flux_batch.run.store.claims import Work
from flux_batch.run.store.state import FILE, StateFile

from .provider import Provider

RULES = Rules(settle=120.0, patience=900.0)
_FILE = StoredFile(path="a.png", sha256="0" * 64, bytes=1, width=1, height=1, mime="image/png")
_REFUSED = Failure(code="invalid_request", message="bad")
_DOUBTFUL = Doubtful(reason="no clear answer")

Fate = Callable[[], Event]


@dataclass(slots=True)
class Process:
    """Opens the run folder; what is in memory only is in here. ``boot`` is where its monotonic clock started."""

    folder: Path
    provider: Provider
    cap: Decimal | None
    wall: float
    boot: float = 0.0
    active: dict[str, tuple[Work, Step]] = field(default_factory=dict)
    state: StateFile = field(init=False)
    _held: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        """Take the lock and open the file."""
        self._held.enter_context(run_lock(self.folder))
        self.state = self._held.enter_context(StateFile(self.folder / FILE))

    def end(self) -> None:
        """The process is gone, with all it had in memory."""
        self._held.close()

    def now(self) -> Moment:
        """Both clocks, as the process reads them."""
        return Moment(mono=self.provider.now - self.boot, wall=self.wall)

    def claim(self, limit: int) -> None:
        """Take on more images, and commit in one transaction what that changes."""
        for work in self.state.claim(limit):
            self._go_on(work, work.purchase, opening(work.purchase, self.now()))

    def deliver(self, key: str, fate: int, seconds: float = 0.0) -> None:
        """Carry out the effect of one image, after its delay and ``seconds`` more, with one of its possible fates."""
        work, current = self.active[key]
        self.provider.now += getattr(current.effect, "after", 0.0) + seconds
        fates = self.fates(work, current)
        self._hear(work, current, fates[fate % len(fates)]())

    def awaits(self, key: str, *effects: type[Effect]) -> bool:
        """Whether one of these effects is next for an image."""
        return key in self.active and isinstance(self.active[key][1].effect, effects)

    def _hear(self, work: Work, current: Step, event: Event) -> None:
        rules = RULES if work.may_send else replace(RULES, resend=False)
        self._go_on(work, current.state.purchase, step(current.state, event, self.now(), rules))

    def _go_on(self, work: Work, before: Purchase, after: Step) -> None:
        """Commit as the executor does, then wait for the effect's turn."""
        if after.state.purchase != before and not self._save(after.state.purchase):
            after = step(after.state, NoMoney(), self.now(), RULES)
            assert self._save(after.state.purchase)
        self.active[work.purchase.key] = (work, after)
        if isinstance(after.effect, Done | Leave):
            del self.active[work.purchase.key]

    def _save(self, purchase: Purchase) -> bool:
        (kept,) = self.state.save([purchase], self.cap)
        return kept

    # Fates: the first one is the best --------------------------------------------------------------------------------

    def fates(self, work: Work, current: Step) -> Sequence[Fate]:
        """What may come of the next effect, as acts at the provider that end in an event."""
        purchase = current.state.purchase
        known: dict[type[Effect], Callable[[], Sequence[Fate]]] = {
            Prepare: lambda: self._preparing(work),
            Post: lambda: self._posting(purchase),
            Lookup: lambda: self._looking(purchase),
            Control: lambda: self._controlling(purchase),
            Poll: lambda: self._polling(purchase),
            Fetch: lambda: _said(Fetched(file=_FILE), NotFetched(reason="cut")),
        }
        return known[type(current.effect)]()

    def _preparing(self, work: Work) -> Sequence[Fate]:
        """The upload's URL may be another one each time, so the bytes differ."""
        business_id = f"fb-{self.state.meta('run_id')}-{work.number}-{work.purchase.generation}"
        prepared = Prepared(body=repr(self.provider.now).encode(), business_id=business_id)
        return _said(prepared, prepared, prepared, PrepareFailed(reason="reset"), NotPrepared(failure=_REFUSED))

    def _posting(self, purchase: Purchase) -> Sequence[Fate]:
        """Only what is committed is sent, and never other bytes where earlier ones may be known."""
        assert self.state.purchase(purchase.key) == purchase
        assert purchase.phase is Phase.INTENT
        business_id, body = purchase.business_id, purchase.body
        assert business_id is not None
        assert body is not None
        assert self.provider.expects(business_id, body)
        not_taken = _said(
            _DOUBTFUL,
            RefusedBy(failure=_REFUSED),
            RefusedBy(failure=_REFUSED, account=True),
            TurnedAway(retry_after=3.0),
            NeverSent(reason="no connection"),
            Withdrawn(),
        )
        return (
            lambda: self._taken(business_id),
            lambda: self._silently_taken(business_id),
            lambda: self._late(business_id),
            *not_taken,
        )

    def _taken(self, business_id: str) -> Event:
        snapshot = self.provider.take(business_id)
        return Accepted(snapshot=snapshot) if snapshot else RefusedBy(failure=_REFUSED)

    def _silently_taken(self, business_id: str) -> Event:
        self.provider.take(business_id)
        return _DOUBTFUL

    def _late(self, business_id: str) -> Event:
        self.provider.delay(business_id)
        return _DOUBTFUL

    def _looking(self, purchase: Purchase) -> Sequence[Fate]:
        business_id = purchase.business_id or ""
        found = self.provider.find(business_id)
        answers: list[Event] = [Seen(snapshot=found)] if found else []
        if not self.provider.must_show(business_id):
            answers.append(NotFound())
        if purchase.phase is Phase.INTENT:
            answers.append(Withdrawn())
        return _said(*answers, NoAnswer(reason="502"))

    def _controlling(self, purchase: Purchase) -> Sequence[Fate]:
        witnesses = self.state.witnesses(purchase.key, self.wall)
        found = bool(witnesses) and all(self.provider.find(witness) is not None for witness in witnesses)
        return _said(*([ControlPassed()] if found else []), ControlFailed())

    def _polling(self, purchase: Purchase) -> Sequence[Fate]:
        seen = Seen(snapshot=self.provider.ask(purchase.remote_id or ""))
        return _said(seen, NoAnswer(reason="502"), NotFound())


def _said(*events: Event) -> Sequence[Fate]:
    """Fates that change nothing at the provider."""
    return [lambda event=event: event for event in events]  # type: ignore[misc]
