"""The run stage on one screen: lock, state, consent, balance, execution."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from flux_batch.api.client import ApiClient, Timeouts
from flux_batch.api.settings import ApiSettings
from flux_batch.api.wire import Balance
from flux_batch.errors import (
    AccountRejected,
    ApiError,
    BalanceTooLow,
    LocalFailure,
    NotSent,
    RefusedToSpend,
    Resumable,
)  # fmt: skip
from flux_batch.plan.records import Change, Plan
from flux_batch.plan.saved import SavedPlan
from flux_batch.plan.totals.estimate import Estimate
from flux_batch.run.asked import Asked, Fresh, Wishes
from flux_batch.run.budget import budget_cap
from flux_batch.run.executor import Executor
from flux_batch.run.folder.drive import drive_warning
from flux_batch.run.folder.identity import claim_identity, keep_apart, under_way
from flux_batch.run.folder.lock import run_lock
from flux_batch.run.folder.place import claim_place
from flux_batch.run.folder.prepare import prepare_folder, refuse_without_state
from flux_batch.run.folder.strangers import refuse_strangers
from flux_batch.run.outcome import Outcome
from flux_batch.run.pace.brake import Brake
from flux_batch.run.pace.clock import Clock, SystemClock
from flux_batch.run.pace.gate import query_gate, submit_gate
from flux_batch.run.pace.learning import Learner
from flux_batch.run.perform import Performer
from flux_batch.run.plane.choose import check_plane, plane_for
from flux_batch.run.plane.objects import prove
from flux_batch.run.protocol.machine import Rules
from flux_batch.run.records import Phase, RunView
from flux_batch.run.references.provide import References
from flux_batch.run.store.applied import note_applied
from flux_batch.run.store.journal import Journal
from flux_batch.run.store.learned import making_spans
from flux_batch.run.store.registry import forget_unfinished
from flux_batch.run.store.rows import micros
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.run.watch import Nobody, Tally, Watcher, tally
from flux_batch.spec.records import Spec

Approve = Callable[[Estimate, Sequence[Change]], None]
"""Asked once before money is spent; raises ConsentMissing to refuse. The changes may be looked at until it returns."""

AtEnd = Callable[[Callable[[], RunView]], None]
"""Called once with what reads a view of the run: it is large, and best read when nothing else is held any more."""

_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the command line adds to the spec. ``max_cost`` is USD for this run alone, on top of the spec's budget.

    ``saved`` is the plan file that the run carries out: it is marked as applied before anything is sent. ``dask`` names
    the workers of the data plane, None for this process; ``images`` is an address for images, None for where they are
    already, or for the run folder.
    """

    folder: Path
    concurrency: int
    rules: Rules
    submit_rate: float
    max_cost: Decimal | None = None
    retry_failed: bool = False
    rehearsal: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)
    saved: SavedPlan | None = None
    dask: str | None = None
    images: str | None = None


