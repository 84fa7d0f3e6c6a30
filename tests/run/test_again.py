"""The plan that a state file is about, against the same one made anew: the same money, the same missing images."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.records import Plan
from flux_batch.run.again import basis
from flux_batch.run.again.basis import basis_in
from flux_batch.run.again.registered import Registered
from flux_batch.run.asked import Fresh
from flux_batch.run.records import Phase, StoredFile
from flux_batch.run.store.state import FILE, StateFile

from .kit import make_plan_with, make_task, plain_spec

SPEC = plain_spec("execution: {submit_rate: 2.5, poll: {first: 1.5}, when_uncertain: hold}\nbudget: {max: 1.10}\n")
NAMES = [phase.value for phase in Phase]
TASKS = [make_task(name, price=None if name == "held" else "0.04") for name in NAMES]
PRO, MAX = TASKS[0], replace(make_task("max", price="0.08"), model="flux-kontext-max")
PLAN = make_plan_with(
    *TASKS,
    MAX,
    replace(PRO, id="twice"),
    *(make_task(f"new {number}") for number in range(3)),
    make_task("dear", price="9"),
)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateFile]:
    """An empty one, for plans of any size."""
    monkeypatch.setattr(basis, "TASKS_MIN", 1)
    with StateFile(tmp_path / FILE) as opened:
        yield opened


def taken_over(state: StateFile, plan: Plan) -> tuple[Fresh, Registered]:
    """A plan, and the same from the state file."""
    fresh = Fresh(plan=plan, spec=SPEC, selection=Selection())
    fresh.take_over(state, fresh.estimate(state, retry_failed=False, resend=True), now=0.0, retry_failed=False)
    found = basis_in(state)
    assert found
    again = Fresh(plan=plan, spec=SPEC, selection=Selection())
    return again, Registered(basis=found, source=SPEC.source, settings=(), afresh=lambda: again)


def stand_by_name(state: StateFile) -> None:
    """One image in every phase; the others are not bought yet."""
    for task in TASKS:
        name = task.axes["thing"]
        state.db.execute("UPDATE purchase SET phase = ? WHERE key = ?", (name, task.key))


@pytest.mark.parametrize("resend", [True, False])
@pytest.mark.parametrize("names", [None, [*NAMES, "max"], ["stored", "new 2", "held"], ["stored"]])
def test_what_is_left_costs_the_same(state: StateFile, names: list[str] | None, resend: bool) -> None:
    """Images that share a purchase, two models, one price for two, one that nobody knows, and any selection."""
    plan = replace(PLAN, selected=PLAN.selected if names is None else make_plan_with(*map(make_task, names)).selected)
    fresh, registered = taken_over(state, plan)
    for _ in range(2):
        cost = fresh.estimate(state, retry_failed=False, resend=resend)
        assert registered.estimate(state, resend=resend) == cost
        stand_by_name(state)
    assert cost.new + cost.resumed + cost.reused + cost.failed == len(plan.selected)


def test_a_price_that_nobody_knows_stays_unknown(state: StateFile) -> None:
    """A budget is refused then, both ways."""
    _, registered = taken_over(state, make_plan_with(make_task("a", price=None), make_task("b")))
    cost = registered.estimate(state, resend=True)
    assert (cost.new, cost.cost, cost.from_scratch) == (2, Decimal(0), Decimal("0.04"))
    assert cost.unpriced == ("flux-kontext-pro",)


def test_what_a_run_needs_of_the_spec_comes_back_as_it_was(state: StateFile) -> None:
    """Money as decimals, seconds as numbers."""
    _, registered = taken_over(state, PLAN)
    assert repr((registered.budget, registered.execution)) == repr((SPEC.budget, SPEC.execution))
    assert registered.folder == SPEC.folder


def test_the_changes_are_those_of_the_plan(state: StateFile) -> None:
    """For whoever wants to look at them before consenting."""
    fresh, registered = taken_over(state, PLAN)
    stand_by_name(state)
    assert list(registered.changes(state, retry_failed=False)) == list(fresh.changes(state, retry_failed=False))


def test_the_same_images_are_missing(state: StateFile) -> None:
    """One gone, one shorter, one a folder, one that nobody asks for now, one sent back before and there again."""
    names = ["fine", "gone", "short", "folder", "unwanted", "back", "unwanted back"]
    plan = make_plan_with(*map(make_task, names), selected=[name for name in names if "unwanted" not in name])
    fresh, registered = taken_over(state, plan)
    home = state.path.parent
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc"
    for name in names:
        file = StoredFile(path=f"{name}.png", sha256=sha256, bytes=3, width=1, height=1, mime="image/png")
        told, phase = json.dumps(asdict(file)), "ready" if "back" in name else "stored"
        state.db.execute("UPDATE purchase SET phase = ?, file = ? WHERE key = ?", (phase, told, make_task(name).key))
        (home / f"{name}.png").write_text("abc")
    (home / "gone.png").unlink()
    (home / "unwanted.png").unlink()
    (home / "short.png").write_text("ab")
    (home / "folder.png").unlink()
    (home / "folder.png").mkdir()
    before = list(state.db.tuples("SELECT key, phase FROM purchase ORDER BY number"))
    assert fresh.mended(state, home) == 3
    mended = list(state.db.tuples("SELECT key, phase FROM purchase ORDER BY number"))
    assert [phase for _, phase in mended] == ["stored", "ready", "ready", "ready", "stored", "stored", "stored"]
    state.db.execute_all("UPDATE purchase SET phase = ? WHERE key = ?", [(phase, key) for key, phase in before])
    assert registered.mended(state, home) == 3
    assert list(state.db.tuples("SELECT key, phase FROM purchase ORDER BY number")) == mended


def test_a_plan_that_was_taken_over_is_let_go(state: StateFile) -> None:
    """What a run still asks of it stays: where references lie, its budget and its pace."""
    fresh = Fresh(plan=PLAN, spec=SPEC, selection=Selection())
    fresh.take_over(state, fresh.estimate(state, retry_failed=False, resend=True), now=0.0, retry_failed=False)
    assert not fresh.plan.tasks
    assert (fresh.folder, fresh.budget, fresh.execution) == (SPEC.folder, SPEC.budget, SPEC.execution)
