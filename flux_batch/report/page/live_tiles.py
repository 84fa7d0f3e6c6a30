"""What a change of one purchase changes on the sheet: pure, and as cheap for ten thousand images as for ten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from flux_batch.report.page.phrases import PLANNED
from flux_batch.report.page.sheet import Sheet, Spoken, Tile, spoken_labels, tile_of
from flux_batch.report.summary import buyers
from flux_batch.run.plane.thumbs import Thumbs
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView, StoredFile

Thumbnail = Callable[[StoredFile], Thumbs | None]
"""The small pictures of a stored image, made now if it is not there."""

PASSING: Final = frozenset({Phase.INTENT, Phase.READY})
"""Gone before anybody could read them: a tile is not drawn again for these."""

_SKIPPED: Final = Failure(code="parent_failed", message="the image it edits could not be made")


def in_turn(tile: Tile) -> Tile:
    """An image that is not begun, for a page on which it comes by itself: there is nothing to type."""
    notice = tile.notice
    if notice is None or notice.word != PLANNED:
        return tile
    return replace(tile, notice=replace(notice, reason="Its turn comes.", command="", advice=""))


@dataclass(slots=True)
class LiveTiles:
    """The sheet as it was written, and where its images stand since; ``phases`` counts wanted images.

    ``view`` is what the page says of the run itself; its entries are not looked at again.
    """

    view: RunView
    sheet: Sheet
    thumbnail: Thumbnail
    phases: Counter[Phase] = field(default_factory=Counter)
    _at: dict[str, list[int]] = field(default_factory=dict)
    _edits: dict[str, list[str]] = field(default_factory=dict)
    _entries: list[Entry] = field(default_factory=list)
    _buyer: Mapping[str, str] = field(default_factory=dict)
    _spoken: Spoken = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the entries by key and by the image they edit."""
        self._entries, self._buyer = list(self.view.entries), buyers(self.view.entries)
        self._spoken = spoken_labels(self.sheet.axes)
        for index, entry in enumerate(self._entries):
            self._at.setdefault(entry.task.key, []).append(index)
            if entry.task.parent is not None:
                self._edits.setdefault(entry.task.parent, []).append(entry.task.key)
            self.phases[entry.purchase.phase] += entry.wanted
        self.view = replace(self.view, entries=())

    def changed(self, purchases: Iterable[Purchase]) -> Iterator[tuple[int, Tile]]:
        """The tiles to draw again, by index; an edit whose parent failed is skipped with it."""
        for purchase in purchases:
            yield from self._moved(purchase)
            if purchase.phase in (Phase.FAILED, Phase.REFUSED):
                for key in self._below(purchase.key):
                    yield from self._moved(Purchase(key=key, phase=Phase.SKIPPED, failure=_SKIPPED))

    def _moved(self, purchase: Purchase) -> Iterator[tuple[int, Tile]]:
        for index in self._at.get(purchase.key, ()):
            before = self._entries[index]
            after = self._entries[index] = replace(before, purchase=purchase)
            self.phases[before.purchase.phase] -= before.wanted
            self.phases[purchase.phase] += before.wanted
            if purchase.phase not in PASSING and (tile := self._tile(index, after)):
                yield index, tile

    def _tile(self, index: int, entry: Entry) -> Tile | None:
        """None where a small picture cannot be made now; the report after the run says what is the matter."""
        file, drawn = entry.purchase.file, self.sheet.tiles[index]
        thumbs: dict[str, Thumbs | None] = {}
        if file and entry.purchase.phase is Phase.STORED:
            thumb = thumbs[file.sha256] = self.thumbnail(file)
            if thumb is None:
                return None
        buyer = self._buyer[entry.task.key]
        return tile_of(entry, self.view, thumbs, self._spoken, buyer, parent=drawn.parent, edits=drawn.edits)

    def _below(self, key: str) -> Iterator[str]:
        """What edits it, and what edits those, as far as it has not begun."""
        waiting = list(self._edits.get(key, ()))
        while waiting:
            each = waiting.pop()
            if self._entries[self._at[each][0]].purchase.phase is Phase.PLANNED:
                yield each
                waiting += self._edits.get(each, ())
