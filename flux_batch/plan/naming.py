"""File names below ``images/``: readable, safe on every system, and never two for one place."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from flux_batch.errors import InvalidSpec
from flux_batch.plan.matrix import OWN_AXES
from flux_batch.plan.records import Task
from flux_batch.plan.template import TemplateProblem, compile_template
from flux_batch.spec.edits import ancestors
from flux_batch.spec.fields import Field, Record, has_text, text_of
from flux_batch.spec.records import Spec, Value
from flux_batch.spec.words import quoted

MAX_BYTES: Final = 180
"""Of one name without its extension: well under the 255 of most file systems, with room for a suffix."""

MAX_PATH_BYTES: Final = 240
"""Of a name with its folders: some systems take no more than 260 with everything before them."""

_SUFFIX_BYTES: Final = 16
_NUMBERS: Final = "0123456789\N{SUPERSCRIPT ONE}\N{SUPERSCRIPT TWO}\N{SUPERSCRIPT THREE}"
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in _NUMBERS)})
_INVISIBLE: Final = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def name_tasks(spec: Spec, tasks: Sequence[Task], values: Sequence[Mapping[str, Value]]) -> list[Task]:
    """Give every task its ``stem`` and a unique ``id``; tasks that share a key share the first one's file.

    ``values`` are, side by side with the tasks, those of their axes. Raises InvalidSpec when the spec's own ``naming``
    gives a bad name, or one name to two images.
    """
    stems = _our_stems(tasks) if spec.naming is None else _user_stems(spec, spec.naming, tasks, values)
    seen: dict[str, int] = {}
    named = []
    for task in tasks:
        count = seen[task.key] = seen.get(task.key, 0) + 1
        named.append(replace(task, stem=stems[task.key], id=task.id if count == 1 else f"{task.id}-{count}"))
    return named


def describe(axes: Mapping[str, str]) -> str:
    """``product=mug, ratio=1:1``: how messages name one combination."""
    return ", ".join(f"{axis}={label}" for axis, label in axes.items())


def apart(axes: Mapping[str, str], others: Mapping[str, str]) -> str:
    """A combination by what it does not share with another."""
    return describe({axis: label for axis, label in axes.items() if others.get(axis) != label})


@lru_cache(maxsize=4096)
def slug(label: str) -> str:
    """A label as part of a file name: letters of any script, digits, ``.`` and ``-``; ``16:9`` becomes ``16x9``."""
    text = unicodedata.normalize("NFC", label)
    text = re.sub(r"(?<=\d):(?=\d)", "x", text).replace("match_input_image", "as-input")
    text = "".join(char if char == "." or _is_letter(char) else "-" for char in text)
    return re.sub(r"-{2,}", "-", text).strip("-.") or "x"


def default_stem(axes: Mapping[str, str]) -> str:
    """``job/value-value-model-ratio-n``: our name when the spec has no ``naming``."""
    labels = [slug(label.removeprefix("flux-kontext-")) for axis, label in axes.items() if axis != "job"]
    return f"{_no_device(slug(axes['job']))}/{_no_device(_shorten('-'.join(labels)))}"


def stem_problem(stem: str) -> str | None:
    """Why a rendered file name cannot be used, or None. Names are refused, never repaired."""
    parts = stem.split("/")
    if stem.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "it must be a plain relative path, like {{ job }}/{{ n }}"
    if reason := next(filter(None, map(_part_problem, parts)), None):
        return reason
    return f"it is longer than {MAX_PATH_BYTES} bytes" if len(stem.encode()) > MAX_PATH_BYTES else None


def same_place(stem: str) -> str:
    """What two names share when a case-insensitive or normalising file system takes them for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def distinct(stems: Iterable[tuple[str, str]]) -> list[str]:
    """Make ``(stem, key)`` pairs distinct by adding the start of the key where two would meet."""
    taken: set[str] = set()
    names = []
    for stem, key in stems:
        name = next(name for name in _candidates(stem, key) if same_place(name) not in taken)
        taken.add(same_place(name))
        names.append(name)
    return names


def _candidates(stem: str, key: str) -> Iterator[str]:
    yield stem
    yield f"{stem}-{key[:8]}"
    yield from (f"{stem}-{key[:8]}-{number}" for number in itertools.count(2))


