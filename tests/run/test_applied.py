"""The note in a plan file: who carries it out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flux_batch.errors import PlanMoved
from flux_batch.plan.saved import Applied, SavedPlan, read_saved_plan
from flux_batch.run.store.applied import note_applied, run_id_in

NOW = 1_795_000_000.0


@pytest.fixture
def saved(tmp_path: Path) -> SavedPlan:
    """A plan file that nobody carried out, as read before a run."""
    path = tmp_path / "plans/plan.json"
    path.parent.mkdir()
    value = {
        "kind": "flux-batch plan", "format": 1, "name": "x", "spec": "x.yaml", "selection": {}, "settings": [],
        "out": None, "promised": {"kept": ["as it is", 1, None]},
    }  # fmt: skip
    path.write_text(json.dumps(value), encoding="utf-8")
    return read_saved_plan(path)


def test_the_note_names_the_run_and_changes_nothing_else(saved: SavedPlan, tmp_path: Path) -> None:
    """The folder as it is found from the plan, the run's id, and the time; no other file is left."""
    note_applied(saved, tmp_path / "runs/x", "abcd2345", now=NOW)
    after = read_saved_plan(saved.path)
    assert after.applied == Applied(folder="../runs/x", run="abcd2345", at="2026-11-18T11:06:40Z")
    assert (after.promised, after.name, after.spec) == (saved.promised, saved.name, saved.spec)
    assert list(saved.path.parent.iterdir()) == [saved.path]


def test_each_task_stays_a_line(saved: SavedPlan, tmp_path: Path) -> None:
    """As the plan was written: the note adds its own lines and joins or breaks none."""
    value = json.loads(saved.path.read_text(encoding="utf-8"))
    value["promised"]["tasks"] = [{"id": "a", "axes": {"n": "1"}}, {"id": "b", "axes": {}}]
    saved.path.write_text(json.dumps(value), encoding="utf-8")
    note_applied(saved, tmp_path / "runs/x", "abcd2345", now=NOW)
    lines = [line.strip() for line in saved.path.read_text(encoding="utf-8").splitlines()]
    assert '{"id": "a", "axes": {"n": "1"}},' in lines
    assert '{"id": "b", "axes": {}}' in lines


def test_the_same_run_may_note_it_again(saved: SavedPlan, tmp_path: Path) -> None:
    """After a crash between the note and the first request the run goes on; the first note stays."""
    note_applied(saved, tmp_path / "runs/x", "abcd2345", now=NOW)
    text = saved.path.read_text(encoding="utf-8")
    for before in (saved, read_saved_plan(saved.path)):
        note_applied(before, tmp_path / "runs/x", "abcd2345", now=NOW + 60)
    assert saved.path.read_text(encoding="utf-8") == text


def test_another_run_is_refused_although_it_read_the_plan_before(saved: SavedPlan, tmp_path: Path) -> None:
    """What counts is what stands in the file at the moment of writing."""
    note_applied(saved, tmp_path / "runs/x", "abcd2345", now=NOW)
    with pytest.raises(PlanMoved, match="was applied already"):
        note_applied(saved, tmp_path / "runs/y", "zzzz9999", now=NOW)


def test_what_a_killed_process_left_is_in_nobodys_way(saved: SavedPlan, tmp_path: Path) -> None:
    """A lock whose holder is gone, and half a file."""
    (saved.path.parent / ".plan.json.lock").touch()
    (saved.path.parent / ".plan.json.part").write_text('{"kind": "flux')
    note_applied(saved, tmp_path / "runs/x", "abcd2345", now=NOW)
    assert list(saved.path.parent.iterdir()) == [saved.path]


def test_a_folder_without_a_run_has_no_id(tmp_path: Path) -> None:
    """And gets no file by being asked."""
    assert run_id_in(tmp_path) is None
    assert not list(tmp_path.iterdir())
