"""What a run is about: taking a plan over into the state file, and starting over where that is allowed."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from itertools import compress
from pathlib import Path
from typing import Any, Final

from flux_batch.plan.codec import price_to_json, task_to_json
from flux_batch.plan.expansion.naming import same_place
from flux_batch.plan.records import Plan, Task
from flux_batch.plan.totals.columns import AllKeys, Columns, chosen, columns_of
from flux_batch.run.store.rows import exposure, from_row
from flux_batch.run.store.state import StateFile
from flux_batch.spec.records import ReportOptions, Spec

REGISTERED: Final = "registered"
"""Where the state file has the digest of the plan that it is about."""

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

_CHOOSE: Final = "UPDATE purchase SET chosen = 2 WHERE key = ?"
_CHOOSE_ALL: Final = (
    "UPDATE purchase SET chosen = 2 WHERE EXISTS (SELECT 1 FROM task WHERE task.key = purchase.key AND wanted = 1)"
)
_DROP_TASKS: Final = (
    "DELETE FROM task WHERE wanted = 0 AND EXISTS (SELECT 1 FROM purchase WHERE purchase.key = task.key"
    " AND phase IN ('planned', 'skipped') AND (generation = 1 OR ?))"
)
_DROP_PURCHASES: Final = (
    "DELETE FROM purchase WHERE phase IN ('planned', 'skipped') AND (generation = 1 OR ?)"
    " AND key NOT IN (SELECT key FROM task)"
)


def register(state: StateFile, plan: Plan, spec: Spec, *, now: float, retry_failed: bool = False) -> None:
    """Take over a plan in one transaction: what is wanted, what this run is about, and under which names.

    A plan that is registered already changes no byte.
    """
    digest = _digest(plan, spec)
    if state.meta(REGISTERED) == digest and not retry_failed:
        return
    with state.db.transaction():
        state.set_meta(REGISTERED, digest)
        _describe(state, plan, spec, now)
        _add_purchases(state, plan)
        state.db.execute("UPDATE purchase SET chosen = phase IN ('intent', 'uncertain', 'held', 'submitted', 'ready')")
        state.db.execute("UPDATE task SET wanted = 0")
        state.db.execute_all(_ADD_TASK, (_task_row(position, task) for position, task in enumerate(plan.tasks)))
        if isinstance(plan.selected, AllKeys):
            state.db.execute(_CHOOSE_ALL)
        else:
            state.db.execute_all(_CHOOSE, ((key,) for key in sorted(plan.selected)))
        _drop_unbought(state)
        _reopen(state, retry_failed=retry_failed)


def _describe(state: StateFile, plan: Plan, spec: Spec, now: float) -> None:
    state.set_meta("name", plan.name)
    state.set_meta("spec_file", plan.spec_file)
    state.set_meta("spec_sha256", plan.spec_sha256)
    state.set_meta("inputs", json.dumps({file.path: file.sha256 for file in plan.inputs}))
    state.set_meta("prices", json.dumps([price_to_json(price) for price in plan.prices]))
    state.set_meta("report", json.dumps(_report_to_json(spec.report)))
    state.set_meta("draft", json.dumps(_draft_to_json(spec, state.path.parent)))
    state.set_meta("budget_max", "" if spec.budget.max is None else str(spec.budget.max))
    if state.meta("created") is None:
        state.set_meta("created", repr(now))
        state.set_meta("run_id", "".join(secrets.choice(_ID_LETTERS) for _ in range(8)))


def _add_purchases(state: StateFile, plan: Plan) -> None:
    """Number and name what is new. A number is part of business ids, so one that was given is never given again."""
    known = {key for key, _ in state.db.tuples("SELECT key, phase FROM purchase")}
    numbers = state.db.rows("SELECT max(number) AS number FROM purchase")
    number = max(int(state.meta("numbered") or 0), numbers[0]["number"] or 0)
    for key, parent, stem in _purchases(columns_of(plan.tasks)):
        if key in known:
            continue
        # Within a plan no two images have one name, so in a new folder all are free.
        free = _free_stem(state, stem, key) if known else stem
        number += 1
        state.db.execute(_ADD_PURCHASE, (key, number, parent, same_place(free), free))
    state.set_meta("numbered", str(number))


def _purchases(tasks: Columns) -> Iterator[tuple[str, str | None, str]]:
    """Key, parent's key and wanted name of everything that is bought once."""
    return compress(zip(tasks.keys(), tasks.parent_keys(), tasks.stems(), strict=True), tasks.firsts())


