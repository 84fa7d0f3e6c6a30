"""The tiles as ``data.js`` holds them: one short list each, with everything that tiles share told once.

10,000 images stay far below 8 MB this way. The script's ``data.js`` part unpacks them to the fields of ``plain``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from flux_batch.report.page.sheet import Picture, Sheet, Tile

FORMAT: Final = 2

_SHA_SHOWN: Final = 20
"""How much of a content hash a thumbnail's name begins with; in the data a star stands for it."""


class Texts(dict[str, int]):
    """Texts that many tiles have, each once; a tile holds the index, which ``texts[text]`` gives."""

    def __missing__(self, text: str) -> int:
        """A text that is new comes last."""
        at = self[text] = len(self)
        return at


class Objects:
    """The same for small objects, which are equal when they are written the same."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._written = Texts()

    def index(self, item: dict[str, Any] | list[Any]) -> int:
        """Where ``item`` stands."""
        at = self._written[repr(item)]
        if at == len(self.items):
            self.items.append(item)
        return at


def pack(sheet: Sheet) -> Iterator[tuple[str, object]]:
    """Everything the script shows, to be written as it comes: the tiles fill what follows them."""
    names = list(dict.fromkeys(name for tile in sheet.tiles for name in tile.place))
    labels, texts, objects = {name: Texts() for name in names}, Texts({"": 0}), Objects()
    yield "format", FORMAT
    yield "run", sheet.run
    yield "spec", sheet.spec
    yield "axes", [asdict(axis) for axis in sheet.axes]
    yield "layout", asdict(sheet.layout)
    yield "tiles", (_tile(tile, labels, texts, objects) for tile in sheet.tiles)
    yield "labels", [[name, list(shared)] for name, shared in labels.items()]
    yield "texts", iter(texts)
    yield "objects", objects.items


def plain(tile: Tile) -> dict[str, Any]:
    """A tile by itself, for a page that is open already: every field that is not empty."""
    return {name: value for name, value in asdict(tile).items() if value not in (None, "", (), {})}


def _tile(tile: Tile, labels: Mapping[str, Texts], texts: Texts, objects: Objects) -> list[Any]:
    """In the order in which the script's ``unpack`` reads them; empty ones at the end are left out."""
    place = tile.place
    row = [
        tile.id,
        _trimmed([known[place[name]] if name in place else -1 for name, known in labels.items()], -1),
        texts[tile.prompt],
        texts[tile.model],
        texts[tile.size],
        objects.index(dict(tile.options)),
        texts[tile.cost],
        tile.price or 0,
        _picture(tile.picture, texts) if tile.picture else 0,
        0 if tile.picture else objects.index(list(tile.shape)),
        objects.index(asdict(tile.notice)) + 1 if tile.notice else 0,
        0 if tile.parent is None else tile.parent + 1,
        tile.line,
        0 if tile.wanted else 1,
        texts[tile.reference],
        texts[tile.shared_with],
        texts[tile.suspect],
    ]
    return _trimmed(row, 0)


def _picture(picture: Picture, texts: Texts) -> list[Any]:
    mark = picture.sha256[:_SHA_SHOWN]
    row = [
        picture.href,
        texts["" if picture.name == picture.href else picture.name],
        picture.width,
        picture.height,
        texts[picture.weight],
        texts[picture.mime],
        picture.sha256,
        texts[picture.thumb.replace(mark, "*")],
        picture.thumb_width,
        picture.thumb_height,
        texts[picture.thumb2.replace(mark, "*")],
        picture.thumb2_width,
        picture.thumb2_height,
        texts[picture.shown.replace(mark, "*")],
    ]
    return _trimmed(row, 0)


def _trimmed(row: Sequence[Any], empty: int) -> list[Any]:
    """Without the empty values at its end."""
    end = len(row)
    while end and row[end - 1] == empty and not isinstance(row[end - 1], list):
        end -= 1
    return list(row[:end])
