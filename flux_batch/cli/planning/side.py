"""One side of a comparison: a run as it stands, or a saved plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from flux_batch.cli.terminal.options import run_folder
from flux_batch.plan.records import Task
from flux_batch.plan.saved import is_saved_plan, read_saved_plan
from flux_batch.run.records import Entry, Phase
from flux_batch.run.store.state import FILE, StateFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The images of a run or of a plan. ``spent`` is USD so far, None for a plan; in a rehearsal it is no real money.

    ``stored`` counts images that are there.
    """

    kind: Literal["run", "rehearsal", "plan"]
    name: str
    where: str
    tasks: tuple[Task, ...]
    stored: int = 0
    spent: Decimal | None = None


def read_side(given: Path) -> Side:
    """What an argument means; raises UsageError when it is neither a run nor a plan."""
    return _plan(given) if is_saved_plan(given) else _run(run_folder(given))


def _plan(path: Path) -> Side:
    saved = read_saved_plan(path)
    return Side(kind="plan", name=saved.name, where=str(path), tasks=saved.tasks())


def _run(folder: Path) -> Side:
    with StateFile(folder / FILE, read_only=True) as state:
        view = state.view()
    wanted = [entry for entry in view.entries if entry.wanted]
    return Side(
        kind="rehearsal" if view.rehearsal else "run",
        name=view.name,
        where=str(folder),
        tasks=tuple(_as_bought(entry) for entry in wanted),
        stored=sum(entry.purchase.phase is Phase.STORED for entry in wanted),
        spent=view.spent,
    )


def _as_bought(entry: Entry) -> Task:
    """The task with the price that was really paid for it."""
    paid = entry.purchase.price
    return entry.task if paid is None else replace(entry.task, price=paid)