def _drop_unbought(state: StateFile) -> None:
    """Forget what is neither wanted nor ever sent.

    A later generation follows one that was sent, so it stays; in a rehearsal nothing was.
    """
    rehearsal = state.meta("rehearsal") == "1"
    state.db.execute(_DROP_TASKS, (rehearsal,))
    state.db.execute(_DROP_PURCHASES, (rehearsal,))


def _reopen(state: StateFile, *, retry_failed: bool) -> None:
    """Give skipped images, and on request failed ones, another chance; a new generation is a new purchase."""
    if retry_failed:
        state.db.execute(
            "UPDATE purchase SET phase = 'planned', generation = generation + 1, sends = 0, business_id = NULL,"
            " body = NULL, remote_id = NULL, result_url = NULL, expires_at = NULL, failure = NULL"
            " WHERE chosen = 2 AND phase IN ('failed', 'refused')"
        )
    state.db.execute("UPDATE purchase SET phase = 'planned', failure = NULL WHERE phase = 'skipped'")
    for row in state.db.rows("SELECT key FROM purchase WHERE phase IN ('failed', 'refused')"):
        state.skip_below(row["key"])


def forget_unfinished(state: StateFile) -> None:
    """For rehearsals only, whose provider is gone with its process: start what was not stored again."""
    with state.db.transaction():
        state.db.execute(
            "UPDATE purchase SET phase = 'planned', sends = 0, business_id = NULL, body = NULL, remote_id = NULL,"
            " result_url = NULL, expires_at = NULL, file = NULL, failure = NULL, times = '{}',"
            " generation = generation + 1"
            " WHERE phase NOT IN ('stored', 'planned')"
        )
        state.db.execute("DELETE FROM upload")
        state.db.execute("DELETE FROM answer")
        with state.db.legible():
            spent = sum(exposure(from_row(row))[0] for row in state.db.rows("SELECT * FROM purchase"))
        state.db.execute("UPDATE ledger SET spent = ?, reserved = 0", (spent,))


def _digest(plan: Plan, spec: Spec) -> str:
    """Everything ``register`` writes, in one hash."""
    facts = (
        plan.name,
        plan.spec_file,
        plan.spec_sha256,
        plan.inputs,
        plan.prices,
        spec.budget,
        spec.report,
        spec.draft,
    )
    digest = hashlib.sha256(f"{facts}\n".encode())
    tasks = columns_of(plan.tasks)
    told = zip(tasks.keys(), tasks.stems(), chosen(tasks, plan.selected), tasks.offers(), strict=True)
    for place, (key, stem, is_chosen, offer) in enumerate(told):
        line = f"{tasks.id_of(place, key)} {key} {stem} {bool(is_chosen)} {tasks.offer(offer)[1]}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def _free_stem(state: StateFile, stem: str, key: str) -> str:
    """The wanted name, or one with the key where another image already has it: nothing is overwritten."""
    names = (stem, f"{stem}-{key[:8]}", f"{stem}-{key}")
    taken = "SELECT 1 FROM purchase WHERE place = ?"
    return next(name for name in names if not state.db.rows(taken, (same_place(name),)))


def _task_row(position: int, task: Task) -> tuple[str, str, int, str]:
    return task.id, task.key, position, json.dumps(task_to_json(task), ensure_ascii=False)


def _report_to_json(report: ReportOptions) -> dict[str, Any]:
    return {name: value for name, value in asdict(report).items() if value is not None}


def _draft_to_json(spec: Spec, folder: Path) -> dict[str, Any] | None:
    """The draft's folder as it is found from the run folder: the two are copied together, the spec stays behind."""
    if spec.draft is None:
        return None
    try:
        way = os.path.relpath(spec.folder / spec.draft.folder, folder)
    except ValueError:  # another drive of Windows
        way = spec.draft.folder
    return {**asdict(spec.draft), "folder": Path(way).as_posix()}
