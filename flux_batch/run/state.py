"""The state file: the only truth about a run, and the only module that speaks SQL.

Rollback journal and ``synchronous=EXTRA``: a commit that returned survives a power cut. One writer at a time, behind
the run lock; never open the file by any other way than sqlite3, for a plain open and close drops SQLite's own locks.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from flux_batch.errors import LocalFailure, StateUnusable
from flux_batch.plan.codec import price_from_json, price_to_json, task_from_json, task_to_json
from flux_batch.plan.naming import same_place
from flux_batch.plan.records import Known, Plan, Task
from flux_batch.run.records import Entry, Phase, Purchase, RunView
from flux_batch.run.rows import COLUMNS, FINAL, dollars, exposure, from_row, to_row, whole_micros
from flux_batch.spec.records import ReportOptions, Spec

FILE: Final = "state.sqlite"
VERSION: Final = 1

_OPEN_PHASES: Final = tuple(phase.value for phase in Phase if phase not in FINAL)
_SET_COLUMNS: Final = ", ".join(f"{column} = ?" for column in COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One image to bring on: its purchase, the task it was first wanted for, and its name below ``images/``."""

    purchase: Purchase
    task: Task
    number: int
    stem: str


class StateFile:
    """An open state file; use it from one thread at a time, as a context manager.

    Every method raises LocalFailure when the disk does not keep what it is given.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        with _translated(path):
            self._db = _open_to_read(path) if read_only else _open(path)
        self._db.row_factory = sqlite3.Row

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
        self._db.close()

    # What the run is about ------------------------------------------------------------------------------------------

    def register(self, plan: Plan, spec: Spec, *, now: float, retry_failed: bool = False) -> None:
        """Take over a plan in one transaction: what is wanted, what this run is about, and under which names.

        A plan that is registered already changes no byte.
        """
        digest = _digest(plan, spec)
        if self.meta("registered") == digest and not retry_failed:
            return
        with self._transaction() as db:
            self.set_meta("registered", digest)
            self._describe(plan, spec, now)
            self._add_purchases(plan)
            db.execute("UPDATE purchase SET chosen = 0")
            db.executemany("UPDATE purchase SET chosen = 1 WHERE key = ?", ((key,) for key in sorted(plan.selected)))
            db.execute("UPDATE purchase SET chosen = 1 WHERE phase IN ('submitted', 'ready')")  # paid: brought home
            db.execute("UPDATE task SET wanted = 0")
            db.executemany(_ADD_TASK, (_task_row(position, task) for position, task in enumerate(plan.tasks)))
            self._drop_unbought()
            self._reopen(retry_failed=retry_failed)

    def _describe(self, plan: Plan, spec: Spec, now: float) -> None:
        self.set_meta("name", plan.name)
        self.set_meta("spec_file", plan.spec_file)
        self.set_meta("spec_sha256", plan.spec_sha256)
        self.set_meta("prices", json.dumps([price_to_json(price) for price in plan.prices]))
        self.set_meta("report", json.dumps(_report_to_json(spec.report)))
        self.set_meta("budget_max", "" if spec.budget.max is None else str(spec.budget.max))
        if self.meta("created") is None:
            self.set_meta("created", repr(now))
            self.set_meta("run_id", "".join(secrets.choice(_ID_LETTERS) for _ in range(8)))

    def _add_purchases(self, plan: Plan) -> None:
        """Number and name what is new. A number is part of business ids, so one that was given is never given again."""
        rows = self._db.execute("SELECT key, place, number FROM purchase").fetchall()
        known, places = {row["key"] for row in rows}, {row["place"] for row in rows}
        number = max(int(self.meta("numbered") or 0), *(row["number"] for row in rows), 0)
        for task in plan.purchases().values():
            if task.key in known:
                continue
            stem = _free_stem(task, places)
            number += 1
            self._db.execute(_ADD_PURCHASE, (task.key, number, task.parent, same_place(stem), stem))
        self.set_meta("numbered", str(number))

    def _drop_unbought(self) -> None:
        """Forget what is neither wanted nor ever sent."""
        unbought = "SELECT key FROM purchase WHERE phase IN ('planned', 'skipped')"
        self._db.execute(f"DELETE FROM task WHERE wanted = 0 AND key IN ({unbought})")  # noqa: S608
        self._db.execute(
            "DELETE FROM purchase WHERE phase IN ('planned', 'skipped') AND key NOT IN (SELECT key FROM task)"
        )

    def _reopen(self, *, retry_failed: bool) -> None:
        """Give skipped images, and on request failed ones, another chance; a new generation is a new purchase."""
        if retry_failed:
            self._db.execute(
                "UPDATE purchase SET phase = 'planned', generation = generation + 1, sends = 0, business_id = NULL,"
                " body = NULL, remote_id = NULL, result_url = NULL, expires_at = NULL, failure = NULL"
                " WHERE chosen = 1 AND phase IN ('failed', 'refused')"
            )
        self._db.execute("UPDATE purchase SET phase = 'planned', failure = NULL WHERE phase = 'skipped'")
        lost = self._db.execute("SELECT key FROM purchase WHERE phase IN ('failed', 'refused')").fetchall()
        for row in lost:
            self._skip_children(row["key"])

    def forget_unfinished(self) -> None:
        """For rehearsals only, whose provider is gone with its process: start what was not stored again."""
        with self._transaction() as db:
            db.execute(
                "UPDATE purchase SET phase = 'planned', sends = 0, business_id = NULL, body = NULL, remote_id = NULL,"
                " result_url = NULL, expires_at = NULL, failure = NULL, times = '{}', generation = generation + 1"
                " WHERE phase NOT IN ('stored', 'planned')"
            )
            db.execute("DELETE FROM upload")
            with _legible(self.path):
                spent = sum(exposure(from_row(row))[0] for row in self._rows("SELECT * FROM purchase"))
            db.execute("UPDATE ledger SET spent = ?, reserved = 0", (spent,))

    # Facts about the run --------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        """One fact, None when it was never set."""
        rows = self._rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(rows[0]["value"]) if rows else None

    def set_meta(self, name: str, value: str) -> None:
        """Set one fact; commits when no transaction is open."""
        with _translated(self.path):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def committed(self) -> tuple[Decimal, Decimal]:
        """(spent, reserved) in USD, over the life of the run folder."""
        (row,) = self._rows("SELECT spent, reserved FROM ledger")
        return dollars(row["spent"]), dollars(row["reserved"])

    def counts(self, *, chosen_only: bool = True) -> dict[Phase, int]:
        """How many purchases stand in each phase."""
        where = "WHERE chosen = 1" if chosen_only else ""
        rows = self._rows(f"SELECT phase, count(*) AS n FROM purchase {where} GROUP BY phase")  # noqa: S608
        return {Phase(row["phase"]): row["n"] for row in rows}

    def image_counts(self) -> dict[Phase, int]:
        """How many of this run's wanted images stand in each phase; images that share a purchase count each."""
        rows = self._rows(
            "SELECT phase, count(*) AS n FROM task JOIN purchase USING (key)"
            " WHERE wanted = 1 AND chosen = 1 GROUP BY phase"
        )
        return {Phase(row["phase"]): row["n"] for row in rows}

    def known(self) -> dict[str, Known]:
        """What was bought or begun, by key, for the difference shown by a plan."""
        rows = self._rows(
            "SELECT record, phase, wanted FROM task JOIN purchase USING (key) ORDER BY wanted, task.rowid"
        )
        found: dict[str, Known] = {}
        with _legible(self.path):
            for row in rows:
                task = task_from_json(json.loads(row["record"]))
                found[task.key] = Known(task=task, phase=row["phase"], wanted=bool(row["wanted"]))
        return found

    def view(self) -> RunView:
        """All a report needs, in the order of the spec; what is no longer wanted comes last."""
        rows = self._rows(
            "SELECT record, wanted, purchase.* FROM task JOIN purchase USING (key) ORDER BY wanted DESC, position, id"
        )
        with _legible(self.path):
            entries = tuple(_entry(row) for row in rows)
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
        )

    # Work -----------------------------------------------------------------------------------------------------------

    def claim(self, limit: int) -> list[Work]:
        """Up to ``limit`` images that can be brought on now and are not claimed yet in this process.

        What was already sent comes first; an edit waits until its parent is stored.
        """
        marks = ", ".join("?" * len(_OPEN_PHASES))
        rows = self._rows(
            "SELECT purchase.*, record FROM purchase JOIN task USING (key)"  # noqa: S608
            f" WHERE chosen = 1 AND phase IN ({marks}) AND key NOT IN (SELECT key FROM claimed)"
            " AND (parent IS NULL OR phase != 'planned'"
            "      OR EXISTS (SELECT 1 FROM purchase AS up WHERE up.key = purchase.parent AND up.phase = 'stored'))"
            " GROUP BY purchase.key ORDER BY phase = 'planned', number LIMIT ?",
            (*_OPEN_PHASES, limit),
        )
        with self._transaction() as db:
            db.executemany("INSERT INTO claimed VALUES (?)", [(row["key"],) for row in rows])
        with _legible(self.path):
            return [_work(row) for row in rows]

    def save(self, purchases: Sequence[Purchase], cap: Decimal | None) -> list[bool]:
        """Commit new states together; the money a state holds is debited in the same transaction.

        Returns one answer per purchase: False where its money would pass ``cap`` (USD, spent and reserved together,
        over the life of the folder); that state is then not written.
        """
        with self._transaction():
            return [self._save(purchase, cap) for purchase in purchases]

    def _save(self, purchase: Purchase, cap: Decimal | None) -> bool:
        before = self.purchase(purchase.key)
        (spent_before, reserved_before), (spent, reserved) = exposure(before), exposure(purchase)
        more_spent, more_reserved = spent - spent_before, reserved - reserved_before
        if cap is not None and more_spent + more_reserved > 0:
            ledger = self._db.execute("SELECT spent + reserved AS held FROM ledger").fetchone()
            if ledger["held"] + more_spent + more_reserved > whole_micros(cap):
                return False
        self._db.execute("UPDATE ledger SET spent = spent + ?, reserved = reserved + ?", (more_spent, more_reserved))
        self._db.execute(f"UPDATE purchase SET {_SET_COLUMNS} WHERE key = ?", (*to_row(purchase), purchase.key))  # noqa: S608
        if purchase.phase in (Phase.FAILED, Phase.REFUSED):
            self._skip_children(purchase.key)
        return True

    def _skip_children(self, key: str) -> None:
        """An edit whose parent has no image is skipped, and so are its own edits."""
        failure = json.dumps({"code": "parent_failed", "message": "the image it edits could not be made"})
        self._db.execute(_SKIP_BELOW, (key, failure))

    def purchase(self, key: str) -> Purchase:
        """A purchase by its key."""
        (row,) = self._rows("SELECT * FROM purchase WHERE key = ?", (key,))
        with _legible(self.path):
            return from_row(row)

    def witness(self, key: str) -> str | None:
        """The business id of another purchase that the provider accepted, newest first: the positive control."""
        rows = self._rows(
            "SELECT business_id FROM purchase WHERE remote_id IS NOT NULL AND business_id IS NOT NULL AND key != ?"
            " ORDER BY number DESC LIMIT 1",
            (key,),
        )
        return str(rows[0]["business_id"]) if rows else None

    def uploaded(self, sha256: str, since: float) -> str | None:
        """The URL of a reference uploaded at or after ``since`` (Unix seconds)."""
        rows = self._rows("SELECT url FROM upload WHERE sha256 = ? AND at >= ?", (sha256, since))
        return str(rows[0]["url"]) if rows else None

    def remember_upload(self, sha256: str, url: str, now: float) -> None:
        """Keep an upload's URL; committed at once."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO upload VALUES (?, ?, ?)", (sha256, url, now))

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        with _translated(self.path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise


_ID_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"

_ADD_PURCHASE: Final = (
    "INSERT INTO purchase (key, number, parent, place, stem, phase) VALUES (?, ?, ?, ?, ?, 'planned')"
    " ON CONFLICT (key) DO NOTHING"
)
_ADD_TASK: Final = (
    "INSERT INTO task (id, key, position, wanted, record) VALUES (?, ?, ?, 1, ?)"
    " ON CONFLICT (id) DO UPDATE SET key = excluded.key, position = excluded.position, wanted = 1,"
    " record = excluded.record"
)
_SKIP_BELOW: Final = (
    "WITH RECURSIVE below (key) AS (SELECT key FROM purchase WHERE parent = ?1"
    " UNION SELECT purchase.key FROM purchase JOIN below ON purchase.parent = below.key)"
    " UPDATE purchase SET phase = 'skipped', failure = ?2 WHERE phase = 'planned' AND key IN below"
)


def _open(path: Path) -> sqlite3.Connection:
    """To read and write; a file that is new or empty gets its tables, all or none."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
    with _closed_on_error(db):
        found = _version(db, path)
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA synchronous = EXTRA")
        if found == 0:
            db.executescript(f"BEGIN IMMEDIATE; {_schema()} PRAGMA user_version = {VERSION}; COMMIT;")
        db.execute("CREATE TEMP TABLE claimed (key TEXT PRIMARY KEY) WITHOUT ROWID")
    return db


