"""A picks file as a table: one row for each image that reviewers picked on the contact sheet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from flux_batch.errors import UsageError
from flux_batch.spec.beside.picks import Judged, parse_picks
from flux_batch.spec.tables.faults import Faults, problem
from flux_batch.spec.tables.grid import Grid
from flux_batch.spec.tables.objects import At, Place, build_records

COLUMNS: Final = ("label", "prompt", "model", "size", "rating", "flag", "note", "sha256", "id", "key", "axes")
"""Fields that a row may have; all of them are known, so that asking for the stars of an image without is no mistake."""
SIGNS: Final = frozenset({"format", "run", "reviewer", "made"})
"""What stands beside the ``picks`` of a picks file, and hardly of another table that has a list of this name."""


def is_picks(data: bytes) -> bool:
    """Whether a JSON file means to be a picks file, sound or not."""
    if b'"picks"' not in data:
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False  # said by whoever reads it as a table
    return isinstance(value, dict) and "picks" in value and not SIGNS.isdisjoint(value)


def read_picked(path: str, data: bytes, flag: str) -> Grid:
    """The images with a ``flag``, ``any`` for all of them; TableProblem for a file with a mistake or without any."""
    try:
        judged = parse_picks(Path(path), data).judged
    except UsageError as error:
        raise problem(str(error), "save it once more from the contact sheet") from None
    chosen = [(number, each) for number, each in enumerate(judged, 1) if flag in ("any", each.word.flag)]
    if not chosen:
        raise problem(*_none(path, flag, len(judged)))
    faults = Faults()
    grid = build_records(_rows([each for _, each in chosen]), _place(path, [number for number, _ in chosen]), faults)
    faults.check()
    return Grid(columns=COLUMNS, rows=grid.rows)


def _none(path: str, flag: str, judged: int) -> tuple[str, str]:
    what, key = {"pick": ("picked", "P"), "reject": ("rejected", "X")}.get(flag, ("listed", "P"))
    more = ", or take all that the file lists: flag: any" if judged else ""
    return f"{path}: no image in it is {what}", f"mark some on the contact sheet with {key}{more}"


def _place(path: str, numbers: Sequence[int]) -> Place:
    def place(at: At) -> str:
        return f"{path}, pick {numbers[int(at[0])]}" if at else path

    return place


def _rows(chosen: Sequence[Judged]) -> list[dict[str, Any]]:
    """What the columns say; empty texts are no field."""
    varying = _varying([each.image.axes for each in chosen])
    taken: set[str] = set()
    return [{"label": _free(_label(each, varying), taken), **_said(each)} for each in chosen]


def _said(each: Judged) -> dict[str, Any]:
    image, word = each.image, each.word
    noted = [word.note, *(review.note for review in each.reviews)]
    told = {
        "prompt": image.prompt,
        "model": image.model,
        "size": image.size,
        "rating": word.rating,
        "flag": word.flag,
        "note": "; ".join(dict.fromkeys(" ".join(note.split()) for note in noted if note.strip())),
        "sha256": image.sha256,
        "id": image.id,
        "key": image.key,
        "axes": dict(image.axes),
    }
    return {name: value for name, value in told.items() if value not in (None, "", {})}


def _varying(axes: Sequence[Mapping[str, str]]) -> list[str]:
    """The axes that tell the images apart."""
    found: dict[str, set[str]] = {}
    for each in axes:
        for axis, label in each.items():
            found.setdefault(axis, set()).add(label)
    return [axis for axis, labels in found.items() if len(labels) > 1]


def _label(each: Judged, varying: Iterable[str]) -> str:
    """What a reader of the sheet calls the image: ``mug · linen``."""
    told = " · ".join(each.image.axes[axis] for axis in varying if each.image.axes.get(axis))
    return " ".join(told.split()) or each.image.id or each.image.sha256[:12]


def _free(label: str, taken: set[str]) -> str:
    number, found = 1, label
    while found in taken:
        number, found = number + 1, f"{label} ({number + 1})"
    taken.add(found)
    return found
