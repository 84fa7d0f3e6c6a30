"""A saved plan against a real server: carried out once, or refused with what moved."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from typing import Any

from .kit import FAST, Desk

QUICK = "specs/quickstart.yaml"
RUN = ("run", "plan.json", "--yes", "--submit-rate", "0")


def saved(desk: Desk, *more: str, spec: str = QUICK, to: str = "plan.json") -> None:
    """A plan of two images."""
    assert desk("plan", spec, "--limit", "2", *FAST[:2], "-o", to, *more).code == 0


def applied(desk: Desk, path: str = "plan.json") -> dict[str, Any] | None:
    """The note in a plan file."""
    note: dict[str, Any] | None = json.loads((desk.home / path).read_text(encoding="utf-8"))["applied"]
    return note


def test_a_plan_is_carried_out_once(live_desk: Desk) -> None:
    """The same again does nothing; in another folder, or after the state is gone, it is refused, unsent."""
    saved(live_desk)
    assert applied(live_desk) is None
    assert live_desk(*RUN).code == 0
    note = applied(live_desk)
    assert note is not None
    assert note["folder"] == "runs/quickstart"
    sent = live_desk.requests()
    assert live_desk(*RUN).code == 0
    assert live_desk.requests() == sent
    other = live_desk(*RUN, "--out", "runs/other")
    assert other.code == 3
    assert f"in runs/quickstart (run {note['run']}); in runs/other there is no run" in other.err
    shutil.rmtree(live_desk.home / "runs")
    again = live_desk(*RUN)
    assert again.code == 3
    assert "was applied already" in again.err
    assert not (live_desk.home / "runs").exists()
    assert live_desk.requests() == sent


def test_planning_again_is_the_way_on(live_desk: Desk) -> None:
    """A new plan carries no note, and is about what that state lacks."""
    saved(live_desk)
    assert live_desk(*RUN).code == 0
    saved(live_desk)
    assert applied(live_desk) is None
    assert live_desk(*RUN).code == 0
    assert applied(live_desk) is None  # there was nothing to buy, so nothing could be bought twice


def test_of_two_at_once_one_buys(live_desk: Desk) -> None:
    """Two processes, two run folders, one plan."""
    saved(live_desk)
    commands = [
        [sys.executable, "-m", "flux_batch", *RUN, "--out", f"runs/{name}", "--json"] for name in ("one", "two")
    ]
    begun = [
        subprocess.Popen(
            command, cwd=live_desk.home, env=live_desk.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for command in commands
    ]
    told = [process.communicate(timeout=120) for process in begun]
    assert sorted(process.returncode for process in begun) == [0, 3], told
    stored = list((live_desk.home / "runs").glob("*/images/**/*.*"))
    assert len(stored) == 2
    assert not list(live_desk.home.glob(".plan.json*"))


def test_a_plan_file_of_the_least_rights_is_marked_all_the_same(live_desk: Desk) -> None:
    """As build artifacts come; its rights stay as they were."""
    saved(live_desk)
    plan = live_desk.home / "plan.json"
    plan.chmod(0o444)
    assert live_desk(*RUN).code == 0
    assert applied(live_desk) is not None
    assert stat.S_IMODE(plan.stat().st_mode) == 0o444


def test_a_plan_that_cannot_be_marked_is_refused(live_desk: Desk) -> None:
    """Nothing would keep it from being bought twice."""
    saved(live_desk)
    (live_desk.home / ".plan.json.part").mkdir()
    result = live_desk(*RUN)
    assert result.code == 3
    assert "cannot be marked as applied" in result.err
    assert "copy it to a folder that can be written" in result.err
    assert not list((live_desk.home / "runs").glob("*/images/**/*.*"))


def test_a_plan_moves_with_its_project(live_desk: Desk) -> None:
    """Paths are relative to the file, whatever the folder it is run from."""
    (live_desk.home / "plans").mkdir()
    saved(live_desk, "--out", "runs/here", to="plans/plan.json")
    project = live_desk.home / "moved"
    project.mkdir()
    for name in ("plans", "specs"):
        (live_desk.home / name).rename(project / name)
    result = live_desk("run", "moved/plans/plan.json", "--yes", "--submit-rate", "0", "--json")
    assert result.code == 0, result.err
    assert result.json["stored"] == 2
    assert (project / "runs/here/state.sqlite").is_file()
    note = applied(live_desk, "moved/plans/plan.json")
    assert note is not None
    assert note["folder"] == "../runs/here"


def test_a_table_and_a_house_style_that_moved_are_both_named(desk: Desk) -> None:
    """All at once, before a key is asked for, and with exit code 3."""
    desk.write("house.yaml", "version: 1\nvariables: {light: soft}\n")
    desk.write("products.csv", "name\nmug\npot\n")
    desk.write(
        "a.yaml",
        'version: 1\nextends: house.yaml\nprompt: "{{ product }}, {{ light }}"\n'
        "variables: {product: {from: products.csv}}\n",
    )
    saved(desk, spec="a.yaml")
    desk.write("house.yaml", "version: 1\nvariables: {light: hard}\n")
    desk.write("products.csv", "name\ncup\npot\n")
    result = desk(*RUN)
    assert result.code == 3
    assert "house.yaml changed; products.csv changed. Nothing was sent; plan again" in result.err


def test_a_plan_given_as_a_spec_is_told_apart(desk: Desk) -> None:
    """`plan` and `validate` name the command that it is for, and not ten keys that no spec has."""
    saved(desk)
    for command in ("plan", "validate"):
        result = desk(command, "plan.json")
        assert result.code == 2
        assert (
            result.err == "flux-batch: plan.json is a saved plan, no spec: flux-batch run plan.json does what it says\n"
        )


def test_what_to_type_next_names_the_profile(desk: Desk) -> None:
    """As it was typed, so that the next command buys what this one showed."""
    desk.write("p.yaml", "version: 1\nprompt: a mug\nprofiles: {final: {repeat: 2}}\n")
    result = desk("plan", "p.yaml", "--profile", "final", "--set", "budget.max=3")
    assert "flux-batch run p.yaml --profile final --set budget.max=3\n" in result.err
