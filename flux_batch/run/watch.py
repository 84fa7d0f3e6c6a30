"""What a run tells whoever watches it: counts, and a sentence now and then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.rows import FINAL, dollars, exposure

_FLYING = frozenset({Phase.INTENT, Phase.UNCERTAIN, Phase.SUBMITTED, Phase.READY})
_LOST = frozenset({Phase.FAILED, Phase.REFUSED, Phase.SKIPPED})


@dataclass(slots=True)
class Tally:
    """Where this run's images stand. ``spent`` is USD over the life of the run folder, in whole micros."""

    phases: Counter[Phase] = field(default_factory=Counter)
    spent_micros: int = 0

    def move(self, before: Purchase, after: Purchase) -> None:
        """Count one purchase's change."""
        self.phases[before.phase] -= 1
        self.phases[after.phase] += 1
        self.spent_micros += exposure(after)[0] - exposure(before)[0]

    @property
    def total(self) -> int:
        """All images this run is about."""
        return self.phases.total()

    @property
    def stored(self) -> int:
        """Safe on disk."""
        return self.phases[Phase.STORED]

    @property
    def flying(self) -> int:
        """Sent, or perhaps sent, and not stored yet."""
        return sum(self.phases[phase] for phase in _FLYING)

    @property
    def lost(self) -> int:
        """Failed, refused or skipped."""
        return sum(self.phases[phase] for phase in _LOST)

    @property
    def finished(self) -> int:
        """Nothing left to do for them."""
        return sum(self.phases[phase] for phase in FINAL)

    @property
    def spent(self) -> Decimal:
        """USD."""
        return dollars(self.spent_micros)


def tally(counts: Mapping[Phase, int], spent: int) -> Tally:
    """A tally from the state file's counts and its ledger (micros)."""
    return Tally(phases=Counter(counts), spent_micros=spent)


class Watcher(Protocol):
    """Somebody who looks on."""

    def moved(self, purchase: Purchase) -> None:
        """One image stands elsewhere now, and that is durable; called often, so be quick."""
        ...

    def changed(self, tally: Tally) -> None:
        """Something moved; called often, so be quick."""
        ...

    def say(self, message: str) -> None:
        """Something a person should know now."""
        ...


class Nobody:
    """Looks away."""

    def moved(self, purchase: Purchase) -> None:
        """Nothing."""

    def changed(self, tally: Tally) -> None:
        """Nothing."""

    def say(self, message: str) -> None:
        """Nothing."""
