"""Who was billed for what: the number every test of "paid once" is held against."""

from __future__ import annotations

import heapq
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One accepted request. Times are Unix seconds; ``refund_at`` is None when the money stays spent.

    ``owner`` is a running name for a key (``key-1``), never the key or anything made from it.
    """

    number: int
    task_id: str
    owner: str
    business_id: str | None
    model: str
    price: Decimal
    body_sha256: str
    billed_at: float
    refund_at: float | None = None

    def refunded(self, now: float) -> bool:
        """Whether the money is back."""
        return self.refund_at is not None and now >= self.refund_at

    def to_json(self, now: float) -> dict[str, Any]:
        """For the side port."""
        return {
            "number": self.number,
            "task_id": self.task_id,
            "owner": self.owner,
            "business_id": self.business_id,
            "model": self.model,
            "price": str(self.price),
            "body_sha256": self.body_sha256,
            "billed_at": self.billed_at,
            "refunded_at": self.refund_at if self.refunded(now) else None,
        }


class Ledger:
    """Append-only; may be read from another thread at any time."""

    def __init__(self, balance: Decimal | None) -> None:
        """``balance``: USD every owner starts with, None for an unlimited account."""
        self._balance = balance
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        # Running sums: ten thousand tasks must not make every balance a sum over ten thousand bills.
        self._used: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._refunds: defaultdict[str, list[tuple[float, Decimal]]] = defaultdict(list)

    def __len__(self) -> int:
        """How many bills."""
        return len(self._entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every bill, oldest first."""
        return tuple(self._entries)

    def bill(self, entry: Entry) -> None:
        """Write one bill."""
        with self._lock:
            self._entries.append(entry)
            self._used[entry.owner] += entry.price
            if entry.refund_at is not None:
                heapq.heappush(self._refunds[entry.owner], (entry.refund_at, entry.price))

    def used(self, owner: str, now: float) -> Decimal:
        """USD spent by ``owner``, refunds taken off. Time only moves forward."""
        with self._lock:
            refunds = self._refunds[owner]
            while refunds and refunds[0][0] <= now:
                self._used[owner] -= heapq.heappop(refunds)[1]
            return self._used[owner]

    def remaining(self, owner: str, now: float) -> Decimal | None:
        """USD left to ``owner``; None when unlimited."""
        return None if self._balance is None else self._balance - self.used(owner, now)

    def affords(self, owner: str, price: Decimal, now: float) -> bool:
        """Whether one more request can be billed."""
        remaining = self.remaining(owner, now)
        return remaining is None or remaining >= price

    def double_bills(self) -> dict[str, int]:
        """Business ids billed more than once, and how often."""
        counts = Counter(
            f"{entry.owner}/{entry.business_id}" for entry in self.entries if entry.business_id is not None
        )
        return {name: count for name, count in counts.items() if count > 1}

    def to_json(self, now: float) -> dict[str, Any]:
        """For the side port; money as decimal strings."""
        entries = self.entries
        spent = sum((entry.price for entry in entries if not entry.refunded(now)), Decimal(0))
        return {
            "bills": len(entries),
            "refunds": sum(entry.refunded(now) for entry in entries),
            "spent": str(spent),
            "currency": "USD",
            "double_bills": self.double_bills(),
            "entries": [entry.to_json(now) for entry in entries],
        }
