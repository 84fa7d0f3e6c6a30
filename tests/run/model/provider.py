"""A provider in memory: it bills what arrives, late or not, and shows it only after a while."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flux_batch.api.wire import TaskSnapshot

LATE: Final = 40.0
"""Seconds after which a POST on its way is lost for good."""

LAG: Final = 60.0
"""Seconds for which a lookup by business id may not find an accepted task."""


@dataclass(slots=True)
class Sold:
    """One bill; ``status`` as the API words it, a failed task is refunded."""

    id: str
    business_id: str
    at: float
    status: str = "in_progress"

    def snapshot(self) -> TaskSnapshot:
        """As the API tells it."""
        url = f"https://files.example/{self.id}.png" if self.status == "completed" else None
        return TaskSnapshot(id=self.id, status=self.status, business_id=self.business_id, result_url=url)


@dataclass(slots=True)
class Provider:
    """Its clock is the true one. ``duplicates``: what a second POST of a business id leads to.

    ``keeps``: for how many seconds a task can be found by its business id; for ever when None.
    """

    duplicates: str = "billed"
    keeps: float | None = None
    now: float = 0.0
    sold: list[Sold] = field(default_factory=list)
    flying: list[tuple[float, str]] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def take(self, business_id: str) -> TaskSnapshot | None:
        """A POST arrives; None when it is refused as a duplicate."""
        earlier = [sold for sold in self.sold if sold.business_id == business_id]
        if earlier and self.duplicates != "billed":
            return earlier[0].snapshot() if self.duplicates == "replayed" else None
        self.sold.append(Sold(f"task_{len(self.sold) + 1}", business_id, self.now))
        return self.sold[-1].snapshot()

    def delay(self, business_id: str) -> None:
        """A POST is on its way."""
        self.flying.append((self.now, business_id))

    def arrive(self) -> None:
        """The first POST on its way arrives, unless it was lost."""
        self.flying = [(sent, name) for sent, name in self.flying if self.now - sent < LATE]
        if self.flying:
            self.take(self.flying.pop(0)[1])

    def expects(self, business_id: str, body: bytes) -> bool:
        """Whether a POST has the bytes that came, or may come, under its business id before."""
        known = any(sold.business_id == business_id for sold in self.sold)
        if known or any(name == business_id for _, name in self.flying):
            return self.bodies[business_id] == body
        self.bodies[business_id] = body
        return True

    def find(self, business_id: str) -> TaskSnapshot | None:
        """What a lookup by business id brings, when everything in the index is shown."""
        known = (sold for sold in self.sold if self.knows(sold))
        return next((sold.snapshot() for sold in known if sold.business_id == business_id), None)

    def knows(self, sold: Sold) -> bool:
        """Whether a task is not forgotten."""
        return self.keeps is None or self.now - sold.at < self.keeps

    def must_show(self, business_id: str) -> bool:
        """Whether an accepted task can no longer be hidden."""
        shown = [sold for sold in self.sold if self.knows(sold) and self.now - sold.at >= LAG]
        return any(sold.business_id == business_id for sold in shown)

    def ask(self, task_id: str) -> TaskSnapshot:
        """What a poll brings."""
        return next(sold.snapshot() for sold in self.sold if sold.id == task_id)

    def finish(self, status: str) -> None:
        """The first task in progress ends."""
        for sold in self.sold:
            if sold.status == "in_progress":
                sold.status = status
                return

    def billed(self) -> list[Sold]:
        """What is paid and not refunded."""
        return [sold for sold in self.sold if sold.status != "failed"]