def _our_stems(tasks: Sequence[Task]) -> dict[str, str]:
    """Axes with one value in their job tell no two images apart, so they are left out; the last three stay."""
    labels: dict[tuple[str, str], set[str]] = {}
    for task in tasks:
        for axis, label in task.axes.items():
            labels.setdefault((task.job, axis), set()).add(label)
    stems: dict[str, str] = {}
    for task in tasks:
        telling = {
            axis: label
            for axis, label in task.axes.items()
            if axis in ("job", *OWN_AXES) or len(labels[task.job, axis]) > 1
        }
        stems.setdefault(task.key, default_stem(telling))
    return dict(zip(stems, distinct((stem, key) for key, stem in stems.items()), strict=True))


def _user_stems(
    spec: Spec, naming: str, tasks: Sequence[Task], values: Sequence[Mapping[str, Value]]
) -> dict[str, str]:
    stems: dict[str, str] = {}
    owners: dict[str, Task] = {}
    constants = _constants(spec)
    for task, axes in zip(tasks, values, strict=True):
        if task.key in stems:
            continue
        stem = _user_stem(spec, naming, task, {**constants[task.job], **axes})
        other = owners.setdefault(same_place(stem), task)
        if other.key != task.key:
            what = f"two images would get the name {quoted(stem)}: {apart(other.axes, task.axes)}"
            what += f", and {apart(task.axes, other.axes)}"
            raise _bad_naming(spec, what, "add an axis that tells them apart")
        stems[task.key] = stem
    return stems


def _user_stem(spec: Spec, naming: str, task: Task, values: Mapping[str, Value]) -> str:
    try:
        stem = compile_template(naming).render({axis: _in_names(value) for axis, value in values.items()})
    except TemplateProblem as error:
        read = [name for name in compile_template(naming).names if name in task.axes]
        row = values[name].place if (name := error.needle.partition(".")[0]) in values else ""
        message = f"for {describe({axis: task.axes[axis] for axis in read}) or task.job}{f' ({row})' if row else ''}"
        message += f": {error.message}"
        hint = error.hint or f"no prompt of job `{task.job}` uses it"
        raise _bad_naming(spec, message, hint, error.needle) from None
    if reason := stem_problem(stem):
        raise _bad_naming(spec, f"{quoted(stem)} cannot be a file name: {reason}", _RENAME)
    return stem


_RENAME: Final = "name the images by other axes or fields"


def _bad_naming(spec: Spec, message: str, hint: str, needle: str = "") -> InvalidSpec:
    return InvalidSpec((spec.source.problem_at(spec.source.find(("naming",), needle), message, hint),))


def _in_names(value: Value) -> Field:
    """A value as file names have it: by its label, and its fields as parts of a name."""
    if isinstance(value.value, Record):
        return Record(_slugged(value.value), value.label, slug(value.label))
    return slug(value.label)


def _slugged(record: Record) -> dict[str, Field]:
    return {
        name: Record(_slugged(field)) if isinstance(field, Record) else slug(text_of(field))
        for name, field in record.fields.items()
        if isinstance(field, Record) or has_text(field)
    }


def _constants(spec: Spec) -> dict[str, dict[str, Value]]:
    """By job, every variable with one value, the job's own or its parents'."""
    jobs = {job.name: job for job in spec.jobs}
    return {
        job.name: {
            variable.name: variable.values[0]
            for each in reversed(list(ancestors(job, jobs)))
            for variable in each.variables
            if len(variable.values) == 1
        }
        for job in spec.jobs
    }


def _part_problem(part: str) -> str | None:
    if bad := next((char for char in part if not _is_letter(char) and char not in " .()+,=@~_-"), None):
        return f"{bad!r} cannot stand in a file name"
    if part != part.strip(" ") or part.endswith(".") or part.startswith((".", "-")):
        return "it may not begin with a dot, a dash or a space, nor end with a dot or a space"
    if _is_device(part):
        return f"{part!r} is a device on Windows"
    if len(part.encode()) > MAX_BYTES:
        return f"it is longer than {MAX_BYTES} bytes"
    return None


def _is_letter(char: str) -> bool:
    """A letter or digit of any script, or a visible mark on one."""
    return char.isalnum() or (unicodedata.category(char) in ("Mn", "Mc") and not _INVISIBLE.match(char))


def _is_device(part: str) -> bool:
    """What Windows keeps for itself, with any ending and with spaces before that."""
    return part.split(".")[0].rstrip(" ").casefold() in _DEVICES


def _no_device(part: str) -> str:
    return f"x-{part}" if _is_device(part) else part


def _shorten(name: str) -> str:
    encoded, room = name.encode(), MAX_BYTES - _SUFFIX_BYTES
    return name if len(encoded) <= room else encoded[:room].decode(errors="ignore").rstrip("-.")
