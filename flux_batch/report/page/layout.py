"""Which axes span the sheet: pure choosing, from what varies and what the spec asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flux_batch.spec.records import ReportOptions

Labels = Mapping[str, str]
"""One image's place: axis to label. An axis that its job does not have is not in it."""

OUR_AXES: Final = ("job", "model", "ratio", "n")
"""The axes every run has; all others are the user's variables."""

_COLUMNS_BEFORE_TABS: Final = ("model", "ratio", "job")
_MOST_COLUMNS: Final = 6
_MOST_IN_A_CELL: Final = 6

_NAMES: Final = {"n": "variation"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisValue:
    """One label; ``short`` is the same without the beginning that all labels of its axis share."""

    label: str
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Something that varies in this run. ``name`` is its key, ``title`` what people read."""

    name: str
    title: str
    values: tuple[AxisValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the sheet shows first. ``tabs`` maps axis to the chosen label, None for all of them at once."""

    rows: str | None
    columns: str | None
    tabs: Mapping[str, str | None]


def varying_axes(places: Sequence[Labels]) -> tuple[Axis, ...]:
    """The axes with at least two labels: variables in the spec's order, then job, model, ratio and variation."""
    found: dict[str, dict[str, None]] = {}
    for place in places:
        for name, label in place.items():
            found.setdefault(name, {})[label] = None
    mine = [name for name in found if name not in OUR_AXES]
    order = [*mine, *(name for name in OUR_AXES if name in found)]
    return tuple(_axis(name, tuple(found[name])) for name in order if len(found[name]) > 1)


def choose(axes: Sequence[Axis], places: Sequence[Labels], asked: ReportOptions) -> Layout:
    """Rows, columns and tabs: as the spec asked where it did and the axis varies, by what reads best elsewhere."""
    sizes = {axis.name: len(axis.values) for axis in axes}
    rows, columns = _span(sizes, asked)
    others = [name for name in sizes if name not in {rows, columns, "n"}]
    named = [name for name in asked.tabs if name in others]
    tabs = [*named, *(name for name in others if name not in named)]
    return Layout(rows=rows, columns=columns, tabs=_chosen(tabs, axes, places, (rows, columns)))


def _span(sizes: Mapping[str, int], asked: ReportOptions) -> tuple[str | None, str | None]:
    """Rows and columns. Variations stay side by side in one cell unless someone asks for them."""
    rows = asked.rows if asked.rows in sizes else None
    columns = asked.columns if asked.columns in sizes and asked.columns != rows else None
    taken = {rows, columns, *asked.tabs, "n"}
    mine = [name for name in sizes if name not in OUR_AXES]
    free = [name for name in [*mine, *_COLUMNS_BEFORE_TABS] if name in sizes and name not in taken]
    if rows and columns:
        return rows, columns
    if rows or columns:
        return rows or _first(free), columns or _first(free)
    return _pair(free, sizes)


def _pair(free: Sequence[str], sizes: Mapping[str, int]) -> tuple[str | None, str | None]:
    """The first two as rows and columns; a single short axis becomes columns, a single long one a plain flow."""
    if len(free) < 2:
        return None, _first(name for name in free if sizes[name] <= _MOST_COLUMNS)
    rows, columns = free[:2]
    if sizes[columns] > max(_MOST_COLUMNS, sizes[rows]):
        return columns, rows
    return rows, columns


def _chosen(
    tabs: Sequence[str], axes: Sequence[Axis], places: Sequence[Labels], span: tuple[str | None, ...]
) -> dict[str, str | None]:
    """Everything at once; only while cells would be crowded does a tab open on its first label."""
    first = {axis.name: axis.values[0].label for axis in axes}
    chosen: dict[str, str | None] = dict.fromkeys(tabs)
    if span == (None, None):
        return chosen
    for name in tabs:
        if _crowd(places, chosen, span) <= _MOST_IN_A_CELL:
            break
        chosen[name] = first[name]
    return chosen


def _crowd(places: Sequence[Labels], chosen: Labels | Mapping[str, str | None], span: tuple[str | None, ...]) -> int:
    """How many images the fullest cell would hold."""
    cells: dict[tuple[str | None, ...], int] = {}
    for place in places:
        if all(label is None or place.get(name) == label for name, label in chosen.items()):
            cell = tuple(place.get(name) if name else None for name in span)
            cells[cell] = cells.get(cell, 0) + 1
    return max(cells.values(), default=0)


def _axis(name: str, labels: tuple[str, ...]) -> Axis:
    shared = _shared_start(labels) if name == "model" else 0
    values = tuple(AxisValue(label=label, short=label[shared:]) for label in labels)
    return Axis(name=name, title=_NAMES.get(name, name), values=values)


def _shared_start(labels: tuple[str, ...]) -> int:
    """The length of the shared beginning that ends at a dash: ``flux-kontext-`` of pro and max."""
    alike = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*labels, strict=False))
    return "".join(letters[0] for letters in alike).rfind("-") + 1


def _first(names: Iterable[str]) -> str | None:
    return next(iter(names), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the grid: its heading, and in every cell the images by their index."""

    label: str | None
    cells: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Images by rows and columns. A heading is None where there is no such axis, and "" where a job lacks it."""

    columns: tuple[str | None, ...]
    rows: tuple[Row, ...]


def grid(places: Mapping[int, Labels], rows: str | None, columns: str | None) -> Grid:
    """Put every image, given by index, into its cell; headings in the order they first appear."""
    across = tuple(dict.fromkeys(_label(place, columns) for place in places.values()))
    down = tuple(dict.fromkeys(_label(place, rows) for place in places.values()))
    cells: dict[tuple[str | None, str | None], list[int]] = {}
    for index, place in places.items():
        cells.setdefault((_label(place, rows), _label(place, columns)), []).append(index)
    return Grid(
        columns=across,
        rows=tuple(Row(label=row, cells=tuple(tuple(cells.get((row, each), ())) for each in across)) for row in down),
    )


def _label(place: Labels, axis: str | None) -> str | None:
    return None if axis is None else place.get(axis, "")
