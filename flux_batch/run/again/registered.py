"""A run about what its state file knows already: the plan that is registered there, and was not made again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from flux_batch.errors import FluxBatchError
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.difference.changes import Later
from flux_batch.plan.difference.diff import action_of
from flux_batch.plan.make import shown
from flux_batch.plan.records import Action, Change
from flux_batch.plan.totals.estimate import Estimate, priced
from flux_batch.run.after.mend import mend
from flux_batch.run.again.basis import Basis, basis_in
from flux_batch.run.asked import Asked
from flux_batch.run.folder.inputs import Ingredients, keep
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.spec.reading.source import Source
from flux_batch.spec.reading.text import read_text
from flux_batch.spec.records import Budget, Execution

_UNSTORED: Final = (
    "SELECT purchase.key, phase, json_extract(record, '$.model') AS model, json_extract(record, '$.price') AS price"
    " FROM purchase JOIN task USING (key) WHERE phase IN ('planned', 'intent', 'uncertain', 'held', 'submitted',"
    " 'ready', 'failed', 'refused', 'skipped') AND chosen = 2 AND wanted = 1 ORDER BY position"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The plan with this ``basis``; ``afresh`` makes it, should the state file have taken over another meanwhile."""

    basis: Basis
    source: Source
    settings: tuple[str, ...]
    afresh: Callable[[], Asked] = field(repr=False)

    @property
    def folder(self) -> Path:
        """The spec's."""
        return self.source.path.parent

    @property
    def budget(self) -> Budget:
        """As the spec says."""
        return self.basis.budget

    @property
    def execution(self) -> Execution:
        """As the spec says."""
        return self.basis.execution

    def settled(self, state: StateFile, *, retry_failed: bool) -> Asked:
        """Itself, where the file is about the same plan under the lock as when it was looked at."""
        return self if not retry_failed and basis_in(state) == self.basis else self.afresh()

    def mended(self, state: StateFile, folder: Path) -> int:
        """How many stored images were sent back to be fetched again."""
        return mend(state, folder, None)

    def estimate(self, state: StateFile, *, resend: bool, **_: object) -> Estimate:
        """What the plan would cost now, from the records of what is not stored."""
        counts: Counter[Action] = Counter()
        new: Counter[tuple[str, Decimal | None]] = Counter()
        with state.db.legible():
            for row in _firsts(state.db.rows(_UNSTORED)):
                action = action_of(row["phase"])
                counts[action] += 1
                if action is Action.NEW:
                    new[row["model"], None if row["price"] is None else Decimal(row["price"])] += 1
        counts[Action.REUSED] = self.basis.purchases - counts.total()
        return priced(new.items(), counts, from_scratch=self.basis.worth, resend=resend)

    def changes(self, state: StateFile, *, retry_failed: bool) -> Sequence[Change]:
        """What it says of every image; whoever looks has the plan made."""
        return Later(lambda: self.afresh().changes(state, retry_failed=retry_failed))

    def take_over(self, state: StateFile, _: Estimate, /, **__: object) -> None:
        """It was taken over long ago; only a copy of its files may be gone."""
        keep(Ingredients(source=self.source, settings=self.settings, files=self.basis.kept), state.path.parent)


def recalled(
    path: Path, selection: Selection, settings: tuple[str, ...], folder: Path, afresh: Callable[[], Asked]
) -> Registered | None:
    """The plan of a spec in a run folder, where it is registered there and nothing it was made from has moved.

    None in every other case, and in every doubt: then the plan is to be made, which says what is wrong.
    """
    if not (folder / FILE).is_file():
        return None
    try:
        with StateFile(folder / FILE, read_only=True) as state:
            basis = basis_in(state)
        if basis is None:
            return None
        text = read_text(path)
        stands = basis.stands(shown(path), text, settings, selection, path.parent)
    except FluxBatchError:
        return None
    source = Source(path=path, text=text, marks={})
    return Registered(basis=basis, source=source, settings=settings, afresh=afresh) if stands else None


def _firsts(rows: Sequence[Any]) -> list[Any]:
    """The first image of every purchase."""
    return list({row["key"]: row for row in reversed(rows)}.values())[::-1]
