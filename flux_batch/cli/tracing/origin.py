"""Which line of a spec, and which values, made an image: what the run kept of its spec is expanded again to find it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flux_batch.cli.terminal.finding import Found
from flux_batch.cli.tracing.attempts import Attempt, anything_kept, attempts, spec_path
from flux_batch.errors import UsageError
from flux_batch.plan.difference.nearest import place_of
from flux_batch.plan.records import Task
from flux_batch.spec.building.fields import Field, Record, text_of
from flux_batch.spec.reading.source import Mark
from flux_batch.spec.reading.text import read_text
from flux_batch.spec.records import FilePath, Job, Spec, Value

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

    ``kept`` is the text that was read, relative to the run folder; ``settings`` are those that make other images.
    """

    file: str = ""
    line: int = 0
    template: str = ""
    kept: str = ""
    profile: str = ""
    settings: tuple[str, ...] = ()
    values: tuple[AxisValue, ...] = ()
    notes: tuple[str, ...] = ()


def origin_of(found: Found) -> Origin:
    """Expand the kept specs, the likeliest first, until one makes this very image."""
    wanted, near = found.entry.task, None
    for attempt in attempts(found):
        made = [task for task in attempt.tasks if task.key == wanted.key]
        if made:
            task = next((task for task in made if task.id == wanted.id), made[0])
            return _origin(attempt, task, _since(found, attempt))
        there = next((task for task in attempt.tasks if place_of(task) == place_of(wanted)), None)
        if near is None and there is not None:
            near = _origin(attempt, there, (_ANOTHER, *_since(found, attempt)))
    return near or Origin(notes=(_LOST if anything_kept(found) else _NO_TEXT, *_since(found, None)))


_NO_TEXT: Final = "the run folder holds no text of its spec, so the template and the values cannot be told"
_LOST: Final = (
    "no kept text of the spec makes this image: it was run with --set, or a file that it reads has changed since; "
    "the template and the values cannot be told"
)
_ANOTHER: Final = (
    "the kept spec makes another prompt at this place: it was run with --set, or a file that it reads has changed since"
)


def _origin(attempt: Attempt, task: Task, notes: tuple[str, ...]) -> Origin:
    spec = attempt.spec
    job = next(job for job in spec.jobs if job.name == task.job)
    mark = spec.source.mark(job.prompt_at)
    profile, settings = _asked(spec.settings)
    return Origin(
        file=_original(attempt, mark),
        line=mark.line,
        template=" ".join(job.prompt.split()),
        kept=attempt.kept,
        profile=profile,
        settings=settings,
        values=tuple(_axis(attempt, job, axis, label) for axis, label in task.axes.items() if axis not in _OWN),
        notes=notes,
    )


def _asked(settings: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The profile, and the settings that can make another image of it."""
    pairs = [(setting.partition("=")[0].strip().split(".")[0], setting) for setting in settings]
    profiles = [setting.partition("=")[2] for name, setting in pairs if name == "profile"]
    return (profiles or [""])[-1], tuple(setting for name, setting in pairs if name not in _NO_IMAGE)


_NO_IMAGE: Final = frozenset({"profile", "execution", "budget", "report", "limits", "draft"})


def _original(attempt: Attempt, mark: Mark) -> str:
    """The file of a place as its user knows it: a kept file stands for the one it was copied from."""
    path = (mark.of or attempt.spec.source).path
    if not attempt.whole:
        return str(path)
    return os.path.normpath(attempt.path.parent / os.path.relpath(path, attempt.spec.folder))


_OWN: Final = ("job", "model", "ratio")


def _axis(attempt: Attempt, job: Job, axis: str, label: str) -> AxisValue:
    value = _value(attempt.spec, job, axis, label)
    if value is None:
        return AxisValue(axis=axis, label=label, value=label, place="")
    mark = attempt.spec.source.mark(value.at)
    place = value.place or _setting(attempt.spec, value.at) or f"{_original(attempt, mark)}:{mark.line}"
    return AxisValue(axis=axis, label=label, value=_shown(value.value), place=place)


def _setting(spec: Spec, at: FilePath) -> str:
    """The setting that put a value there, empty for none: no line of the file holds it then."""
    for setting in spec.settings:
        path = setting.partition("=")[0].strip().split(".")
        if [str(part) for part in at[: len(path)]] == path:
            return f"--set {setting}"
    return ""


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


def _since(found: Found, attempt: Attempt | None) -> tuple[str, ...]:
    """What is another than it was: from that run to the last one, and from the last one to now."""
    path = spec_path(found)
    notes = [] if attempt is None else _earlier(found, attempt)
    if not path.is_file():
        notes.append(f"the spec {found.view.spec_file} is not there now")
    elif not _is(path, found.view.spec_sha256):
        notes.append(f"the spec {path} was edited since the last run")
    return (*notes, *(f"{name} changed since the last run" for name in _moved(found, path)))


def _earlier(found: Found, attempt: Attempt) -> list[str]:
    """Where the last run had something else."""
    notes = []
    if attempt.spec.source.sha256 != found.view.spec_sha256:
        notes.append("it was made from an earlier text of the spec; the last run had another one")
    last: Mapping[str, str] = json.loads(found.inputs)
    read = {file.path: file.sha256 for file in attempt.spec.inputs} if attempt.whole else {}
    others = [name for name, sha256 in read.items() if last.get(name, sha256) != sha256]
    return [*notes, *(f"it was made from an earlier {name}; the last run had another one" for name in others)]


def _moved(found: Found, spec: Path) -> list[str]:
    inputs: Mapping[str, str] = json.loads(found.inputs)
    return [name for name, sha256 in inputs.items() if not _is(spec.parent / name, sha256)]


def _is(path: Path, sha256: str) -> bool:
    """Whether a file is what it was: by its bytes, as tables are remembered, or by its text, as specs are."""
    try:
        same = hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        return same or hashlib.sha256(read_text(path).encode()).hexdigest() == sha256
    except (OSError, UsageError):  # not there, or no text: a workbook, UTF-16
        return False
