"""What a run adds up to: one record that the terminal, the manifest and the sheet all read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from flux_batch.run.records import Entry, Phase, Purchase, RunView

PENDING: Final = frozenset({Phase.PLANNED, Phase.INTENT, Phase.SUBMITTED, Phase.READY})
"""Phases that the same command carries on by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of wanted images, and money over the life of the run folder.

    ``tasks`` is the sum of the seven counts under it. ``retired`` images are kept although the present spec no
    longer asks for them. ``purchases`` are distinct keys, retired ones included, and ``cost`` is theirs in USD;
    ``spent`` and ``reserved`` are the state file's own books, ``bytes`` the images on disk, each file once.
    """

    tasks: int
    stored: int
    failed: int
    refused: int
    skipped: int
    uncertain: int
    held: int
    pending: int
    retired: int
    purchases: int
    bytes: int
    cost: Decimal
    spent: Decimal
    reserved: Decimal
    budget_max: Decimal | None

    @property
    def troubled(self) -> int:
        """Images that will not come, or wait for a person."""
        return self.failed + self.refused + self.skipped + self.uncertain + self.held


def totals(view: RunView) -> Totals:
    """Count a run."""
    phases = Counter(entry.purchase.phase for entry in view.entries if entry.wanted)
    purchases = distinct(view.entries)
    return Totals(
        tasks=phases.total(),
        stored=phases[Phase.STORED],
        failed=phases[Phase.FAILED],
        refused=phases[Phase.REFUSED],
        skipped=phases[Phase.SKIPPED],
        uncertain=phases[Phase.UNCERTAIN],
        held=phases[Phase.HELD],
        pending=sum(phases[phase] for phase in PENDING),
        retired=sum(not entry.wanted for entry in view.entries),
        purchases=len(purchases),
        bytes=sum(
            purchase.file.bytes for purchase in purchases.values() if purchase.file and purchase.phase is Phase.STORED
        ),
        cost=sum((purchase.cost for purchase in purchases.values()), Decimal(0)),
        spent=view.spent,
        reserved=view.reserved,
        budget_max=view.budget_max,
    )


def distinct(entries: tuple[Entry, ...]) -> dict[str, Purchase]:
    """Every purchase once, by key, in order."""
    first: dict[str, Purchase] = {}
    for entry in entries:
        first.setdefault(entry.task.key, entry.purchase)
    return first


def buyers(entries: tuple[Entry, ...]) -> dict[str, str]:
    """For every key the id of its first task: the one that carries the cost, so that costs add up."""
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(entry.task.key, entry.task.id)
    return first
