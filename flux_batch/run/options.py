"""How a run is to go: what the command line adds to the spec, and the protocol's rules as the spec sets them."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from flux_batch.api.client import Timeouts
from flux_batch.plan.saved import SavedPlan
from flux_batch.run.asked import Wishes
from flux_batch.run.protocol.machine import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the command line adds to the spec. ``max_cost`` is USD for this run alone, on top of the spec's budget.

    ``saved`` is the plan file that the run carries out: it is marked as applied before anything is sent. ``dask`` names
    the workers of the data plane, None for this process; ``images`` is an address for images, None for where they are
    already, or for the run folder.
    """

    folder: Path
    concurrency: int
    rules: Rules
    submit_rate: float
    max_cost: Decimal | None = None
    retry_failed: bool = False
    rehearsal: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)
    saved: SavedPlan | None = None
    dask: str | None = None
    images: str | None = None


def rules_for(spec: Wishes) -> Rules:
    """The protocol's rules as the spec sets them."""
    execution = spec.execution
    return Rules(
        resend=execution.when_uncertain == "resend",
        settle=execution.settle_seconds,
        poll_first=execution.poll.first,
        poll_every=execution.poll.every,
    )
