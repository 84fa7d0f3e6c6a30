"""From picked images to a spec on disk with what it needs beside it: all of it or nothing, and never over a file."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Final

from flux_batch.cli.picking.marks import Marked, marked
from flux_batch.cli.starting.project import Project, project
from flux_batch.cli.terminal.output import plural
from flux_batch.errors import UsageError
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.make import make_plan
from flux_batch.plan.promotion import Pick, Wish, items, next_spec
from flux_batch.plan.records import Plan, Reference
from flux_batch.plan.totals.estimate import estimate
from flux_batch.plan.totals.money import decimal_text, usd
from flux_batch.report.delivery.deliver import original_bytes
from flux_batch.report.picking.agreement import Accord, Verdict
from flux_batch.report.redact import relative_name
from flux_batch.run.records import Entry, Phase
from flux_batch.spec.load import parse_spec
from flux_batch.spec.reading.text import TEXT_MAX
from flux_batch.spec.records import DraftImage
from flux_batch.spec.words import quoted

ASSETS: Final = "assets"
DIGITS: Final = 16
"""Of a content hash, in an asset's name."""
NAME_MAX: Final = 64
_SCHEMA: Final = ".flux-batch/spec.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says: ``reference`` to start from the picked images, with ``prompt`` or their own."""

    model: str
    ratios: tuple[str, ...]
    reference: bool
    prompt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A spec, how many picks it is from, and what its own plan says it would make and cost in USD.

    ``budget`` is the draft's, None for none; it is in force where it is enough.
    """

    spec: Path
    picked: int
    images: int
    cost: Decimal
    budget: Decimal | None
    assets: tuple[str, ...]
    notes: tuple[str, ...]


def write_next(folder: Path, picks: Sequence[Path], output: Path, asked: Asked) -> Written:
    """Write the next spec; UsageError and nothing written when it cannot be."""
    _refuse(output)
    found = marked(folder, picks)
    with project(output.parent) as made:
        chosen = [_pick(folder, found, each, asked, made) for each in found.picked()]
        wish = _wish(folder, found, output, asked)
        values = items(chosen, wish)
        plan, cost = _planned(output, next_spec(values, wish))
        head = (*wish.head, f"As it stands: {_told(plan, cost)}.")
        priced = replace(wish, head=head, budget=_budget(found.view.budget_max, cost))
        made.write(output.name, next_spec(values, priced).encode(), new=True)
    return Written(
        spec=output,
        picked=len(chosen),
        images=len(plan.purchases()),
        cost=cost,
        budget=found.view.budget_max,
        assets=tuple(
            name for name in dict.fromkeys(pick.reference for pick in chosen) if name.startswith(f"{ASSETS}/")
        ),
        notes=tuple(_notes(found, chosen, len(values), asked)),
    )


def _refuse(output: Path) -> None:
    if output.suffix.lower() not in (".yaml", ".yml"):
        raise UsageError(f"{output}: the next spec is YAML; give it a name that ends in .yaml")
    if os.path.lexists(output):
        raise UsageError(f"{output} is there already and is not written over; choose another name with -o")


def _planned(output: Path, text: str) -> tuple[Plan, Decimal]:
    """The real plan of the new text; InvalidSpec when there is none."""
    if len(text.encode()) > TEXT_MAX:
        raise UsageError(
            f"these are more prompts than one spec may hold ({TEXT_MAX // 1024:,} KiB): pick fewer; nothing was written"
        )
    plan = make_plan(parse_spec(output, text))
    return plan, estimate(plan, diff(plan, {})).cost


def _budget(limit: Decimal | None, cost: Decimal) -> str:
    """The draft's budget, in force where it is enough; it was meant for other prices."""
    if limit is None:
        return ""
    line = f"budget: {{max: {decimal_text(limit)}}} # the draft's"
    return line if cost <= limit else f"# {line}, which is not enough: this is about {usd(cost)}"


def _told(plan: Plan, cost: Decimal) -> str:
    return f"{plural(len(plan.purchases()), 'image')}, about {usd(cost)}"


def _pick(folder: Path, found: Marked, each: tuple[Entry, Verdict], asked: Asked, made: Project) -> Pick:
    entry, verdict = each
    file = entry.purchase.file
    path = "" if file is None else file.path
    if asked.reference and file is not None:
        reference = _asset(made, original_bytes(folder, file), PurePosixPath(path).suffix)
    else:
        reference = _again(folder, found, entry.task.reference, made)
    return Pick(
        task=entry.task,
        image=f"{relative_name(str(folder))}/{path}",
        draft=None if file is None else DraftImage(id=entry.task.id, sha256=file.sha256, file=file.path),
        notes=tuple(f"{review.reviewer}: {review.note}" for review in verdict.reviews if review.note.strip()),
        reference=reference,
    )


