"""The state file: the only truth about a run. One writer at a time, behind the run lock."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from flux_batch.errors import RawAnswer
from flux_batch.plan.codec import price_from_json, task_from_json
from flux_batch.plan.records import Known, Remembered
from flux_batch.plan.sharing import Shared
from flux_batch.run.folder.prepare import refuse_without_state
from flux_batch.run.records import Entry, Phase, Purchase, RunView
from flux_batch.run.store.account import Account
from flux_batch.run.store.claims import Claims, Work
from flux_batch.run.store.database import Database, legible
from flux_batch.run.store.name import FILE as FILE
from flux_batch.run.store.rows import COLUMNS, dollars, exposure, from_row, held_from, to_row, whole_micros
from flux_batch.spec.records import Draft, ReportOptions

STEP: Final = 500
"""Images that are read at once: a few milliseconds."""

_WRITE: Final = f"UPDATE purchase SET {', '.join(f'{column} = ?' for column in COLUMNS)} WHERE key = ?"  # noqa: S608
_THESE: Final = "(SELECT value FROM json_each(?))"
_HELD: Final = (
    "SELECT spent + reserved AS held, (SELECT json_group_array(json_object('key', key, 'phase', phase, 'price', price,"  # noqa: S608
    f" 'sends', sends, 'remote_id', remote_id, 'failure', failure)) FROM purchase WHERE key IN {_THESE}) AS purchases"
    " FROM ledger"
)


class StateFile:
    """An open state file; use it from one thread at a time, as a context manager.

    Every method raises LocalFailure when the disk does not keep what it is given.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        if read_only and path.is_file():
            refuse_without_state(path.parent, path)  # an empty one would be a run without images
        self.db = Database(path, read_only=read_only)
        self._claims = Claims(self.db)

    def __enter__(self) -> Self:
        """Ready to use."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; nothing is lost, every change is already committed."""
        self.db.close()

    # Facts about the run --------------------------------------------------------------------------------------------

    @legible
    def meta(self, name: str) -> str | None:
        """One fact, None when it was never set."""
        rows = self.db.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(rows[0]["value"]) if rows else None

    def set_meta(self, name: str, value: str) -> None:
        """Set one fact; commits when no transaction is open."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @legible
    def committed(self) -> tuple[Decimal, Decimal]:
        """(spent, reserved) in USD, over the life of the run folder."""
        (row,) = self.db.rows("SELECT spent, reserved FROM ledger")
        return dollars(row["spent"]), dollars(row["reserved"])

    @legible
    def counts(self, *, chosen_only: bool = True) -> dict[Phase, int]:
        """How many purchases stand in each phase."""
        where = "WHERE chosen > 0" if chosen_only else ""
        rows = self.db.rows(f"SELECT phase, count(*) AS n FROM purchase {where} GROUP BY phase")  # noqa: S608
        return {Phase(row["phase"]): row["n"] for row in rows}

    @legible
    def image_counts(self) -> dict[Phase, int]:
        """How many of this run's wanted images stand in each phase; images that share a purchase count each."""
        rows = self.db.rows(
            "SELECT phase, count(*) AS n FROM task JOIN purchase USING (key)"
            " WHERE wanted = 1 AND chosen = 2 GROUP BY phase"
        )
        return {Phase(row["phase"]): row["n"] for row in rows}

    def known(self) -> Remembered:
        """What was bought or begun, by key, for the difference shown by a plan; to be used while this file is open."""
        phases: dict[str, str] = dict(self.db.tuples("SELECT key, phase FROM purchase"))
        return Remembered(phases, self._remember)

    @legible
    def _remember(self) -> dict[str, Known]:
        rows = self.db.rows(
            "SELECT record, phase, wanted FROM task JOIN purchase USING (key) ORDER BY wanted, task.rowid"
        )
        found: dict[str, Known] = {}
        for row in rows:
            task = task_from_json(json.loads(row["record"]))
            found[task.key] = Known(task=task, phase=row["phase"], wanted=bool(row["wanted"]))
        return found

    @legible
    def view(self, step: int = STEP, pause: Callable[[], object] = bool) -> RunView:
        """All a report needs, in the order of the spec; what is no longer wanted comes last.

        So many images are read at once as a ``step`` has: whoever writes meanwhile waits no longer than for these, and
        each image is as it stood when its turn came. ``pause`` is called after each step, and may raise to end it.
        """
        entries = self._entries(step, pause)
        spent, reserved = self.committed()
        created = float(self.meta("created") or 0.0)
        moments = [
            at for entry in entries for at in (entry.purchase.times.stored, entry.purchase.times.submitted) if at
        ]
        budget = self.meta("budget_max")
        return RunView(
            name=self.meta("name") or "",
            spec_file=self.meta("spec_file") or "",
            spec_sha256=self.meta("spec_sha256") or "",
            base_url=self.meta("base_url") or "",
            rehearsal=self.meta("rehearsal") == "1",
            created=created,
            updated=max((at for at in moments if at), default=created),
            prices=tuple(price_from_json(price) for price in json.loads(self.meta("prices") or "[]")),
            report=_report_from_json(json.loads(self.meta("report") or "{}")),
            budget_max=Decimal(budget) if budget else None,
            spent=spent,
            reserved=reserved,
            entries=entries,
            inputs=json.loads(self.meta("inputs") or "{}"),
            draft=_draft_from_json(json.loads(self.meta("draft") or "null")),
            images=self.meta("images") or "",
            images_web=self.meta("images_web") or "",
        )

    def _entries(self, step: int, pause: Callable[[], object]) -> tuple[Entry, ...]:
        found: list[tuple[tuple[bool, int, str], Entry]] = []
        last, shared = -1, Shared()
        while rows := self.db.rows(_ENTRIES, (last, step)):
            found += [((not row["wanted"], row["position"], row["id"]), _entry(row, shared)) for row in rows]
            last = rows[-1]["place"]
            pause()
        found.sort(key=itemgetter(0))
        return tuple(entry for _, entry in found)

    # Work -----------------------------------------------------------------------------------------------------------

    def claim(self, limit: int, *, begun_only: bool = False) -> list[Work]:
        """Up to ``limit`` images that can be brought on now and are not claimed yet in this process.

        What was already sent comes first, or alone; an edit waits until its parent is stored.
        """
        return self._claims.take(limit, begun_only=begun_only)

    def save(
        self, purchases: Sequence[Purchase], cap: Decimal | None, odd: Mapping[str, RawAnswer] | None = None
    ) -> list[bool]:
        """Commit new states together; the money a state holds is debited in the same transaction.

        Returns one answer per purchase: False where its money would pass ``cap`` (USD, spent and reserved together,
        over the life of the folder); that state is then not written. ``odd`` has, by key, the answers that left them in
        doubt.
        """
        with self.db.transaction():
            for purchase in purchases:
                if answer := (odd or {}).get(purchase.key):
                    self._keep_answer(purchase, answer)
            account = self._account(purchases, cap)
            answers = [account.takes(purchase) for purchase in purchases]
            self._write([purchase for purchase, kept in zip(purchases, answers, strict=True) if kept], account)
        return answers

    @legible
    def _account(self, purchases: Sequence[Purchase], cap: Decimal | None) -> Account:
        """What these hold now, read in one row: each row that SQLite gives is a turn of Python's lock."""
        keys = json.dumps([purchase.key for purchase in purchases])
        (row,) = self.db.rows(_HELD, (keys,))
        held = {each["key"]: exposure(held_from(each)) for each in json.loads(row["purchases"])}
        return Account(held=held, room=None if cap is None else whole_micros(cap) - row["held"])

    def _write(self, purchases: Sequence[Purchase], account: Account) -> None:
        """New states and their money, and what follows for the edits of an image."""
        if account.spent or account.reserved:
            self.db.execute(
                "UPDATE ledger SET spent = spent + ?, reserved = reserved + ?", (account.spent, account.reserved)
            )
        self.db.execute_all(_WRITE, ((*to_row(purchase), purchase.key) for purchase in purchases))
        for parent in self._with_edits([each.key for each in purchases if each.phase is Phase.STORED]):
            self._claims.release(parent)
        for purchase in purchases:
            if purchase.phase in (Phase.FAILED, Phase.REFUSED):
                self.skip_below(purchase.key)

    def _with_edits(self, keys: Sequence[str]) -> list[str]:
        """Those whose image another purchase edits."""
        if not keys:
            return []
        rows = self.db.rows(f"SELECT DISTINCT parent FROM purchase WHERE parent IN {_THESE}", (json.dumps(keys),))  # noqa: S608
        return [row["parent"] for row in rows]

    def _keep_answer(self, purchase: Purchase, answer: RawAnswer) -> None:
        self.db.execute(
            "INSERT INTO answer (key, business_id, at, status, content_type, body) VALUES (?, ?, ?, ?, ?, ?)",
            (purchase.key, purchase.business_id or "", answer.at, answer.status, answer.content_type, answer.body),
        )

    def odd_answers(self) -> dict[str, RawAnswer]:
        """Business id → the last answer to that request that nobody understood."""
        rows = self.db.rows("SELECT business_id, at, status, content_type, body FROM answer ORDER BY id")
        with self.db.legible():
            return {
                str(row["business_id"]): RawAnswer(
                    at=row["at"], status=row["status"], content_type=row["content_type"], body=bytes(row["body"])
                )
                for row in rows
            }

    def has_edits(self, key: str) -> bool:
        """Whether another purchase edits this one's image."""
        return bool(self._with_edits([key]))

    def skip_below(self, key: str) -> None:
        """An edit whose parent has no image is skipped, and so are its own edits."""
        failure = json.dumps({"code": "parent_failed", "message": "the image it edits could not be made"})
        self.db.execute(_SKIP_BELOW, (key, failure))

    def purchase(self, key: str) -> Purchase:
        """A purchase by its key."""
        (row,) = self.db.rows("SELECT * FROM purchase WHERE key = ?", (key,))
        with self.db.legible():
            return from_row(row)

    def witnesses(self, key: str, now: float) -> tuple[str, ...]:
        """The business ids of other purchases that the provider accepted: the positive control, none or one or two.

        The one accepted last before this request was sent shows that the provider remembers that far back. Without
        one, the first after it will do while the request is so young that no provider has forgotten it. The newest
        one shows that what it was sent lately can be found.
        """
        nearest = self.db.rows(_WITNESS + _NEAREST, (key, now - REMEMBERED))
        newest = self.db.rows(_WITNESS + _NEWEST, (key,)) if nearest else []
        return tuple(dict.fromkeys(str(row["business_id"]) for row in (*nearest, *newest)))

    def has_other(self, remote_id: str, key: str) -> bool:
        """Whether the provider gave this id to another purchase before."""
        return bool(self.db.rows("SELECT 1 FROM purchase WHERE remote_id = ? AND key != ?", (remote_id, key)))

    def uploaded(self, sha256: str, since: float, until: float = math.inf) -> str | None:
        """The URL of a reference uploaded between ``since`` and ``until`` (Unix seconds)."""
        rows = self.db.rows("SELECT url FROM upload WHERE sha256 = ? AND at BETWEEN ? AND ?", (sha256, since, until))
        return str(rows[0]["url"]) if rows else None

    def remember_upload(self, sha256: str, url: str, now: float) -> None:
        """Keep an upload's URL; committed at once."""
        with self.db.transaction():
            self.db.execute("INSERT OR REPLACE INTO upload VALUES (?, ?, ?)", (sha256, url, now))


