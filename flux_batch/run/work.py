"""What a run does once its folder is its own: see what the account holds, work, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from flux_batch.api.client import ApiClient
from flux_batch.api.settings import ApiSettings
from flux_batch.api.wire import Balance
from flux_batch.errors import AccountRejected, ApiError, BalanceTooLow, NotSent, RefusedToSpend
from flux_batch.plan.totals.estimate import Estimate
from flux_batch.run.asked import Asked
from flux_batch.run.executor import Executor
from flux_batch.run.folder.identity import under_way
from flux_batch.run.options import RunOptions
from flux_batch.run.outcome import Outcome
from flux_batch.run.pace.brake import Brake
from flux_batch.run.pace.clock import Clock
from flux_batch.run.pace.gate import query_gate, submit_gate
from flux_batch.run.pace.learning import Learner
from flux_batch.run.perform import Performer
from flux_batch.run.plane.choose import plane_for
from flux_batch.run.plane.objects import prove
from flux_batch.run.plane.seam import DataPlane
from flux_batch.run.records import Phase
from flux_batch.run.references.provide import References
from flux_batch.run.signals import Signals
from flux_batch.run.store.journal import Journal
from flux_batch.run.store.learned import making_spans
from flux_batch.run.store.rows import micros
from flux_batch.run.store.state import StateFile
from flux_batch.run.watch import Tally, Watcher, tally


@dataclass(slots=True)
class Session:
    """One process's work on one run folder, whose lock it holds and whose plan it has taken over."""

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
            return self._outcome(spent_before, {})
        self.at_start()
        if self.images:
            prove(self.images)
        signals = Signals(Brake(self.clock), self.watcher)
        async with ApiClient(self.settings, timeouts=self.options.timeouts) as api:
            before = await self._balance(api) if self.cost.new and not self.refusal else None
            executor = await self._run(api, signals, counts)
            after = await self._balance_after(api) if before else None
        if self.refusal:
            raise self.refusal
        outcome = self._outcome(spent_before, executor.left, signals)
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

    async def _run(self, api: ApiClient, signals: Signals, counts: Tally) -> Executor:
        options, rules = self.options, self.options.rules
        plane = plane_for(options.folder, loopback=self.settings.loopback, dask=options.dask, images=self.images)
        async with plane, Journal(self.state, self.cap) as journal:
            performer = self._performer(api, plane, journal, signals.brake)
            learner = Learner(rules.poll_first, rules.poll_every, making_spans(self.state))
            executor = Executor(performer, rules, options.concurrency, counts, learner, buys=self.refusal is None)
            with signals.listening():
                self.watcher.changed(counts)
                await executor.run()
        return executor

    def _performer(self, api: ApiClient, plane: DataPlane, journal: Journal, brake: Brake) -> Performer:
        references = References(
            api,
            journal,
            self.clock,
            spec_folder=self.asked.folder,
            run_folder=self.options.folder,
            keep_metadata=self.asked.execution.reference_metadata == "keep",
        )
        return Performer(
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

    def _outcome(self, spent_before: Decimal, left: dict[str, str], signals: Signals | None = None) -> Outcome:
        spent = self.state.committed()[0]
        return Outcome(
            phases=self.state.image_counts(),
            spent=spent,
            spent_now=spent - spent_before,
            left=left,
            stopped=signals.brake.stopped if signals else None,
            signal=signals.number if signals else None,
        )
