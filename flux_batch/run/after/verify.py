"""Holding the images on disk against the state file: looks at everything, writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from flux_batch.run.after.suspects import suspects_of
from flux_batch.run.plane.originals import Listing, NotAFile, listing, original_bytes, original_size
from flux_batch.run.plane.shelf import IMAGES
from flux_batch.run.records import Entry, Phase, RunView, StoredFile


class Condition(StrEnum):
    """What became of a stored image."""

    FINE = "fine"
    MISSING = "missing"
    CHANGED = "changed"
    SUSPECT = "suspect"
    """As it was stored, but it may be a placeholder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One stored image, looked at again; ``detail`` says what is wrong with it, empty when it is fine.

    ``seen_by_run`` is False for what only a full hash finds: a run looks at existence and size.
    """

    entry: Entry
    path: str
    condition: Condition
    detail: str = ""
    seen_by_run: bool = True


def verify(view: RunView, folder: Path) -> Iterator[Checked]:
    """Every stored image, hashed one after the other in the order of the plan; each file once."""
    done: set[str] = set()
    suspects, listed = suspects_of(view), listing(view.images)
    for entry in view.entries:
        file = entry.purchase.file
        if entry.purchase.phase is Phase.STORED and file is not None and entry.task.key not in done:
            done.add(entry.task.key)
            yield _doubt(_check(entry, file, folder, listed), suspects.get(entry.task.key, ""))


def looks_intact(file: StoredFile, folder: Path, listed: Listing | None = None) -> bool:
    """Whether an image is there and as long as it was: cheap, for the beginning of every run."""
    return has_size(file.path, file.bytes, folder, listed)


def has_size(path: str, size: int, folder: Path, listed: Listing | None = None) -> bool:
    """The same, of an image of which no more is known than its place and its bytes."""
    return not _at_a_glance(path, size, folder, listed)[1]


def is_intact(file: StoredFile, folder: Path, listed: Listing | None = None) -> bool:
    """Whether an image has the bytes that were stored."""
    try:
        return looks_intact(file, folder, listed) and _sha256(file.path, folder) == file.sha256
    except OSError:
        return False


def left_over(folder: Path) -> tuple[str, ...]:
    """Downloads that were never finished, relative to the run folder; the next run removes those it fetches anew."""
    return tuple(sorted(path.relative_to(folder).as_posix() for path in (folder / IMAGES).rglob("*.part")))


def _doubt(checked: Checked, reason: str) -> Checked:
    """What is not there, or not as it was, is the worse finding."""
    if not reason or checked.condition is not Condition.FINE:
        return checked
    return replace(checked, condition=Condition.SUSPECT, detail=reason)


def _check(entry: Entry, file: StoredFile, folder: Path, listed: Listing | None) -> Checked:
    condition, detail = _at_a_glance(file.path, file.bytes, folder, listed)
    if detail:
        return Checked(entry=entry, path=file.path, condition=condition, detail=detail)
    try:
        if _sha256(file.path, folder) == file.sha256:
            return Checked(entry=entry, path=file.path, condition=Condition.FINE)
        detail = "other bytes of the same length"
    except OSError as error:
        detail = f"cannot be read: {error.strerror}"
    return Checked(entry=entry, path=file.path, condition=Condition.CHANGED, detail=detail, seen_by_run=False)


def _at_a_glance(path: str, wanted: int, folder: Path, listed: Listing | None) -> tuple[Condition, str]:
    """Existence, kind and size; the text is empty when nothing is wrong."""
    try:
        size = original_size(path, folder, listed)
    except (FileNotFoundError, NotADirectoryError):
        return Condition.MISSING, "not there"
    except NotAFile:
        return Condition.MISSING, "not a file"
    except OSError as error:
        return Condition.MISSING, f"cannot be reached: {error.strerror}"
    if size != wanted:
        return Condition.CHANGED, f"{size:,} bytes instead of {wanted:,}"
    return Condition.FINE, ""


def _sha256(path: str, folder: Path) -> str:
    return hashlib.sha256(original_bytes(path, folder)).hexdigest()
