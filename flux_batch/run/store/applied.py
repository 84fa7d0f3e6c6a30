"""A saved plan is carried out once: before anything is sent, the run's id is written into the plan file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flux_batch.errors import PlanMoved
from flux_batch.plan.saved import Applied, SavedPlan, applied_text, check_unapplied, read_saved_plan
from flux_batch.run.store.state import FILE, StateFile

PATIENCE: Final = 30.0
"""Seconds to wait for another process that writes its note into the same plan."""


def run_id_in(folder: Path) -> str | None:
    """The id of the run that a folder holds, None when there is none."""
    if not (folder / FILE).is_file():
        return None
    with StateFile(folder / FILE, read_only=True) as state:
        return state.meta("run_id")


def note_applied(saved: SavedPlan, folder: Path, run_id: str, *, now: float) -> None:
    """Write into the plan file that this run carries it out; ``now`` is Unix seconds.

    Raises PlanMoved when another run was quicker, or where nothing can be written: then nothing would keep the plan
    from being bought twice.
    """
    if saved.applied is not None and saved.applied.run == run_id:
        return
    try:
        with _alone(saved.path):
            latest = read_saved_plan(saved.path)
            check_unapplied(latest, folder, run_id)
            if latest.applied is None:
                _write(saved.path, Applied(folder=_seen_from(saved.path, folder), run=run_id, at=_iso(now)))
    except OSError as error:
        raise PlanMoved(
            f"{saved.path} cannot be marked as applied ({error.strerror or error}), so nothing would keep it from "
            "being bought twice. Nothing was sent; copy it to a folder that can be written"
        ) from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time writes into a plan. The lock is gone afterwards: whoever comes later finds the note."""
    from filelock import FileLock, Timeout

    beside = path.with_name(f".{path.name}.lock")
    try:
        with FileLock(beside, timeout=PATIENCE):
            try:
                yield
            finally:
                beside.unlink(missing_ok=True)
    except Timeout:
        raise PlanMoved(f"{path} is being applied by another flux-batch. Nothing was sent; try again") from None


def _write(path: Path, applied: Applied) -> None:
    """In one step, and with the file's own permissions, whatever they allow."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(applied_text(path.read_text(encoding="utf-8"), applied), encoding="utf-8", newline="")
        _flush(part)
        part.chmod(path.stat().st_mode & 0o777)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _flush(part: Path) -> None:
    """On the disk before anything is sent, so that a power cut does not forget it."""
    descriptor = os.open(part, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seen_from(path: Path, folder: Path) -> str:
    """The run folder as it is found from the plan file, so that both may move together."""
    try:
        return Path(os.path.relpath(folder, path.parent)).as_posix()
    except ValueError:  # another drive
        return folder.as_posix()


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
