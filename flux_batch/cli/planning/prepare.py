"""From a spec to a plan with its difference and its price: what plan, run and rehearse begin with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.difference.changes import Changes
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Action, Plan, Task
from flux_batch.plan.templates.checks import with_misspellings
from flux_batch.plan.totals.axes import AxisCost, axis_costs
from flux_batch.plan.totals.columns import Columns, chosen, columns_of
from flux_batch.plan.totals.estimate import Estimate, estimate
from flux_batch.plan.totals.timing import Timing, pace_of, timing
from flux_batch.run.store.name import FILE
from flux_batch.spec.load import load_spec
from flux_batch.spec.records import Spec

if TYPE_CHECKING:
    from flux_batch.run.records import StoredFile


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan held against its run folder.

    ``spent`` and ``reserved`` are USD in that folder so far; in a ``rehearsal`` folder they are no real money.
    ``timing`` is about what would be sent or finished.
    """

    spec: Spec
    plan: Plan
    folder: Path
    changes: Changes
    estimate: Estimate
    spent: Decimal
    reserved: Decimal
    rehearsal: bool
    timing: Timing

    @cached_property
    def tasks(self) -> Columns:
        """What totals need of all images."""
        return columns_of(self.plan.tasks)

    @cached_property
    def chosen(self) -> bytes:
        """1 for every image that this run is about, 0 for the others, in the order of the spec."""
        return bytes(chosen(self.tasks, self.plan.selected))

    @property
    def wanted(self) -> int:
        """How many images this run is about."""
        return self.chosen.count(1)

    def new(self) -> Iterator[Task]:
        """The images that would be bought, each request once."""
        return (self.plan.tasks[place] for place in self.changes.places_of(Action.NEW))

    def first(self) -> Task:
        """The first image to be bought, or the first one wanted."""
        return next(self.new(), None) or self.plan.tasks[self.chosen.index(1)]

    def axes(self) -> tuple[AxisCost, ...]:
        """What every value of every axis that varies would cost."""
        new = bytearray(len(self.tasks))
        for place in self.changes.places_of(Action.NEW):
            new[place] = 1
        return axis_costs(self.tasks, self.chosen, new)


def make(path: Path, selection: Selection, settings: tuple[str, ...]) -> tuple[Spec, Plan]:
    """Read and expand a spec; raises InvalidSpec with every problem."""
    try:
        spec = load_spec(path, settings)
    except InvalidSpec as error:
        from flux_batch.plan.saved import is_saved_plan

        if is_saved_plan(path):
            raise UsageError(f"{path} is a saved plan, no spec: flux-batch run {path} does what it says") from None
        raise with_misspellings(error) from None
    return spec, make_plan(spec, selection=selection)


def compare(spec: Spec, plan: Plan, folder: Path, *, retry_failed: bool = False) -> Planned:
    """Hold a plan against a run folder; reads, and creates nothing."""
    committed, rehearsal, seen = (Decimal(0), Decimal(0)), False, list[float]()
    if (folder / FILE).is_file():
        from flux_batch.run.store.learned import making_seconds
        from flux_batch.run.store.state import StateFile

        with StateFile(folder / FILE, read_only=True) as state:
            changes = diff(plan, state.known(), retry_failed=retry_failed)
            committed, rehearsal = state.committed(), state.meta("rehearsal") == "1"
            seen = [] if rehearsal else making_seconds(state)  # the simulator's pace says nothing about the provider's
    else:
        changes = diff(plan, {})
    return Planned(
        spec=spec,
        plan=plan,
        folder=folder,
        changes=changes,
        estimate=estimate(plan, changes, resend=spec.execution.when_uncertain == "resend"),
        spent=committed[0],
        reserved=committed[1],
        rehearsal=rehearsal,
        timing=_timing(spec, plan, changes, seen),
    )


def _timing(spec: Spec, plan: Plan, changes: Changes, seen: list[float]) -> Timing:
    ahead = changes.places_of(Action.NEW, Action.RESUME)
    parents = {place: parent for place, parent in enumerate(columns_of(plan.tasks).parents()) if parent is not None}
    numbers = {place: number for number, place in enumerate(ahead)} if parents else {}
    pace = pace_of(spec.execution.submit_rate, spec.execution.concurrency, seen)
    return timing([numbers.get(parents.get(place, -1)) for place in ahead], pace)


def stored_files(folder: Path) -> dict[str, StoredFile]:
    """The images of a run folder by key; none where there is no run."""
    if not (folder / FILE).is_file():
        return {}
    from flux_batch.run.records import Phase
    from flux_batch.run.store.state import StateFile

    with StateFile(folder / FILE, read_only=True) as state:
        purchases = [entry.purchase for entry in state.view().entries]
    return {each.key: each.file for each in purchases if each.file and each.phase is Phase.STORED}


def default_folder(name: str) -> Path:
    """Where a spec of this name is run when nobody says otherwise."""
    return Path("runs") / name
