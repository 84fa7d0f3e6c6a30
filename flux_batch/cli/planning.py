"""From a spec to a plan with its difference and its price: what plan, run and rehearse begin with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.plan.axes import AxisCost, axis_costs
from flux_batch.plan.checks import with_misspellings
from flux_batch.plan.diff import diff
from flux_batch.plan.estimate import Estimate, estimate
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Action, Change, Plan, Task
from flux_batch.plan.saved import is_saved_plan
from flux_batch.plan.select import Selection
from flux_batch.plan.timing import Timing, pace_of, timing
from flux_batch.run.learned import making_seconds
from flux_batch.run.records import Phase, StoredFile
from flux_batch.run.state import FILE, StateFile
from flux_batch.spec.load import load_spec
from flux_batch.spec.records import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan held against its run folder.

    ``spent`` and ``reserved`` are USD in that folder so far; in a ``rehearsal`` folder they are no real money.
    ``timing`` is about what would be sent or finished.
    """

    spec: Spec
    plan: Plan
    folder: Path
    changes: tuple[Change, ...]
    estimate: Estimate
    spent: Decimal
    reserved: Decimal
    rehearsal: bool
    timing: Timing

    def selected(self) -> list[Task]:
        """The images this run is about, in the order of the spec."""
        return [task for task in self.plan.tasks if task.key in self.plan.selected]

    def new(self) -> list[Task]:
        """The images that would be bought, each request once."""
        keys = {change.key for change in self.changes if change.action is Action.NEW}
        return [task for key, task in self.plan.purchases().items() if key in keys]

    def axes(self) -> tuple[AxisCost, ...]:
        """What every value of every axis that varies would cost."""
        return axis_costs(self.selected(), {task.key for task in self.new()})


def make(path: Path, selection: Selection, settings: tuple[str, ...]) -> tuple[Spec, Plan]:
    """Read and expand a spec; raises InvalidSpec with every problem."""
    try:
        spec = load_spec(path, settings)
    except InvalidSpec as error:
        if is_saved_plan(path):
            raise UsageError(f"{path} is a saved plan, no spec: flux-batch run {path} does what it says") from None
        raise with_misspellings(error) from None
    return spec, make_plan(spec, selection=selection)


def compare(spec: Spec, plan: Plan, folder: Path, *, retry_failed: bool = False) -> Planned:
    """Hold a plan against a run folder; reads, and creates nothing."""
    known, committed, rehearsal, seen = {}, (Decimal(0), Decimal(0)), False, list[float]()
    if (folder / FILE).is_file():
        with StateFile(folder / FILE, read_only=True) as state:
            known, committed, rehearsal = state.known(), state.committed(), state.meta("rehearsal") == "1"
            seen = [] if rehearsal else making_seconds(state)  # the simulator's pace says nothing about the provider's
    changes = diff(plan, known, retry_failed=retry_failed)
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


def _timing(spec: Spec, plan: Plan, changes: tuple[Change, ...], seen: list[float]) -> Timing:
    tasks = plan.purchases()
    ahead = [change.key for change in changes if change.action in (Action.NEW, Action.RESUME)]
    pace = pace_of(spec.execution.submit_rate, spec.execution.concurrency, seen)
    return timing({key: tasks[key].parent for key in ahead}, pace)


def stored_files(folder: Path) -> dict[str, StoredFile]:
    """The images of a run folder by key; none where there is no run."""
    if not (folder / FILE).is_file():
        return {}
    with StateFile(folder / FILE, read_only=True) as state:
        purchases = [entry.purchase for entry in state.view().entries]
    return {each.key: each.file for each in purchases if each.file and each.phase is Phase.STORED}


def default_folder(spec: Spec) -> Path:
    """Where a spec is run when nobody says otherwise."""
    return Path("runs") / spec.name
