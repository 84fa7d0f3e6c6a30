"""Can a run keep here what it buys? The very locks, modes, state file and decoders are tried, and nothing is left."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from flux_batch.cli.checking.checkup import Check, note, problem
from flux_batch.errors import LocalFailure
from flux_batch.run.folder.disk import free_bytes, places, shortage
from flux_batch.run.folder.drive import drive_warning
from flux_batch.run.folder.lock import run_lock
from flux_batch.run.folder.prepare import create_private
from flux_batch.run.plane.picture import NotAnImage, check_picture
from flux_batch.run.store.state import StateFile

RUNS: Final = Path("runs")

FEW: Final = 100
"""Images that there is room for; with less a run may stop on its way."""

ANOTHER: Final = "work in another folder, or name one with --out"

PICTURES: Final = {
    "PNG": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC",
    "JPEG": (
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////////////////////////"
        "//////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z"
    ),
    "WebP": "UklGRhoAAABXRUJQVlA4TA4AAAAvAAAAAAcQEf0PRET/Aw==",
}
"""The smallest of each kind."""


def disk() -> Iterator[Check]:
    """The folder that runs are kept in: ``runs``, or the present one as long as there is none."""
    if os.path.lexists(RUNS) and not RUNS.is_dir():
        yield problem("folder", f"{RUNS} is there and is no folder", f"rename it; or {ANOTHER}")
        return
    folder = RUNS if RUNS.is_dir() else Path()
    try:
        place = Path.cwd() / folder
    except OSError as error:
        yield problem("folder", f"the present folder cannot be used: {error.strerror}", "go to another one")
        return
    yield _writable(folder, place)
    yield (room := _room(folder))
    if warning := drive_warning(folder):
        message, _, advice = warning.rpartition(": ")
        yield note("drive", message, advice)
    if room.status != "problem":  # else all of them would fail for the same reason
        yield from _trials(folder)


def _writable(folder: Path, place: Path) -> Check:
    if os.access(folder, os.W_OK | os.X_OK):
        return Check(name="folder", message=f"{place} can be written")
    return problem("folder", f"{place} cannot be written", f"make it writable; or {ANOTHER}")


def _room(folder: Path) -> Check:
    """In images; asked before anything is bought, and again before each one."""
    free = free_bytes(folder)
    images = places(free, 0)
    if free is None or images is None:
        return note("space", "the system does not say how much room is left")
    if missing := shortage(folder):
        message, _, advice = missing.rpartition(". ")
        return problem("space", message, advice)
    told = f"{free / 1e9:,.1f} GB left, room for {images:,} images at least"
    return note("space", told, "free some before a larger run") if images < FEW else Check(name="space", message=told)


def _trials(folder: Path) -> Iterator[Check]:
    """In a folder of its own, below ``runs`` where that is the one; else where temporary files go."""
    with ExitStack() as stack:
        try:
            home = folder.resolve() if folder == RUNS else None
            made = tempfile.TemporaryDirectory(prefix=".doctor-", dir=home, ignore_cleanup_errors=True)
            trial = Path(stack.enter_context(made))
        except OSError as error:
            if folder != RUNS:
                yield note("trial", "locks and pictures were not tried: there is no folder for temporary files")
            elif os.access(folder, os.W_OK | os.X_OK):  # else it is said already
                yield problem("folder", f"{folder} takes no new folder: {error.strerror}", ANOTHER)
            return
        where = "" if folder == RUNS else f" (tried in {trial.parent})"
        for name, attempt in (("locks", _locks), ("modes", _modes), ("state", _state), ("pictures", _pictures)):
            yield from _tried(name, attempt, trial, where)


def _tried(name: str, attempt: Callable[[Path], Check | None], trial: Path, where: str) -> Iterator[Check]:
    try:
        check = attempt(trial)
    except (LocalFailure, OSError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).replace(f"{trial}{os.sep}", "")
        check = problem(name, f"not to be had here: {reason}", ANOTHER)
    if check is not None:
        yield replace(check, message=check.message + where)


def _locks(trial: Path) -> Check:
    """Two runs at once could buy the same images."""
    with run_lock(trial):
        return Check(name="locks", message="a second run is kept out")


def _modes(trial: Path) -> Check | None:
    """Windows has none; there a file is as private as its folder."""
    if os.name == "nt":
        return None
    create_private(trial / "private")
    if (trial / "private").stat().st_mode & 0o077:
        message = "this drive keeps none: others on this machine may read prompts and images"
        return note("modes", message, "work on another drive if they are secret")
    return Check(name="modes", message="what a run writes can be closed to others")


def _state(trial: Path) -> Check:
    """A real state file; under another name, for who looks for runs must not find it."""
    with StateFile(trial / "trial.sqlite") as state:
        state.set_meta("name", "trial")
        (row,) = state.db.rows("SELECT sqlite_version() AS version")
    with StateFile(trial / "trial.sqlite", read_only=True) as state:
        kept = state.meta("name") == "trial"
    if not kept:
        return problem("state", f"SQLite {row['version']} does not keep what it is given", ANOTHER)
    return Check(name="state", message=f"SQLite {row['version']} keeps what it is given")


def _pictures(trial: Path) -> Check:
    """With the decoders that decide whether an image that was paid is whole."""
    lost = []
    for kind, text in PICTURES.items():
        (trial / kind).write_bytes(base64.b64decode(text))
        try:
            check_picture(trial / kind)
        except NotAnImage:
            lost.append(kind)
    if lost:
        return problem("pictures", f"{', '.join(lost)} cannot be decoded", "pip install --force-reinstall pillow")
    return Check(name="pictures", message=f"{', '.join(PICTURES)} can be decoded")
