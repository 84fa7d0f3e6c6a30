"""Which line of a spec, and which values, made an image: the kept text of the spec is expanded again to find it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from flux_batch.cli.finding import Found
from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.plan.expand import expand
from flux_batch.plan.nearest import place_of
from flux_batch.plan.records import Task
from flux_batch.run.inputs import INPUTS
from flux_batch.spec.fields import Field, Record, text_of
from flux_batch.spec.files import ReferenceProblem
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Job, ReferenceFile, Spec, Value
from flux_batch.spec.text import read_text
from flux_batch.spec.values import read_document

TRIES: Final = 24
"""Texts and profiles that are expanded at most; a long life of edits is not read to its beginning."""
FIELDS_SHOWN: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisValue:
    """One axis of an image. ``value`` is what the label stands for, ``place`` the row of a table or the spec's line."""

    axis: str
    label: str
    value: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an image was written. ``template`` is empty where that could not be found out; ``notes`` say why.

    ``kept`` is the text that was read, relative to the run folder.
    """

    file: str = ""
    line: int = 0
    template: str = ""
    kept: str = ""
    profile: str = ""
    values: tuple[AxisValue, ...] = ()
    notes: tuple[str, ...] = ()


def origin_of(found: Found) -> Origin:
    """Read the kept texts of the spec, the last one first, until one makes this very image."""
    wanted, near = found.entry.task, None
    texts = _kept_texts(found)
    for kept, text, profile in islice(_attempts(found, texts), TRIES):
        spec, tasks = _expanded(found, text, profile)
        if spec is None:
            continue
        made = [task for task in tasks if task.key == wanted.key]
        if made:
            task = next((task for task in made if task.id == wanted.id), made[0])
            return _origin(spec, task, kept, profile, _since(found, kept))
        there = next((task for task in tasks if place_of(task) == place_of(wanted)), None)
        if near is None and there is not None:
            near = _origin(spec, there, kept, profile, (_ANOTHER, *_since(found, kept)))
    return near or Origin(notes=(_LOST if texts else _NO_TEXT, *_since(found, "")))


_NO_TEXT: Final = "the run folder holds no text of its spec, so the template and the values cannot be told"
_LOST: Final = (
    "no kept text of the spec makes this image: it was run with --set, or a file that it reads has changed since; "
    "the template and the values cannot be told"
)
_ANOTHER: Final = (
    "the kept spec makes another prompt at this place: it was run with --set, or a file that it reads has changed since"
)


def _kept_texts(found: Found) -> list[tuple[str, str]]:
    """Name and text of every spec that the run folder kept, the last one that was run first; damaged ones left out."""
    texts = []
    for path in (found.folder / INPUTS).glob(f"*-{Path(found.view.spec_file).name}"):
        try:
            text = path.read_bytes().decode("utf-8")  # as bytes, for the hash counts line ends
        except (OSError, UnicodeDecodeError):
            continue
        if hashlib.sha256(text.encode()).hexdigest()[:12] == path.name[:12]:
            texts.append((path, text))
    texts.sort(key=lambda each: (each[0].name[:12] != found.view.spec_sha256[:12], -each[0].stat().st_mtime))
    return [(f"{INPUTS}/{path.name}", text) for path, text in texts]


def _attempts(found: Found, texts: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Every text as it stands, then every text in each of its profiles."""
    yield from ((kept, text, "") for kept, text in texts)
    for kept, text in texts:
        yield from ((kept, text, profile) for profile in _profiles(_spec_path(found), text))


def _profiles(path: Path, text: str) -> list[str]:
    try:
        value = read_document(path, text).value
    except (InvalidSpec, UsageError):
        return []
    profiles = value.get("profiles") if isinstance(value, dict) else None
    return [str(name) for name in profiles] if isinstance(profiles, dict) else []


def _spec_path(found: Found) -> Path:
    """Where the spec lies, for the tables and specs beside it: seen from here, or from the folder that holds runs/."""
    path = Path(found.view.spec_file)
    others = (path, found.folder.parent.parent / path)
    return next((each for each in others if each.is_file()), path)


