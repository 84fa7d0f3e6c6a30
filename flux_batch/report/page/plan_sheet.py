"""The sheet of a plan: a box of the wanted shape for every image, before one is bought."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from flux_batch.errors import LocalFailure, UsageError
from flux_batch.plan.records import Action, Change, Plan, Task
from flux_batch.plan.totals.estimate import Estimate
from flux_batch.plan.totals.money import usd
from flux_batch.report.page.header import Header, Part
from flux_batch.report.page.phrases import Notice, Tone
from flux_batch.report.page.render import DATA, PAGE, PLAN, write_page
from flux_batch.report.page.sheet import Sheet, Thumbs, Tile, sheet
from flux_batch.run.plane.objects import is_object
from flux_batch.run.plane.thumbs import make_thumbs
from flux_batch.run.records import Entry, Phase, Purchase, RunView, StoredFile
from flux_batch.run.store.state import FILE
from flux_batch.spec.records import ReportOptions

NOTHING_BOUGHT: Final = "Planned, nothing bought"
MARK: Final = b'class="is-plan"'
"""What tells a page of ours from somebody else's."""

_WORDS: Final = {
    Action.NEW: ("To buy", Tone.WAIT),
    Action.RESUME: ("To finish", Tone.ASK),
    Action.REUSED: ("Already stored", Tone.DONE),
    Action.FAILED: ("Failed before", Tone.BAD),
}

