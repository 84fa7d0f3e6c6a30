"""What a run is asked for: a plan that was made for it, or the one that its folder is about already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.difference.changes import Later
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.records import Change, Plan
from flux_batch.plan.totals.estimate import Estimate, estimate
from flux_batch.run.after.mend import mend
from flux_batch.run.folder.inputs import keep_inputs
from flux_batch.run.store.registry import REGISTERED, register
from flux_batch.run.store.state import StateFile
from flux_batch.spec.beside.reads import Reads
from flux_batch.spec.records import Budget, Execution, Spec


class Wishes(Protocol):
    """What a run needs of a spec: where its references lie, how much it may cost, and how fast to go."""

    @property
    def folder(self) -> Path:
        """The folder that reference paths are relative to."""
        ...

    @property
    def budget(self) -> Budget:
        """USD over the life of the run folder."""
        ...

    @property
    def execution(self) -> Execution:
        """The pace, and what to do in doubt."""
        ...


class Asked(Wishes, Protocol):
    """All of it; every method is called under the run folder's lock, in this order."""

    def settled(self, state: StateFile, /, *, retry_failed: bool) -> Asked:
        """What holds under the lock."""
        ...

    def mended(self, state: StateFile, folder: Path) -> int:
        """Send stored images that are gone from the disk back to be fetched again; how many."""
        ...

    def estimate(self, state: StateFile, *, retry_failed: bool, resend: bool) -> Estimate:
        """What is left to buy."""
        ...

    def changes(self, state: StateFile, *, retry_failed: bool) -> Sequence[Change]:
        """What would be done about every image, for as long as nothing is sent."""
        ...

    def take_over(self, state: StateFile, cost: Estimate, /, *, now: float, retry_failed: bool) -> None:
        """Make it what the folder is about, with all it was made from."""
        ...


@dataclass(slots=True, kw_only=True)
class Fresh:
    """A plan that was made just now, held until the state file has taken it over.

    With the ``selection`` that it was made with, a large one need not be made again for the next run.
    """

    plan: Plan
    spec: Spec
    selection: Selection | None = None

    @property
    def folder(self) -> Path:
        """The spec's."""
        return self.spec.folder

    @property
    def budget(self) -> Budget:
        """The spec's."""
        return self.spec.budget

    @property
    def execution(self) -> Execution:
        """The spec's."""
        return self.spec.execution

    def settled(self, _: StateFile, /, **__: object) -> Asked:
        """It holds in any case."""
        return self

    def mended(self, state: StateFile, folder: Path) -> int:
        """How many were sent back."""
        return mend(state, folder, self.plan.selected)

    def estimate(self, state: StateFile, *, retry_failed: bool, resend: bool) -> Estimate:
        """From the difference to what is done."""
        changes = diff(self.plan, state.known(), retry_failed=retry_failed, explain=False)
        return estimate(self.plan, changes, resend=resend)

    def changes(self, state: StateFile, *, retry_failed: bool) -> Sequence[Change]:
        """The difference to what is done as it is now, worked out when somebody looks."""
        known = state.known()
        return Later(lambda: diff(self.plan, known, retry_failed=retry_failed))

    def take_over(self, state: StateFile, cost: Estimate, /, *, now: float, retry_failed: bool) -> None:
        """Keep its files, register it, note what it was made from, and let go of its images."""
        from flux_batch.run.again.basis import basis_of, keep_basis

        keep_inputs(self.plan, self.spec, state.path.parent)
        register(state, self.plan, self.spec, now=now, retry_failed=retry_failed)
        basis = None
        if self.selection is not None:
            basis = basis_of(self.plan, self.spec, self.selection, cost, state.meta(REGISTERED) or "")
        keep_basis(state, basis)
        self._let_go()

    def _let_go(self) -> None:
        """A run goes on for hours, and reads from the state file what it needs of an image."""
        self.plan = replace(self.plan, tasks=(), selected=frozenset())
        self.spec = replace(self.spec, jobs=(), variables=(), reads=Reads())
