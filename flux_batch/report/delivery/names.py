"""Names of delivery copies: readable, safe on every system, and never two for one place, in folders or out of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.plan.expansion.naming import distinct, slug, stem_problem
from flux_batch.plan.records import Task
from flux_batch.run.records import StoredFile
from flux_batch.spec.words import code, did_you_mean

STEM_MAX: Final = 150
"""Bytes; leaves room for what tells two names apart, and for the folders of whoever gets them."""
FOLDER_MAX: Final = 60
"""Bytes of one folder's name."""


def delivery_names(files: Sequence[StoredFile]) -> list[str]:
    """A file name for each, in the same order; made from its path below ``images/``."""
    stems = distinct((_stem(file), file.sha256) for file in files)
    return [f"{stem}{_ending(file)}" for stem, file in zip(stems, files, strict=True)]


def delivery_folders(tasks: Sequence[Task], by: Sequence[str]) -> list[str]:
    """Beside each task the folder that it goes to, ``web/16x9/``, by its labels on the axes ``by``; empty for none.

    File names differ whatever folder they are in, so that folders may be put together again. UsageError for an axis
    that no task has.
    """
    known = list(dict.fromkeys(axis for task in tasks for axis in _axes(task)))
    for axis in by:
        if axis not in known:
            raise UsageError(f"no image has the axis {code(axis)}; {did_you_mean(axis, known)}")
    return ["".join(f"{_folder(axis, _axes(task).get(axis))}/" for axis in by) for task in tasks]


def _axes(task: Task) -> dict[str, str]:
    return {"job": task.job, **task.axes}


def _folder(axis: str, label: str | None) -> str:
    if label is None:
        return f"without-{axis}"
    name = _shortened(slug(label), FOLDER_MAX)
    return f"{axis}-{name}" if stem_problem(name) else name


def _stem(file: StoredFile) -> str:
    path = PurePosixPath(file.path)
    parts = path.with_suffix("").parts
    parts = parts[1:] if len(parts) > 1 and parts[0] == "images" else parts
    stem = _shortened("-".join(slug(part) for part in parts), STEM_MAX)
    return f"image-{stem}" if stem_problem(stem) else stem


def _shortened(stem: str, most: int) -> str:
    encoded = stem.encode(errors="replace")
    return stem if len(encoded) <= most else encoded[:most].decode(errors="ignore").rstrip("-.")


_ENDINGS: Final = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}


def _ending(file: StoredFile) -> str:
    return _ENDINGS.get(file.mime, PurePosixPath(file.path).suffix.lower())
