"""Back to the draft: the sheet of the run whose picks a spec was made from, and the images that were picked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from flux_batch.run.records import RunView
from flux_batch.spec.records import Draft, DraftImage

PAGE: Final = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftImageTold:
    """A picked image and the tiles made from it; ``href`` is a relative URL, empty where the file is not there."""

    id: str
    href: str
    tiles: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTold:
    """The draft ``run``; ``page`` is the relative URL of its sheet, empty where it is not there."""

    run: str
    page: str
    images: tuple[DraftImageTold, ...]


def draft_told(view: RunView, folder: Path) -> DraftTold | None:
    """What the sheet says of the draft, and where it leads; None for a spec that was not promoted."""
    draft = view.draft
    if draft is None:
        return None
    home = _home(draft, folder)
    page = _href(f"{home}/{PAGE}", folder) if home else ""
    images = tuple(_image(image, tiles, home, folder) for image, tiles in _made_from(view, draft))
    return DraftTold(run=draft.run, page=page, images=images)


def _home(draft: Draft, folder: Path) -> str:
    """The draft's folder from this one: as it was, or beside it, where both were copied together."""
    beside = f"../{Path(draft.folder).name}"
    return next((way for way in (draft.folder, beside) if (folder / way / PAGE).is_file()), "")


def _made_from(view: RunView, draft: Draft) -> Iterator[tuple[DraftImage, tuple[int, ...]]]:
    tiles: dict[str, list[int]] = {}
    for index, entry in enumerate(view.entries):
        label = entry.task.axes.get(draft.axis, "")
        if label in draft.images:
            tiles.setdefault(label, []).append(index)
    for label, indexes in tiles.items():
        for image in draft.images[label]:
            yield image, tuple(indexes)


def _image(image: DraftImage, tiles: tuple[int, ...], home: str, folder: Path) -> DraftImageTold:
    return DraftImageTold(id=image.id, href=_href(f"{home}/{image.file}", folder) if home else "", tiles=tiles)


def _href(way: str, folder: Path) -> str:
    """A relative URL that no name can turn into another scheme, a query or a fragment."""
    return quote(os.fsencode(way), safe="/") if (folder / way).is_file() else ""
