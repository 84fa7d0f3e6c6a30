"""What a run of a spec is about: the plan that its folder has already, where nothing moved, or one that is made now."""

from __future__ import annotations

from pathlib import Path

from flux_batch.cli.planning.prepare import default_folder, make
from flux_batch.errors import FluxBatchError
from flux_batch.plan.choosing.select import Selection
from flux_batch.run.again.registered import Registered, recalled
from flux_batch.run.asked import Fresh
from flux_batch.spec.load import name_in
from flux_batch.spec.reading.text import read_text


def ask(
    path: Path, selection: Selection, settings: tuple[str, ...], out: Path | None, *, anew: bool
) -> tuple[Registered | Fresh, Path]:
    """What is asked for, and the run folder; ``anew`` makes the plan in any case. Raises InvalidSpec as ``make``."""

    def afresh() -> Fresh:
        spec, plan = make(path, selection, settings)
        return Fresh(plan=plan, spec=spec, selection=selection)

    folder = None if anew else out or _folder_by_name(path, settings)
    if folder and (found := recalled(path, selection, settings, folder, afresh)):
        return found, folder
    asked = afresh()
    return asked, out or default_folder(asked.spec.name)


def _folder_by_name(path: Path, settings: tuple[str, ...]) -> Path | None:
    """Where the spec is run, if it is valid: its tables are not read to know its name."""
    try:
        folder = default_folder(name_in(path, read_text(path), settings))
    except FluxBatchError:
        return None
    return folder if folder.is_dir() else None
