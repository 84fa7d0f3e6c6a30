"""Which image to bring on next: each is handed out once in a process, without looking through all of them again.

Rows are met in the order of their numbers, which is the spec's. An edit whose parent is not stored yet is passed by,
and comes when that is.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flux_batch.plan.codec import task_from_json
from flux_batch.plan.records import Task
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.database import Database
from flux_batch.run.store.rows import from_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One image to bring on: its purchase, the task it was first wanted for, and its name below ``images/``.

    ``may_send`` is False for what the present plan does not select: it may be paid, so it is brought home, but nothing
    is sent for it again.
    """

    purchase: Purchase
    task: Task
    number: int
    stem: str
    may_send: bool


class Claims:
    """What this process has taken on; its end is the end of its claims."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._begun_up_to = self._planned_up_to = 0
        self._released: deque[str] = deque()

    def take(self, limit: int, *, begun_only: bool) -> list[Work]:
        """What was already sent, or else what can be sent now; up to ``limit``, and all edits of one parent."""
        rows = self._begun(limit)
        if len(rows) < limit and not begun_only:
            rows += self._let_go(limit - len(rows))
        if len(rows) < limit and not begun_only:
            rows += self._planned(limit - len(rows))
        with self._db.legible():
            return [_work(row) for row in rows]

    def release(self, parent: str) -> None:
        """The image that edits wait for is stored."""
        self._released.append(parent)

    def _begun(self, limit: int) -> list[Any]:
        """Sent by an earlier process: this one sends nothing that it has not claimed."""
        rows = self._db.rows(_CLAIM + _BEGUN, (self._begun_up_to, limit))
        self._begun_up_to = self._met(rows, limit)
        return rows

    def _planned(self, limit: int) -> list[Any]:
        rows = self._db.rows(_CLAIM + _PLANNED, (self._planned_up_to, limit))
        self._planned_up_to = self._met(rows, limit)
        return rows

    def _let_go(self, limit: int) -> list[Any]:
        """Edits that were passed by; those further on are met there."""
        rows: list[Any] = []
        while self._released and len(rows) < limit:
            rows += self._db.rows(_CLAIM + _LET_GO, (self._released.popleft(), self._planned_up_to))
        return rows

    def _met(self, rows: list[Any], limit: int) -> int:
        """The number up to which all have been looked at."""
        if len(rows) == limit:
            return int(rows[-1]["number"])
        (last,) = self._db.rows("SELECT coalesce(max(number), 0) AS number FROM purchase")
        return int(last["number"])


_CLAIM: Final = (
    "SELECT purchase.*, (SELECT record FROM task WHERE task.key = purchase.key ORDER BY task.rowid LIMIT 1) AS record"
    " FROM purchase "
)
_BEGUN: Final = (
    "WHERE phase IN ('intent', 'uncertain', 'held', 'submitted', 'ready') AND number > ? AND chosen > 0"
    " ORDER BY number LIMIT ?"
)
_PLANNED: Final = (
    "WHERE phase = 'planned' AND number > ? AND chosen > 0 AND (parent IS NULL"
    " OR EXISTS (SELECT 1 FROM purchase AS up WHERE up.key = purchase.parent AND up.phase = 'stored'))"
    " ORDER BY number LIMIT ?"
)
_LET_GO: Final = "WHERE parent = ? AND phase = 'planned' AND number <= ? AND chosen > 0 ORDER BY number"


def _work(row: Mapping[str, Any]) -> Work:
    purchase, task = from_row(row), task_from_json(json.loads(row["record"]))
    if purchase.phase is Phase.PLANNED:
        purchase = replace(purchase, price=task.price)
    return Work(
        purchase=purchase,
        task=task,
        number=row["number"],
        stem=row["stem"],
        may_send=row["chosen"] == 2,
    )