def _expanded(found: Found, text: str, profile: str) -> tuple[Spec | None, tuple[Task, ...]]:
    """The images of a kept text; nothing when what it reads is no longer there."""
    hashes = {
        entry.task.reference.source: entry.task.reference.sha256
        for entry in found.view.entries
        if entry.task.reference is not None and entry.task.reference.kind == "file"
    }

    def inspect(path: str) -> ReferenceFile:
        if (sha256 := hashes.get(path)) is None:
            raise ReferenceProblem(f'no image of this run started from "{path}"')
        return ReferenceFile(path=path, sha256=sha256, bytes=0, mime="", width=1, height=1)

    try:
        spec = parse_spec(_spec_path(found), text, (f"profile={profile}",) if profile else ())
        return spec, expand(spec, inspect).tasks
    except (InvalidSpec, UsageError):
        return None, ()


def _origin(spec: Spec, task: Task, kept: str, profile: str, notes: tuple[str, ...]) -> Origin:
    job = next(job for job in spec.jobs if job.name == task.job)
    mark = spec.source.mark(job.prompt_at)
    return Origin(
        file=str((mark.of or spec.source).path),
        line=mark.line,
        template=" ".join(job.prompt.split()),
        kept=kept,
        profile=profile,
        values=tuple(_axis(spec, job, axis, label) for axis, label in task.axes.items() if axis not in _OWN),
        notes=notes,
    )


_OWN: Final = ("job", "model", "ratio")


def _axis(spec: Spec, job: Job, axis: str, label: str) -> AxisValue:
    value = _value(spec, job, axis, label)
    if value is None:
        return AxisValue(axis=axis, label=label, value=label, place="")
    mark = spec.source.mark(value.at)
    place = value.place or f"{(mark.of or spec.source).path}:{mark.line}"
    return AxisValue(axis=axis, label=label, value=_shown(value.value), place=place)


def _value(spec: Spec, job: Job, axis: str, label: str) -> Value | None:
    """The value behind a label: of the job, of what it edits, or one that an `include` brought."""
    by_name = {each.name: each for each in spec.jobs}
    line: Job | None = job
    while line is not None:
        own = (value for variable in line.variables if variable.name == axis for value in variable.values)
        added = (value for rule in line.include for value in rule.axes.get(axis, ()))
        for value in (*own, *added):
            if value.label == label:
                return value
        line = by_name[line.edit] if line.edit else None
    return None


def _shown(value: Field) -> str:
    if not isinstance(value, Record):
        return " ".join(text_of(value).split())
    texts = [f"{name}: {_shown(field)}" for name, field in value.fields.items() if not isinstance(field, Record)]
    return ", ".join(texts[:FIELDS_SHOWN]) + (" …" if len(texts) > FIELDS_SHOWN else "")


def _since(found: Found, kept: str) -> tuple[str, ...]:
    """What has moved since: the spec's own text, and the files it reads."""
    notes = []
    last = found.view.spec_sha256[:12]
    if kept and not kept.startswith(f"{INPUTS}/{last}"):
        notes.append("it was made from an earlier text of the spec; the last run had another one")
    path = _spec_path(found)
    if not path.is_file():
        notes.append(f"the spec {found.view.spec_file} is not there now")
    elif not _is(path, found.view.spec_sha256):
        notes.append(f"the spec {path} was edited since the last run")
    return (*notes, *(f"{name} changed since the last run" for name in _moved(found, path)))


def _moved(found: Found, spec: Path) -> list[str]:
    inputs: Mapping[str, str] = json.loads(found.inputs)
    return [name for name, sha256 in inputs.items() if not _is(spec.parent / name, sha256)]


def _is(path: Path, sha256: str) -> bool:
    """Whether a file is what it was: by its bytes, as tables are remembered, or by its text, as specs are."""
    try:
        return sha256 in (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            hashlib.sha256(read_text(path).encode()).hexdigest(),
        )
    except (OSError, UsageError):
        return False
