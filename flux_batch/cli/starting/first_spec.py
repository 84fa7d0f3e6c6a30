"""From flags, answers and a table to a project on disk: drafted, planned for its price, and only then written."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from flux_batch.cli.starting.answers import SCENE, Wish
from flux_batch.cli.starting.conversation import DEFAULT_RATIOS, DEFAULT_SCENES, DEFAULT_SUBJECT, Given, converse
from flux_batch.cli.starting.drafting import STARTER, Sheet, draft, starter
from flux_batch.cli.starting.from_table import open_table, real_path, sheet_of
from flux_batch.cli.starting.project import DATA, Project, beside_the_spec, copy_table, place_of, project
from flux_batch.cli.terminal.output import plural
from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.make import make_plan
from flux_batch.plan.totals.estimate import estimate
from flux_batch.plan.totals.money import usd
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Limits

MANY: Final = 50
"""Images from which on it is better to try a few first."""
FEW: Final = 10
PROBLEMS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table, where it lies from the project's folder (None: elsewhere), and how a draft there uses it."""

    file: Path
    inside: str | None
    rows: int
    sheet: Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written, as which spec, and the images and USD that its plan comes to."""

    project: Project
    spec: Path
    images: int
    cost: Decimal

    @property
    def next(self) -> str:
        """The command to go on with; a large batch is tried in part."""
        part = ["--limit", str(FEW)] if self.images > MANY else []
        return shlex.join(["flux-batch", "rehearse", str(self.spec), *part])


def open_source(file: Path, folder: Path, *, ratios_given: bool) -> Source:
    """A table to draft from; UsageError with all that is wrong with it. Ratios that are given go before its own."""
    name, file = file.name, real_path(file)
    table, inside = open_table(file), place_of(file, folder)
    sheet = sheet_of(table, inside or f"{DATA}/{name}", folder)
    return Source(
        file=file, inside=inside, rows=len(table.rows), sheet=replace(sheet, ratio="") if ratios_given else sheet
    )


def wish_of(given: Given, name: str, source: Source | None) -> Wish:
    """What the flags say; where they are silent, what Enter would answer, and no scenes to a subject of one's own."""
    scenes = {} if source or given.subject else {SCENE: DEFAULT_SCENES}
    return Wish(
        name=name,
        subject="" if source else given.subject or DEFAULT_SUBJECT,
        variables=scenes if given.variables is None else given.variables,
        ratios=given.ratios or (DEFAULT_RATIOS[:1] if source else DEFAULT_RATIOS),
        repeat=given.repeat or 1,
        budget=given.budget,
    )


def asked(wish: Wish, given: Given, folder: Path, source: Source | None) -> Wish:
    """The wish with the answers of the person at the terminal."""
    place, sheet = folder, source.sheet if source else None
    if source and sheet and not source.inside:
        # It is copied once all is answered: until then it is looked at where it lies.
        place, sheet = source.file.parent, replace(sheet, path=source.file.name, reference="")

    def preview(tried: Wish) -> tuple[int, Decimal]:
        return _counted(place / f"{tried.name}.yaml", _text(tried, sheet, source))

    try:
        return converse(wish, given, preview, subject=source is None, ratios=not (sheet and sheet.ratio))
    except EOFError:
        raise UsageError("the answers ended before the last question; nothing was written") from None


def write_draft(wish: Wish, folder: Path, source: Source | None) -> Written:
    """Write the project of a wish; UsageError and nothing written when its plan cannot be made."""
    spec, sheet = f"{wish.name}.yaml", source.sheet if source else None
    with project(folder) as made:
        if source and not source.inside:
            copy_table(source.file, source.sheet.path, made)
        images, cost = _counted(folder / spec, _text(wish, sheet, source))
        advice = _advice(spec, images, cost) if source else ()
        _fill(made, spec, _text(wish, sheet, source, advice))
    return Written(project=made, spec=folder / spec, images=images, cost=cost)


def write_starter(folder: Path) -> Written:
    """Write the project that explains every key."""
    with project(folder) as made:
        _fill(made, STARTER, starter())
    images, cost = _counted(folder / STARTER, starter())
    return Written(project=made, spec=folder / STARTER, images=images, cost=cost)


def _fill(made: Project, spec: str, text: str) -> None:
    made.write(spec, text.encode(), new=True)
    for name, content in beside_the_spec().items():
        made.write(name, content.encode())


def _text(wish: Wish, sheet: Sheet | None, source: Source | None, advice: Sequence[str] = ()) -> str:
    images = math.prod(len(values) for values in wish.variables.values()) * wish.repeat
    images *= (source.rows if source else 1) * (1 if sheet and sheet.ratio else len(wish.ratios))
    # A long table is meant to be long; a long multiplication of answers may be a slip of the pen.
    return draft(wish, sheet, advice=advice, max_tasks=images if source and images > Limits().max_tasks else None)


def _counted(path: Path, text: str) -> tuple[int, Decimal]:
    """Images and USD by the real plan of a text; UsageError when it makes none."""
    try:
        plan = make_plan(parse_spec(path, text))
    except InvalidSpec as error:
        shown = error.problems[:PROBLEMS_SHOWN]
        told = (f"{each.message}\n    {each.hint}" if each.hint else each.message for each in shown)
        raise UsageError("\n".join(told)) from None
    return len(plan.tasks), estimate(plan, diff(plan, {})).cost


def _advice(spec: str, images: int, cost: Decimal) -> list[str]:
    lines = [f"As it stands: {plural(images, 'image')}, about {usd(cost)}."]
    return lines if images <= MANY else [*lines, f"Try a few first:  flux-batch run {spec} --limit {FEW}"]
