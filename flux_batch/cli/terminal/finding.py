"""From what a person has in hand (an image file, an id, a part of a key) to the image of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flux_batch.cli.terminal.options import run_folder
from flux_batch.errors import FluxBatchError, UsageError
from flux_batch.run.records import Entry, RunView
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.spec.words import quoted

PREFIX_MIN: Final = 4
"""Characters of a key that are enough to ask with."""
SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An image of a run: its ``entry``, and all ``places`` it is shown at.

    ``inputs`` are the tables and specs that were read beside the spec, with their hashes, as JSON.
    """

    folder: Path
    view: RunView
    entry: Entry
    places: tuple[Entry, ...]
    inputs: str


def find_image(given: str, run: Path | None) -> Found:
    """The one image that is meant; raises UsageError where there is none, or more than one."""
    if run is not None:
        folders = [run_folder(run)]
    elif (folder := _folder_around(Path(given))) is not None:
        folders = [folder]
    else:
        folders = sorted(path.parent for path in Path("runs").glob(f"*/{FILE}"))
    found = [each for folder in folders if (each := _in_run(given, folder, alone=len(folders) == 1)) is not None]
    if not found:
        raise UsageError(f"{_nowhere(given, folders)}. {_FORMS}")
    if len(found) > 1:
        names = ", ".join(str(each.folder) for each in found[:SHOWN])
        raise UsageError(f"{quoted(given)} is in several runs ({names}): say which with --run")
    return found[0]


_FORMS: Final = "Give an image's path, a task id, the beginning of a key, a business id or the provider's id"


def _nowhere(given: str, folders: list[Path]) -> str:
    if not folders:
        return f"{quoted(given)}: there are no runs below runs/; say which run with --run"
    where = str(folders[0]) if len(folders) == 1 else f"the {len(folders)} runs below runs/"
    return f"there is no image {quoted(given)} in {where}"


def _folder_around(path: Path) -> Path | None:
    """The run folder that a path lies in."""
    return next((folder for folder in path.parents if folder.parts and (folder / FILE).is_file()), None)


def _in_run(given: str, folder: Path, *, alone: bool) -> Found | None:
    """The image in one run; a run that cannot be read is passed over when there are others to look in."""
    try:
        with StateFile(folder / FILE, read_only=True) as state:
            view, inputs = state.view(), state.meta("inputs") or "{}"
    except FluxBatchError:
        if alone:
            raise
        return None
    matches = _matches(given, folder, view)
    if not matches:
        return None
    keys = list(dict.fromkeys(entry.task.key for entry in matches))
    if len(keys) > 1:
        more = f" and {len(keys) - SHOWN:,} more" if len(keys) > SHOWN else ""
        raise UsageError(f"{quoted(given)} begins several keys: {', '.join(key[:12] for key in keys[:SHOWN])}{more}")
    places = tuple(entry for entry in view.entries if entry.task.key == keys[0])
    entry = next((entry for entry in matches if entry.wanted), matches[0])
    return Found(folder=folder, view=view, entry=entry, places=places, inputs=inputs)


def _matches(given: str, folder: Path, view: RunView) -> list[Entry]:
    """What is called exactly so, or else what has a key that begins so."""
    path = _relative(given, folder)
    exact = [entry for entry in view.entries if given in _ids(entry) or path in _paths(entry)]
    if exact or len(given) < PREFIX_MIN:
        return exact
    return [entry for entry in view.entries if entry.task.key.startswith(given.lower())]


def _relative(given: str, folder: Path) -> str:
    """A path as the state file has it, relative to the run folder."""
    try:
        return Path(given).resolve().relative_to(folder.resolve()).as_posix()
    except (ValueError, OSError):
        return Path(given).as_posix()


def _ids(entry: Entry) -> Iterator[str]:
    purchase = entry.purchase
    yield from (each for each in (entry.task.id, purchase.business_id, purchase.remote_id) if each)


def _paths(entry: Entry) -> Iterator[str]:
    """The stored file, also without its folder or its ending; of what is not stored, the name it will have."""
    yield entry.task.stem
    if entry.purchase.file is not None:
        path = entry.purchase.file.path
        yield from (path, path.removeprefix("images/"), path.removeprefix("images/").rpartition(".")[0])
