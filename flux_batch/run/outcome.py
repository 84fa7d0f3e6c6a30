"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flux_batch.run.records import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended.

    ``phases`` counts this run's images. ``spent`` is USD over the life of the folder, ``spent_now`` by this run.
    ``left`` says, by task id, what a later run has to finish; ``stopped`` why this one stopped early; ``signal``
    is the number of the signal that did it. ``observed`` is the change of the account's ``used_balance``,
    in the account's own unit, and ``bought`` the images it was for, 0 when nobody can say.
    """

    phases: dict[Phase, int]
    spent: Decimal
    spent_now: Decimal
    left: dict[str, str]
    stopped: str | None = None
    signal: int | None = None
    observed: Decimal | None = None
    bought: int = 0

    @property
    def observed_unit(self) -> Decimal | None:
        """What one image really cost, in the account's unit, to six places; None when nobody can say."""
        if self.observed is None or self.bought <= 0:
            return None
        return (self.observed / self.bought).quantize(Decimal("0.000001")).normalize()