def _again(folder: Path, found: Marked, reference: Reference | None, made: Project) -> str:
    """What an image started from, so that the same can be asked for again."""
    if reference is None:
        return ""
    if reference.kind == "url":
        return reference.source
    if reference.kind == "parent":
        file = next((entry.purchase.file for entry in found.view.entries if _made(entry, reference.source)), None)
        if file is None:
            raise UsageError(
                "an image that was picked is an edit of one that is not stored any more: it cannot be repeated"
            )
        return _asset(made, original_bytes(folder, file), PurePosixPath(file.path).suffix)
    for path in _copies(folder, found, reference):
        if path.is_file() and hashlib.sha256(content := path.read_bytes()).hexdigest() == reference.sha256:
            return _asset(made, content, path.suffix)
    raise UsageError(
        f"the reference {quoted(reference.source)} of a picked image is not there any more, or was changed"
    )


def _made(entry: Entry, key: str) -> bool:
    return entry.task.key == key and entry.purchase.phase is Phase.STORED


def _copies(folder: Path, found: Marked, reference: Reference) -> Iterator[Path]:
    """Where a local reference may be: kept by the run, or where it was."""
    yield from sorted((folder / "inputs").glob(f"{(reference.sha256 or '-')[:12]}-*"))
    yield Path(found.view.spec_file).parent / reference.source


def _asset(made: Project, content: bytes, suffix: str) -> str:
    """A picture beside the spec, named by its content."""
    name = f"{ASSETS}/{hashlib.sha256(content).hexdigest()[:DIGITS]}{suffix.lower()}"
    path = made.folder / name
    if os.path.lexists(path) and not (path.is_file() and path.read_bytes() == content):
        raise UsageError(f"{path} is there already and is another picture; move it away, or write the spec elsewhere")
    made.write(name, content)
    return name


def _wish(folder: Path, found: Marked, output: Path, asked: Asked) -> Wish:
    name, draft = found.view.name, relative_name(str(folder))
    by = ", ".join(found.merged.reviewers)
    title = found.view.report.title or name
    what = "Edits of what was picked" if asked.reference else "What was picked, made again"
    head = [f"yaml-language-server: $schema={_SCHEMA}"] if (output.parent / _SCHEMA).is_file() else []
    head += [
        f"{what}: from the draft {name}, on {asked.model}.",
        f"The draft's sheet: {draft}/index.html",
        f"Picked by {by}, {found.merged.made:%Y-%m-%d}.",
    ]
    head += ["The draft was a rehearsal: nobody has seen what a model makes of these prompts."] * found.view.rehearsal
    return Wish(
        name=_name(name, output.stem),
        title=f"{' '.join(title.split())}: from the picks of {name}",
        model=asked.model,
        ratios=asked.ratios,
        prompt=asked.prompt,
        follow_reference=asked.reference,
        head=tuple(head),
        draft=(name, _way(folder, output.parent)),
    )


def _way(folder: Path, home: Path) -> str:
    """The draft's folder from the new spec's; on another drive of Windows there is none but the whole path."""
    try:
        return Path(os.path.relpath(folder, home)).as_posix()
    except ValueError:
        return folder.resolve().as_posix()


def _name(run: str, stem: str) -> str:
    """The next run's name, which is that of no run here: they would share a folder."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._") or "next"
    joined = stem if stem.startswith(run) and stem != run else f"{run[: NAME_MAX - 1 - min(len(stem), 40)]}-{stem[:40]}"
    name = joined[:NAME_MAX].rstrip(".-")
    names = (name, *(f"{name[: NAME_MAX - 4]}-{number}" for number in range(2, 100)))
    return next((each for each in names if not (Path("runs") / each).exists()), name)


def _notes(found: Marked, chosen: Sequence[Pick], values: int, asked: Asked) -> Iterator[str]:
    if values < len(chosen):
        yield f"{len(chosen):,} picked images ask for {values:,} different ones: what is asked for twice is made once"
    same = sum(pick.task.model == asked.model for pick in chosen)
    if same and not asked.reference and not asked.ratios:
        yield f"{plural(same, 'picked image')} from {asked.model} already: it would draw another one"
    split = sum(verdict.accord is Accord.SPLIT for _, verdict in found.known)
    if split:
        yield f"{plural(split, 'split image')} left out: as many pick as reject {'it' if split == 1 else 'them'}"
    if found.view.rehearsal:
        yield "the run is a rehearsal: its pictures are placeholders"