REMEMBERED: Final = 12 * 3600.0
"""Seconds for which a provider surely knows a task: results live for 24 hours; half of that leaves room for clocks."""

_ENTRIES: Final = (
    "SELECT task.rowid AS place, id, position, wanted, record, purchase.* FROM task JOIN purchase USING (key)"
    " WHERE task.rowid > ? ORDER BY task.rowid LIMIT ?"
)

_WITNESS: Final = (
    "WITH other AS (SELECT business_id, number, coalesce(json_extract(times, '$.submitted'), 0.0) AS taken"
    " FROM purchase WHERE remote_id IS NOT NULL AND business_id IS NOT NULL AND key != ?1),"
    " this AS (SELECT coalesce(json_extract(times, '$.intent'), 0.0) AS sent FROM purchase WHERE key = ?1)"
    " SELECT business_id FROM other, this "
)
_NEAREST: Final = "WHERE taken <= sent OR sent > ?2 ORDER BY taken > sent, abs(taken - sent), number DESC LIMIT 1"
_NEWEST: Final = "ORDER BY taken DESC, number DESC LIMIT 1"

_SKIP_BELOW: Final = (
    "WITH RECURSIVE below (key) AS (SELECT key FROM purchase WHERE parent = ?1"
    " UNION SELECT purchase.key FROM purchase JOIN below ON purchase.parent = below.key)"
    " UPDATE purchase SET phase = 'skipped', failure = ?2 WHERE phase = 'planned' AND key IN below"
)


def _entry(row: Mapping[str, Any], shared: Shared) -> Entry:
    record = json.loads(row["record"])
    record["key"] = row["key"]
    return Entry(task=task_from_json(record, shared), purchase=from_row(row, shared), wanted=bool(row["wanted"]))


def _report_from_json(value: Mapping[str, Any]) -> ReportOptions:
    return ReportOptions(**{**value, "tabs": tuple(value.get("tabs", ()))})


def _draft_from_json(value: Mapping[str, Any] | None) -> Draft | None:
    return None if value is None else Draft.from_json(value)
