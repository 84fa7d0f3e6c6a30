"""The money that a commit moves: what each new state holds of the budget instead of the old one, and what is left."""

from __future__ import annotations

from dataclasses import dataclass

from flux_batch.run.records import Purchase
from flux_batch.run.store.rows import exposure


@dataclass(slots=True, kw_only=True)
class Account:
    """``held`` is what every purchase of the commit holds, as (spent, reserved); ``room`` what the cap leaves.

    All in micros; ``room`` is None without a cap. ``spent`` and ``reserved`` are what is debited so far, or given back.
    """

    held: dict[str, tuple[int, int]]
    room: int | None
    spent: int = 0
    reserved: int = 0

    def takes(self, purchase: Purchase) -> bool:
        """Debit the money of a new state; False where there is no room for it, and nothing is debited."""
        (spent_before, reserved_before), (spent, reserved) = self.held[purchase.key], exposure(purchase)
        more_spent, more_reserved = spent - spent_before, reserved - reserved_before
        more = more_spent + more_reserved
        if self.room is not None and more > 0 and self.spent + self.reserved + more > self.room:
            return False
        self.held[purchase.key] = spent, reserved
        self.spent += more_spent
        self.reserved += more_reserved
        return True