def run_plan(
    plan: Plan,
    spec: Spec,
    settings: ApiSettings,
    options: RunOptions,
    *,
    approve: Approve,
    at_start: Callable[[], None] = lambda: None,
    at_end: AtEnd = lambda _: None,
    watcher: Watcher | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Buy and store what the plan selects and the run folder does not have; as ``run_asked``."""
    return run_asked(
        Fresh(plan=plan, spec=spec),
        settings,
        options,
        approve=approve,
        at_start=at_start,
        at_end=at_end,
        watcher=watcher,
        clock=clock,
    )


def run_asked(
    asked: Asked,
    settings: ApiSettings,
    options: RunOptions,
    *,
    approve: Approve,
    at_start: Callable[[], None] = lambda: None,
    at_end: AtEnd = lambda _: None,
    watcher: Watcher | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Buy and store what is asked for and the run folder does not have; safe to end and to repeat at any instant.

    ``at_start`` is called when there is something to do, before anything is sent, which waits for it;
    ``at_end`` with what reads the run folder as it is then, still under its lock, also when the run cannot go on.
    Raises RefusedToSpend before anything is sent, Resumable when it cannot go on; images that fail are no exception.
    """
    check_plane(options.dask)
    prepare_folder(options.folder)
    with run_lock(options.folder), _state_of(options.folder) as state:
        asked = asked.settled(state, retry_failed=options.retry_failed)
        keep_apart(state, rehearsal=options.rehearsal)
        watcher = watcher or Nobody()
        if warning := drive_warning(options.folder):
            watcher.say(warning)
        images = claim_place(state, options.images)
        _mend(state, asked, options, watcher)
        if options.rehearsal:
            forget_unfinished(state)
        again = options.retry_failed
        cost = asked.estimate(state, retry_failed=again, resend=options.rules.resend)
        if cost.new or under_way(state):
            claim_identity(state, settings, rehearsal=options.rehearsal)
        session = _Session(
            asked, settings, options, state, cost, None, watcher, clock or SystemClock(), at_start, images
        )
        try:
            session.cap = budget_cap(asked, cost, state.committed(), options.max_cost)
        except RefusedToSpend as refusal:
            session.refuse(refusal)
        else:
            if cost.new:
                approve(cost, asked.changes(state, retry_failed=again))
            _take_over(session)
            _look_for_strangers(session)
        return _carried_out(session, at_end)


def _state_of(folder: Path) -> StateFile:
    """Open the state file, or begin one where no run has been before."""
    refuse_without_state(folder, folder / FILE)
    return StateFile(folder / FILE)


def _take_over(session: _Session) -> None:
    """Make the plan what this folder is about, with all it was made from; a saved plan learns where it was applied."""
    options, state, now = session.options, session.state, session.clock.now().wall
    session.asked.take_over(state, session.cost, now=now, retry_failed=options.retry_failed)
    if options.saved is not None and session.cost.new:
        note_applied(options.saved, options.folder, state.meta("run_id") or "", now=now)


def _look_for_strangers(session: _Session) -> None:
    """Buy nothing that stands there already; a rehearsal draws its pictures anew."""
    if session.options.rehearsal or not session.cost.new:
        return
    try:
        refuse_strangers(session.state, session.options.folder)
    except RefusedToSpend as refusal:
        session.refuse(refusal)


def _carried_out(session: _Session, at_end: AtEnd) -> Outcome:
    """Work, and show what the folder holds then, whatever came of it."""
    try:
        outcome = asyncio.run(session.execute())
    except (Resumable, RefusedToSpend):
        with suppress(LocalFailure):
            at_end(session.state.view)
        raise
    at_end(session.state.view)
    return outcome


@dataclass(slots=True)
class _Session:
    """One process's work on one run folder."""

    asked: Asked
    settings: ApiSettings
    options: RunOptions
    state: StateFile
    cost: Estimate
    cap: Decimal | None
    watcher: Watcher
    clock: Clock
    at_start: Callable[[], None] = lambda: None
    images: str = ""
    signal: int | None = None
    refusal: RefusedToSpend | None = None

    def refuse(self, refusal: RefusedToSpend) -> None:
        """Buy nothing. What is under way is paid, or may be, and its result lives for a day: bring it home first.

        Raises the refusal at once where there is nothing to bring home.
        """
        left = under_way(self.state)
        if not left:
            raise refusal
        self.refusal = refusal
        are = "image is" if left == 1 else "images are"
        self.watcher.say(f"{left} {are} under way, and finished before anything else; nothing more is bought")

    async def execute(self) -> Outcome:
        """Everything up to the end; raises the refusal, if there is one, after that."""
        spent_before, paid_before, doubts_before = self.state.committed()[0], self._paid(), self._doubts()
        counts = tally(self.state.counts(), micros(spent_before))
        if counts.finished == counts.total:
            return self._outcome(spent_before, {}, None)
        self.at_start()
        if self.images:
            prove(self.images)
        brake = Brake(self.clock)
        async with ApiClient(self.settings, timeouts=self.options.timeouts) as api:
            before = await self._balance(api) if self.cost.new and not self.refusal else None
            executor = await self._run(api, brake, counts)
            after = await self._balance_after(api) if before else None
        if self.refusal:
            raise self.refusal
        outcome = self._outcome(spent_before, executor.left, brake.stopped)
        if before is None or after is None:
            return outcome
        # What was in doubt may have been charged before, or may be still: then nobody can say for how many this was.
        bought = 0 if doubts_before or self._doubts() else self._paid() - paid_before
        return replace(outcome, observed=after.used - before.used, bought=bought)

    def _doubts(self) -> int:
        counts = self.state.counts(chosen_only=False)
        return sum(counts.get(phase, 0) for phase in (Phase.INTENT, Phase.UNCERTAIN, Phase.HELD))

    def _paid(self) -> int:
        """How many purchases of this folder are paid."""
        counts = self.state.counts(chosen_only=False)
        return sum(counts.get(phase, 0) for phase in (Phase.SUBMITTED, Phase.READY, Phase.STORED))

    async def _run(self, api: ApiClient, brake: Brake, counts: Tally) -> Executor:
        plane = plane_for(
            self.options.folder, loopback=self.settings.loopback, dask=self.options.dask, images=self.images
        )
        async with plane, Journal(self.state, self.cap) as journal:
            references = References(
                api,
                journal,
                self.clock,
                spec_folder=self.asked.folder,
                run_folder=self.options.folder,
                keep_metadata=self.asked.execution.reference_metadata == "keep",
            )
            performer = Performer(
                journal=journal,
                api=api,
                plane=plane,
                references=references,
                submits=submit_gate(brake, self.options.submit_rate),
                queries=query_gate(brake, self.options.submit_rate),
                brake=brake,
                folder=self.options.folder,
                run_id=self.state.meta("run_id") or "",
                watcher=self.watcher,
            )
            buys = self.refusal is None
            rules = self.options.rules
            learner = Learner(rules.poll_first, rules.poll_every, making_spans(self.state))
            executor = Executor(performer, rules, self.options.concurrency, counts, learner, buys=buys)
            with self._signals(brake):
                self.watcher.changed(counts)
                await executor.run()
        return executor

    async def _balance(self, api: ApiClient) -> Balance | None:
        """What the account holds before the run; a balance that cannot be read stops nothing but is said."""
        try:
            balance = await api.balance()
        except (AccountRejected, NotSent):
            raise
        except ApiError as error:
            self.watcher.say(f"The balance could not be read ({error}); going on without it")
            return None
        if balance.remaining is not None and balance.remaining < self.cost.cost:
            self.refuse(
                BalanceTooLow(
                    f"the account holds {balance.remaining}; this run costs ${self.cost.cost}. Nothing was bought"
                )
            )
        return balance

    async def _balance_after(self, api: ApiClient) -> Balance | None:
        try:
            return await api.balance()
        except ApiError:
            return None

    @contextmanager
    def _signals(self, brake: Brake) -> Iterator[None]:
        """The first signal stops cleanly; a second one ends the process at once, which loses nothing either."""

        def stop(number: int) -> None:
            if self.signal is not None:
                os._exit(128 + number)
            self.signal = number
            self.watcher.say("Stopping: nothing more is sent, calls under way finish. Once more to stop at once")
            brake.stop(f"stopped by {signal.Signals(number).name}", halt=True)

        loop = asyncio.get_running_loop()
        try:
            for number in _SIGNALS:
                loop.add_signal_handler(number, stop, number)
        except (NotImplementedError, RuntimeError):  # Windows, or not the main thread: ^C raises KeyboardInterrupt
            yield
            return
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _outcome(self, spent_before: Decimal, left: dict[str, str], stopped: str | None) -> Outcome:
        spent = self.state.committed()[0]
        return Outcome(
            phases=self.state.image_counts(),
            spent=spent,
            spent_now=spent - spent_before,
            left=left,
            stopped=stopped,
            signal=self.signal,
        )


def rules_for(spec: Wishes) -> Rules:
    """The protocol's rules as the spec sets them."""
    execution = spec.execution
    return Rules(
        resend=execution.when_uncertain == "resend",
        settle=execution.settle_seconds,
        poll_first=execution.poll.first,
        poll_every=execution.poll.every,
    )


def _mend(state: StateFile, asked: Asked, options: RunOptions, watcher: Watcher) -> None:
    """What is gone from the disk is brought home once more; a rehearsal draws it anew."""
    if lost := asked.mended(state, options.folder):
        how = "drawn again" if options.rehearsal else "fetched again, not bought again"
        watcher.say(f"{lost} stored {'image is' if lost == 1 else 'images are'} missing or changed: {how}")
