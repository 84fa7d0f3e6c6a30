"""The contact sheet as frozen records: everything the template and the script show, decided here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Final
from urllib.parse import quote

from flux_batch.plan.totals.money import usd
from flux_batch.report.page.aside import Told
from flux_batch.report.page.header import Header, header
from flux_batch.report.page.layout import Axis, Grid, Layout, choose, grid, varying_axes
from flux_batch.report.page.phrases import Notice, missing, notice, suspicion
from flux_batch.report.picking.drafts import DraftTold
from flux_batch.report.redact import relative_name, without_queries
from flux_batch.report.summary import buyers
from flux_batch.report.words import file_size
from flux_batch.run.after.suspects import suspects_of
from flux_batch.run.plane.objects import is_object
from flux_batch.run.plane.thumbs import Thumbs as Both
from flux_batch.run.records import Entry, RunView

Thumbs = Mapping[str, Both | None]
"""Thumbnails by content hash; None for an image that is missing or broken."""

Spoken = Mapping[str, Mapping[str, str]]
"""How to say every label of every axis that varies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image and its thumbnails. ``href`` and ``thumb`` are relative URLs, sizes are pixels, ``weight`` is words.

    ``sha256`` is of the original's bytes. ``thumb2`` is the larger thumbnail, "" where there is none. ``shown`` is what
    to show large where it is not ``href``: a page fetches nothing from a network, so of an image in an object store
    it shows the larger thumbnail and links to the original.
    """

    href: str
    name: str
    width: int
    height: int
    weight: str
    mime: str
    thumb: str
    thumb_width: int
    thumb_height: int
    sha256: str = ""
    thumb2: str = ""
    thumb2_width: int = 0
    thumb2_height: int = 0
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One wanted image: its picture, or the notice in its place.

    ``place`` maps every axis to this image's label; ``alt`` says the ones that vary. ``shape`` is width and height
    of the wanted ratio. ``parent`` and ``edits`` are indexes of other tiles: what it was edited from, and what was
    edited from it. ``reference`` names an image from outside the run. ``shared_with`` is the id of the task that
    paid for the same image. ``suspect`` says why the picture may be a placeholder. ``price`` is ``cost`` in USD, as a
    number for filters only. ``line`` is where the prompt stands in the spec.
    """

    id: str
    place: Mapping[str, str]
    alt: str
    prompt: str
    model: str
    size: str
    options: Mapping[str, str | int | bool]
    cost: str
    wanted: bool
    shape: tuple[int, int]
    picture: Picture | None = None
    notice: Notice | None = None
    parent: int | None = None
    edits: tuple[int, ...] = ()
    reference: str = ""
    shared_with: str = ""
    suspect: str = ""
    price: float | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole page. ``run`` and ``spec`` are the names that ``flux-batch why`` and people know; "" for a plan.

    ``live`` is the name of the process that keeps it up to date, empty when the run is over; ``credentials`` says what
    Content Credentials the originals carry, ``draft`` what the spec was promoted from.
    """

    header: Header
    axes: tuple[Axis, ...]
    layout: Layout
    tiles: tuple[Tile, ...]
    run: str = ""
    spec: str = ""
    live: str = ""
    credentials: Told = ()
    draft: DraftTold | None = None

    @property
    def grid(self) -> Grid:
        """What is wanted now, laid out for readers without a script."""
        places = {index: tile.place for index, tile in enumerate(self.tiles) if tile.wanted}
        return grid(places, self.layout.rows, self.layout.columns)

    @property
    def retired(self) -> tuple[Tile, ...]:
        """Images the present spec no longer asks for."""
        return tuple(tile for tile in self.tiles if not tile.wanted)


def sheet(view: RunView, thumbs: Thumbs) -> Sheet:
    """Decide what the page shows. Axes and layout come from what is wanted now; kept images follow them."""
    places = [_place(entry) for entry in view.entries if entry.wanted] or [_place(entry) for entry in view.entries]
    axes = varying_axes(places)
    return Sheet(
        header=header(view),
        axes=axes,
        layout=choose(axes, places, view.report),
        tiles=_tiles(view, thumbs, axes),
        run=view.called,
        spec=relative_name(view.spec_file),
    )


def _tiles(view: RunView, thumbs: Thumbs, axes: Sequence[Axis]) -> tuple[Tile, ...]:
    buyer = buyers(view.entries)
    parents = _parents(view, buyer)
    edits: dict[int, list[int]] = {}
    for index, parent in enumerate(parents):
        if parent is not None:
            edits.setdefault(parent, []).append(index)
    suspects = suspects_of(view)
    spoken = spoken_labels(axes)
    said = {reason: suspicion(reason, view) for reason in set(suspects.values())} | {"": ""}
    return tuple(
        tile_of(
            entry,
            view,
            thumbs,
            spoken,
            buyer[entry.task.key],
            parent=parents[index],
            edits=tuple(edits.get(index, ())),
            suspicious=said[suspects.get(entry.task.key, "")],
        )
        for index, entry in enumerate(view.entries)
    )


def spoken_labels(axes: Sequence[Axis]) -> Spoken:
    """How to say every label."""
    return {axis.name: {value.label: value.short for value in axis.values} for axis in axes}


def _parents(view: RunView, buyer: Mapping[str, str]) -> list[int | None]:
    """For every entry where the image it edits stands: at the task that bought it."""
    at = {entry.task.id: index for index, entry in enumerate(view.entries)}
    keys = (entry.task.parent for entry in view.entries)
    return [at[buyer[key]] if key is not None and key in buyer else None for key in keys]


def tile_of(
    entry: Entry,
    view: RunView,
    thumbs: Thumbs,
    spoken: Spoken,
    buyer: str,
    *,
    parent: int | None = None,
    edits: tuple[int, ...] = (),
    suspicious: str = "",
) -> Tile:
    """One image by itself; what its neighbours know is given: what it was edited from, and what from it."""
    task, place = entry.task, _place(entry)
    pays = buyer == task.id
    cost = entry.purchase.cost if pays else None
    picture, instead = _picture(entry, view, thumbs)
    return Tile(
        id=task.id,
        place=place,
        alt=_alt(task.prompt, place, spoken),
        prompt=task.prompt,
        model=task.model,
        size=task.size,
        options=task.options,
        cost=usd(cost) if cost else "",
        wanted=entry.wanted,
        shape=_shape(task.size, picture),
        picture=picture,
        notice=instead,
        reference=_reference(entry),
        shared_with="" if pays else buyer,
        parent=parent,
        edits=edits,
        suspect=suspicious if picture else "",
        price=float(cost) if cost else None,
        line=task.line,
    )


def _picture(entry: Entry, view: RunView, thumbs: Thumbs) -> tuple[Picture | None, Notice | None]:
    """The picture, or what to say instead: exactly one of them."""
    instead, file = notice(entry, view), entry.purchase.file
    if instead or file is None:
        return None, instead or missing("The image")
    both = thumbs.get(file.sha256)
    if both is None:
        return None, missing(file.path)
    return Picture(
        href=_original(file.path, view),
        name=file.path,
        width=file.width,
        height=file.height,
        weight=intern(file_size(file.bytes)),
        mime=file.mime,
        thumb=_href(both.small.path),
        thumb_width=both.small.width,
        thumb_height=both.small.height,
        thumb2=_href(both.large.path),
        thumb2_width=both.large.width,
        thumb2_height=both.large.height,
        sha256=file.sha256,
        shown=_href(both.large.path) if is_object(file.path) else "",
    ), None


def _place(entry: Entry) -> Mapping[str, str]:
    """The job and then the axes, which mostly begin with it."""
    axes = entry.task.axes
    return axes if next(iter(axes), "") == "job" else {"job": entry.task.job, **axes}


def _alt(prompt: str, place: Mapping[str, str], spoken: Spoken) -> str:
    """The values that tell this image from its neighbours; in a run where nothing varies, the prompt's beginning."""
    said = [_said(name, labels.get(place[name], place[name])) for name, labels in spoken.items() if name in place]
    return " · ".join(said) or prompt[:120]


def _said(name: str, label: str) -> str:
    return f"variation {label}" if name == "n" else label


def _shape(size: str, picture: Picture | None) -> tuple[int, int]:
    """Width and height to keep free for the tile; an edit that follows its parent is square until it is there."""
    if picture:
        return picture.thumb_width, picture.thumb_height
    width, _, height = size.partition(":")
    return (
        (int(width), int(height)) if width.isdecimal() and height.isdecimal() and int(width) * int(height) else (1, 1)
    )


def _reference(entry: Entry) -> str:
    reference = entry.task.reference
    return without_queries(reference.source) if reference and reference.kind != "parent" else ""


def _original(path: str, view: RunView) -> str:
    """Where the original is: beside the page, or at the object store's own address."""
    if not is_object(path):
        return _href(path)
    return f"{view.images_web}{_href(path.removeprefix(view.images))}"


def _href(path: str) -> str:
    """A relative URL that no file name can turn into another scheme, a query or a fragment."""
    return path if _PLAIN.fullmatch(path) else quote(os.fsencode(path), safe="/")


_PLAIN: Final = re.compile(r"[A-Za-z0-9_./~-]*", re.ASCII)
"""What is quoted as it stands, which nearly every path is."""
