"""Images that stand where one is still to be bought: bought after this copy of the state file was made."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flux_batch.errors import RefusedToSpend
from flux_batch.run.folder.place import PLACE
from flux_batch.run.plane.originals import listing
from flux_batch.run.plane.shelf import IMAGES
from flux_batch.run.store.state import StateFile

_EXTENSIONS: Final = ("png", "jpg", "webp")


def strangers(state: StateFile, folder: Path) -> list[str]:
    """The files whose names belong to images that the state file takes for never bought; by path, or by address.

    A later generation is bought on request, whatever stands there of an earlier one.
    """
    rows = state.db.rows("SELECT stem FROM purchase WHERE chosen = 2 AND phase = 'planned' AND generation = 1")
    wanted = (f"{row['stem']}.{extension}" for row in rows for extension in _EXTENSIONS)
    place = state.meta(PLACE) or ""
    if (listed := listing(place)) is not None:
        return [f"{place}/{name}" for name in wanted if f"{place}/{name}" in listed]
    if not (folder / IMAGES).is_dir():
        return []
    return [f"{IMAGES}/{name}" for name in wanted if (folder / IMAGES / name).exists()]


def refuse_strangers(state: StateFile, folder: Path) -> None:
    """Raise RefusedToSpend where there are any, for they would be bought again."""
    if found := strangers(state, folder):
        are = "1 image is" if len(found) == 1 else f"{len(found)} images are"
        raise RefusedToSpend(
            f"{are} in {folder} that {state.path.name} does not know, such as {found[0]}: it may be an "
            f"older copy, and they would be bought again. Put the latest {state.path.name} back, or move them away"
        )