_OBVIOUS: Final = frozenset({"not bought yet", "the same request is already stored"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan as its sheet shows it.

    ``held`` is USD that the run folder has cost so far, reserved money included; ``stored`` are its images by key, and
    ``run_folder`` is where they lie; in a ``rehearsal`` the simulator drew them, and no money is real.
    """

    plan: Plan
    changes: Sequence[Change]
    cost: Estimate
    report: ReportOptions
    held: Decimal
    budget_max: Decimal | None
    run_folder: Path
    stored: Mapping[str, StoredFile]
    rehearsal: bool = False


def write_plan_sheet(view: PlanView, folder: Path) -> Path:
    """Write the page and small copies of the pictures that are there already; the run folder stays as it is.

    Raises UsageError where something else stands in ``folder``, LocalFailure when the disk does not take it.
    """
    _check_free(folder)
    _make(folder)
    files = _seen_from(folder, view)
    thumbs = make_thumbs(files.values(), folder) if files else {}
    return write_page(plan_sheet(view, files, thumbs), folder, PLAN)


def _check_free(folder: Path) -> None:
    """A run folder keeps its own page, and so does everybody else."""
    if (folder / FILE).exists():
        raise UsageError(f"{folder} is a run folder; write the plan's sheet somewhere else: --sheet DIR")
    page = folder / PAGE
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; write the plan's sheet into a folder: --sheet DIR")
    if (page.exists() and MARK not in page.read_bytes()) or (not page.exists() and (folder / DATA).exists()):
        raise UsageError(f"{folder} holds another page; write the plan's sheet somewhere else: --sheet DIR")


def _make(folder: Path) -> None:
    """First of all, for paths lead through it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalFailure(f"cannot make {folder}: {error.strerror or error}") from error


def _seen_from(folder: Path, view: PlanView) -> dict[str, StoredFile]:
    """The stored images with their paths as the page must name them; none where no such path exists (another drive)."""
    try:
        way = Path(os.path.relpath(view.run_folder, folder)).as_posix()
    except ValueError:
        return {}
    return {
        key: file if is_object(file.path) else replace(file, path=f"{way}/{file.path}")
        for key, file in view.stored.items()
    }


def plan_sheet(view: PlanView, files: Mapping[str, StoredFile], thumbs: Thumbs) -> Sheet:
    """The same sheet as a run's: the same axes, layout and search; only the tiles say what would happen."""
    tasks = [task for task in view.plan.tasks if task.key in view.plan.selected]
    there = {key: file for key, file in files.items() if thumbs.get(file.sha256)}
    made = sheet(_as_run(view, [_entry(task, there.get(task.key)) for task in tasks]), thumbs)
    changes = {change.key: change for change in view.changes}
    shapes = _shapes(view.plan)
    tiles = tuple(
        _tile(tile, task, changes[task.key], shapes[task.key]) for tile, task in zip(made.tiles, tasks, strict=True)
    )
    return replace(made, header=_header(view, tiles), tiles=tiles, run="")


def _entry(task: Task, file: StoredFile | None) -> Entry:
    phase = Phase.STORED if file else Phase.PLANNED
    return Entry(task=task, purchase=Purchase(key=task.key, phase=phase, file=file))


def _as_run(view: PlanView, entries: list[Entry]) -> RunView:
    plan = view.plan
    return RunView(
        name=plan.name,
        spec_file=plan.spec_file,
        spec_sha256=plan.spec_sha256,
        base_url="",
        rehearsal=False,
        created=0.0,
        updated=0.0,
        prices=plan.prices,
        report=view.report,
        budget_max=view.budget_max,
        spent=view.held,
        reserved=Decimal(0),
        entries=tuple(entries),
    )


def _tile(tile: Tile, task: Task, change: Change, shape: tuple[int, int]) -> Tile:
    if tile.picture:
        return replace(tile, cost="" if tile.shared_with else "already there")
    notice = _repeat(task, tile.shared_with) if tile.shared_with else _notice(task, change)
    return replace(tile, notice=notice, shape=shape, cost="" if tile.shared_with else _price(task, change))


def _price(task: Task, change: Change) -> str:
    if change.action is not Action.NEW:
        return "already there" if change.action is Action.REUSED else ""
    return "price unknown" if task.price is None else usd(task.price)


def _notice(task: Task, change: Change) -> Notice:
    word, tone = _WORDS[change.action]
    advice = "" if change.reason in _OBVIOUS else change.reason
    return Notice(word=word, reason=task.prompt, tone=tone, advice=advice)


def _repeat(task: Task, buyer: str) -> Notice:
    return Notice(
        word="Same as another", reason=task.prompt, tone=Tone.DONE, advice=f"The same request as {buyer}: bought once."
    )


def _shapes(plan: Plan) -> dict[str, tuple[int, int]]:
    """Width and height by key; what follows the image it edits has that image's shape, parents stand first."""
    pictures = {file.path: (file.width, file.height) for file in plan.references}
    shapes: dict[str, tuple[int, int]] = {}
    for task in plan.tasks:
        width, _, height = task.size.partition(":")
        source = task.reference.source if task.reference else ""
        shapes[task.key] = (
            (int(width), int(height))
            if width.isdecimal() and height.isdecimal()
            else shapes.get(source) or pictures.get(source, (1, 1))
        )
    return shapes


def _header(view: PlanView, tiles: tuple[Tile, ...]) -> Header:
    cost = view.cost
    count, shown = len(tiles), any(tile.picture for tile in tiles)
    stored = sum(
        bool(tile.picture) or (tile.notice is not None and tile.notice.word == "Already stored") for tile in tiles
    )
    return Header(
        title=view.report.title or view.plan.name,
        name=view.plan.name,
        date="",
        date_iso="",
        disclosure=f"{NOTHING_BOUGHT}; {_made_by(view)}" if shown else NOTHING_BOUGHT,
        rehearsal=False,
        stored=stored,
        tasks=count,
        retired=cost.removed,
        progress=_bar([("stored", f"{stored} stored", stored), ("new", f"{cost.new} to buy", cost.new)], count),
        spent_word="This run",
        spent=usd(cost.cost),
        money_note=_money_note(view),
        money=_bar([("spent", "spent", view.held), ("new", "this run", cost.cost)], view.budget_max or 0),
    )


def _made_by(view: PlanView) -> str:
    return "the pictures here are the simulator's" if view.rehearsal else "the pictures here are AI-generated"


def _money_note(view: PlanView) -> str:
    notes = [f"for {view.cost.new} to buy"]
    notes += [f"{usd(view.held)} {'simulated' if view.rehearsal else 'spent'} before"] if view.held else []
    notes += [f"budget {usd(view.budget_max)}"] if view.budget_max is not None else []
    notes += ["without a price for some"] if view.cost.unpriced else []
    return ", ".join(notes)


def _bar(parts: list[tuple[str, str, int]] | list[tuple[str, str, Decimal]], whole: int | Decimal) -> tuple[Part, ...]:
    made, start = [], 0.0
    for kind, label, amount in parts:
        width = min(100.0 - start, round(float(amount) / float(whole) * 100, 3)) if whole else 0.0
        if width > 0:
            made.append(Part(kind=kind, label=label, start=round(start, 3), width=width))
        start += width
    return tuple(made)
