"""File names below ``images/``: readable, safe on every system, and never two for one place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from flux_batch.errors import InvalidSpec
from flux_batch.plan.records import Task
from flux_batch.plan.template import TemplateProblem, compile_template
from flux_batch.spec.records import Spec

MAX_BYTES: Final = 180
"""Of one name without its extension: well under the 255 of most file systems, with room for a suffix."""

_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
)


def name_tasks(spec: Spec, tasks: Sequence[Task]) -> list[Task]:
    """Give every task its ``stem`` and a unique ``id``; tasks that share a key share the first one's file.

    Raises InvalidSpec when the spec's own ``naming`` gives a bad name, or one name to two images.
    """
    stems = _our_stems(spec, tasks) if spec.naming is None else _user_stems(spec, spec.naming, tasks)
    seen: dict[str, int] = {}
    named = []
    for task in tasks:
        count = seen[task.key] = seen.get(task.key, 0) + 1
        named.append(replace(task, stem=stems[task.key], id=task.id if count == 1 else f"{task.id}-{count}"))
    return named


def describe(axes: Mapping[str, str]) -> str:
    """``product=mug, ratio=1:1``: how messages name one combination."""
    return ", ".join(f"{axis}={label}" for axis, label in axes.items())


def slug(label: str) -> str:
    """A label as part of a file name: letters, digits, ``.`` and ``-``; ``16:9`` becomes ``16x9``."""
    text = unicodedata.normalize("NFC", label)
    text = re.sub(r"(?<=\d):(?=\d)", "x", text).replace("match_input_image", "as-input")
    text = re.sub(r"[^\w.]+", "-", text).replace("_", "-")
    return re.sub(r"-{2,}", "-", text).strip("-.") or "x"


def default_stem(axes: Mapping[str, str]) -> str:
    """``job/value-value-model-ratio-n``: our name when the spec has no ``naming``."""
    labels = [slug(label.removeprefix("flux-kontext-")) for axis, label in axes.items() if axis != "job"]
    return f"{slug(axes['job'])}/{_shorten('-'.join(labels))}"


def stem_problem(stem: str) -> str | None:
    """Why a rendered file name cannot be used, or None. Names are refused, never repaired."""
    parts = stem.split("/")
    if stem.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "it must be a plain relative path, like {{ job }}/{{ n }}"
    return next((reason for part in parts if (reason := _part_problem(part))), None)


def same_place(stem: str) -> str:
    """What two names share when a case-insensitive or normalising file system takes them for one."""
    return unicodedata.normalize("NFC", stem).casefold()


def distinct(stems: Iterable[tuple[str, str]]) -> list[str]:
    """Make ``(stem, key)`` pairs distinct by adding the start of the key where two would meet."""
    taken: set[str] = set()
    names = []
    for stem, key in stems:
        name = stem if same_place(stem) not in taken else f"{stem}-{key[:8]}"
        taken.add(same_place(name))
        names.append(name)
    return names


def _our_stems(spec: Spec, tasks: Sequence[Task]) -> dict[str, str]:
    """Constants tell no two images apart, so they are left out."""
    same = _constants(spec)
    stems: dict[str, str] = {}
    for task in tasks:
        stems.setdefault(task.key, default_stem({axis: label for axis, label in task.axes.items() if axis not in same}))
    return dict(zip(stems, distinct((stem, key) for key, stem in stems.items()), strict=True))


def _user_stems(spec: Spec, naming: str, tasks: Sequence[Task]) -> dict[str, str]:
    stems: dict[str, str] = {}
    owners: dict[str, Task] = {}
    for task in tasks:
        if task.key in stems:
            continue
        stem = _user_stem(spec, naming, task)
        other = owners.setdefault(same_place(stem), task)
        if other.key != task.key:
            what = f"two images would get the name {stem!r}: {describe(other.axes)}, and {describe(task.axes)}"
            raise _bad_naming(spec, what, "add an axis that tells them apart")
        stems[task.key] = stem
    return stems


def _user_stem(spec: Spec, naming: str, task: Task) -> str:
    labels = {**_constants(spec), **task.axes}
    try:
        stem = compile_template(naming).render({axis: slug(label) for axis, label in labels.items()})
    except TemplateProblem as error:
        raise _bad_naming(spec, f"for {describe(task.axes)}: {error.message}", error.hint) from None
    if reason := stem_problem(stem):
        raise _bad_naming(spec, f"{stem!r} cannot be a file name: {reason}", "")
    return stem


def _bad_naming(spec: Spec, message: str, hint: str) -> InvalidSpec:
    return InvalidSpec((spec.source.problem(("naming",), message, hint),))


def _constants(spec: Spec) -> dict[str, str]:
    """Name → label of every variable with one value."""
    variables = [variable for job in spec.jobs for variable in job.variables]
    return {variable.name: variable.values[0].label for variable in variables if len(variable.values) == 1}


def _part_problem(part: str) -> str | None:
    if bad := re.search(r"[^\w .()+,=@~-]", part):
        return f"{bad[0]!r} cannot stand in a file name"
    if part != part.strip(" ") or part.endswith(".") or part.startswith((".", "-")):
        return "it may not begin with a dot or a dash, nor end with a dot or a space"
    if part.split(".")[0].casefold() in _DEVICES:
        return f"{part!r} is a device on Windows"
    if len(part.encode()) > MAX_BYTES:
        return f"it is longer than {MAX_BYTES} bytes"
    return None


def _shorten(name: str) -> str:
    encoded = name.encode()
    return name if len(encoded) <= MAX_BYTES else encoded[:MAX_BYTES].decode(errors="ignore").rstrip("-.")
