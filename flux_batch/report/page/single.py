"""The sheet as one file for an e-mail: no folder beside it, small pictures inside, originals left at home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.report.files import write_if_changed
from flux_batch.report.page.brand import data_uri, logo_uri
from flux_batch.report.page.render import single_html
from flux_batch.report.page.sheet import Picture, Tile, sheet
from flux_batch.run.plane.thumbs import make_thumbs
from flux_batch.run.records import RunView

IMAGES_MAX: Final = 200
"""Some 5 MB with the smallest pictures; more is no e-mail."""
BYTES_MAX: Final = 6_000_000
"""Of the larger pictures together; above it the smaller ones are taken."""
MARK: Final = b'<meta name="generator" content="flux-batch'
"""What tells a page of ours from somebody else's."""


def write_single(view: RunView, folder: Path, target: Path) -> Path:
    """Write the page; UsageError when it would be too large, or another file is in its place."""
    _refuse_other(target)
    stored = [entry.purchase.file for entry in view.entries if entry.purchase.file]
    made = sheet(view, make_thumbs(stored, folder))
    pictures = [tile.picture for tile in made.tiles if tile.picture]
    _refuse_many(len(pictures))
    large = _fit(pictures, folder)
    embedded = replace(
        made,
        header=replace(made.header, logo=logo_uri(view, folder)),
        tiles=tuple(_embedded(tile, folder, large=large) for tile in made.tiles),
    )
    write_if_changed(target, single_html(embedded).encode("utf-8", "replace"))
    return target


def _refuse_many(count: int) -> None:
    if count > IMAGES_MAX:
        raise UsageError(
            f"{count:,} images are too many for one file, which takes {IMAGES_MAX} at most: "
            "leave out what was not picked with --picked, or pass on the whole run folder"
        )


def _refuse_other(target: Path) -> None:
    if not target.exists():
        return
    try:
        with target.open("rb") as file:
            ours = MARK in file.read(4096)
    except OSError as error:
        raise UsageError(f"{target} cannot be read: {error.strerror}; choose another name with --to") from None
    if not ours:
        raise UsageError(f"{target} is there already and is no contact sheet: choose another name with --to")


def _embedded(tile: Tile, folder: Path, *, large: bool) -> Tile:
    """The tile with its small picture in it, and no way to the original."""
    if tile.picture is None:
        return tile
    content = (folder / _thumb(tile.picture, large=large)).read_bytes()
    alone = replace(tile.picture, href="", shown="", thumb2="", thumb2_width=0, thumb2_height=0)
    picture = replace(alone, thumb=data_uri(content, "image/webp"))
    return replace(tile, picture=picture)


def _fit(pictures: Sequence[Picture], folder: Path) -> bool:
    """Whether there are larger thumbnails, and together they make no more than an e-mail takes."""
    if not all(picture.thumb2 for picture in pictures):
        return False
    return sum((folder / picture.thumb2).stat().st_size for picture in pictures) <= BYTES_MAX


def _thumb(picture: Picture, *, large: bool) -> str:
    return picture.thumb2 if large else picture.thumb