def _open_to_read(path: Path) -> sqlite3.Connection:
    """To look only; what a killed process left half written is rolled back, which SQLite's ``mode=ro`` cannot do.

    A file that a process was killed at creating reads as an empty run.
    """
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
    with _closed_on_error(db):
        found = _version(db, path)
    if found == 0:
        db.close()
        db = sqlite3.connect(":memory:", isolation_level=None)
        db.executescript(_schema())
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("PRAGMA query_only = ON")
    return db


def _version(db: sqlite3.Connection, path: Path) -> int:
    """The format of the file, 0 for an empty one; raises StateUnusable for one that is not for us."""
    found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise StateUnusable(f"{path} was written by a newer flux-batch (format {found}); this one knows {VERSION}")
    if found == 0 and db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise StateUnusable(f"{path} is not a run of flux-batch; choose another folder")
    return found


def _schema() -> str:
    return resources.files("flux_batch.run").joinpath("schema.sql").read_text(encoding="utf-8")


@contextmanager
def _closed_on_error(db: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        db.close()
        raise


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LocalFailure(
            f"{path}: {error}. Nothing more is sent; free space or mend the disk, then run again"
        ) from error


@contextmanager
def _legible(path: Path) -> Iterator[None]:
    """Where SQLite gave back something that we never wrote."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        raise LocalFailure(
            f"{path} is damaged: {error}. Nothing more is sent; put a copy of it in its place"
        ) from error


def _digest(plan: Plan, spec: Spec) -> str:
    """Everything ``register`` writes, in one hash."""
    facts = (plan.name, plan.spec_file, plan.spec_sha256, plan.prices, spec.budget, spec.report)
    digest = hashlib.sha256(f"{facts}\n".encode())
    for task in plan.tasks:
        digest.update(f"{task.id} {task.key} {task.stem} {task.key in plan.selected} {task.price}\n".encode())
    return digest.hexdigest()


def _free_stem(task: Task, places: set[str]) -> str:
    """The wanted name, or one with the key where another image already has it: nothing is overwritten."""
    names = (task.stem, f"{task.stem}-{task.key[:8]}", f"{task.stem}-{task.key}")
    stem = next(name for name in names if same_place(name) not in places)
    places.add(same_place(stem))
    return stem


def _task_row(position: int, task: Task) -> tuple[str, str, int, str]:
    return task.id, task.key, position, json.dumps(task_to_json(task), ensure_ascii=False)


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(task=task_from_json(json.loads(row["record"])), purchase=from_row(row), wanted=bool(row["wanted"]))


def _work(row: Mapping[str, Any]) -> Work:
    purchase, task = from_row(row), task_from_json(json.loads(row["record"]))
    if purchase.phase is Phase.PLANNED:
        purchase = replace(purchase, price=task.price)
    return Work(
        purchase=purchase,
        task=task,
        number=row["number"],
        stem=row["stem"],
    )


def _report_to_json(report: ReportOptions) -> dict[str, Any]:
    return {"title": report.title, "rows": report.rows, "columns": report.columns, "tabs": list(report.tabs)}


def _report_from_json(value: Mapping[str, Any]) -> ReportOptions:
    return ReportOptions(**{**value, "tabs": tuple(value.get("tabs", ()))})
