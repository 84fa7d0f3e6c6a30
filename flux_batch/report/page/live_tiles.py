"""What a change of one purchase changes on the sheet: pure, and as cheap for ten thousand images as for ten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import InitVar, dataclass, field, replace
from typing import Final

from flux_batch.plan.records import Task
from flux_batch.report.page.phrases import PLANNED
from flux_batch.report.page.sheet import Sheet, Spoken, Tile, spoken_labels, tile_of
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
    """Where the images of a sheet stand since it was written; ``phases`` counts wanted images.

    ``view`` is what the page says of the run itself. Of its entries and of the ``sheet`` only that is kept which a tile
    is drawn from again, for as long as the run goes on.
    """

    view: RunView
    sheet: InitVar[Sheet]
    thumbnail: Thumbnail
    phases: Counter[Phase] = field(default_factory=Counter)
    _tasks: list[Task] = field(default_factory=list)
    _wanted: list[bool] = field(default_factory=list)
    _phase: list[Phase] = field(default_factory=list)
    _at: dict[str, list[int]] = field(default_factory=dict)
    _edits: dict[str, list[str]] = field(default_factory=dict)
    _kin: dict[int, tuple[int | None, tuple[int, ...]]] = field(default_factory=dict)
    _spoken: Spoken = field(default_factory=dict)

    def __post_init__(self, sheet: Sheet) -> None:
        """Index the entries by key and by the image they edit."""
        for index, entry in enumerate(self.view.entries):
            self._tasks.append(entry.task)
            self._wanted.append(entry.wanted)
            self._phase.append(entry.purchase.phase)
            self._at.setdefault(entry.task.key, []).append(index)
            if entry.task.parent is not None:
                self._edits.setdefault(entry.task.parent, []).append(entry.task.key)
            self.phases[entry.purchase.phase] += entry.wanted
        self._kin = {
            index: (tile.parent, tile.edits)
            for index, tile in enumerate(sheet.tiles)
            if tile.parent is not None or tile.edits
        }
        self._spoken = spoken_labels(sheet.axes)
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
            wanted = self._wanted[index]
            self.phases[self._phase[index]] -= wanted
            self.phases[purchase.phase] += wanted
            self._phase[index] = purchase.phase
            if purchase.phase not in PASSING and (tile := self._tile(index, purchase)):
                yield index, tile

    def _tile(self, index: int, purchase: Purchase) -> Tile | None:
        """None where a small picture cannot be made now; the report after the run says what is the matter."""
        entry = Entry(task=self._tasks[index], purchase=purchase, wanted=self._wanted[index])
        thumbs: dict[str, Thumbs | None] = {}
        if purchase.file and purchase.phase is Phase.STORED:
            thumb = thumbs[purchase.file.sha256] = self.thumbnail(purchase.file)
            if thumb is None:
                return None
        buyer = self._tasks[self._at[purchase.key][0]].id
        parent, edits = self._kin.get(index, (None, ()))
        return tile_of(entry, self.view, thumbs, self._spoken, buyer, parent=parent, edits=edits)

    def _below(self, key: str) -> Iterator[str]:
        """What edits it, and what edits those, as far as it has not begun."""
        waiting = list(self._edits.get(key, ()))
        while waiting:
            each = waiting.pop()
            if self._phase[self._at[each][0]] is Phase.PLANNED:
                yield each
                waiting += self._edits.get(each, ())
