"""Whose run it is: never go on with another account while something is under way, and never keep the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flux_batch.api.settings import ApiSettings, api_settings
from flux_batch.errors import StateUnusable
from flux_batch.run.folder.identity import claim_identity, keep_apart
from flux_batch.run.records import Phase
from flux_batch.run.store.registry import register
from flux_batch.run.store.rows import FINAL
from flux_batch.run.store.state import FILE, StateFile

from .conftest import MakeBench
from .kit import KEY, MATRIX, key_of, make_plan_with, make_task, plain_spec, stored, usd

BASE = "https://toapis.com/v1"
MINE = api_settings(BASE, KEY)
OTHERS = {
    "key": api_settings(BASE, KEY + "-other"),
    "server": api_settings("https://toapis.example/v1", KEY),
}
UNDER_WAY = [phase for phase in Phase if phase not in FINAL and phase is not Phase.PLANNED]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFile]:
    """A state file with two images, begun with our key."""
    with StateFile(tmp_path / FILE) as opened:
        register(opened, make_plan_with(make_task("mug"), make_task("plant")), plain_spec(), now=0.0)
        claim_identity(opened, MINE, rehearsal=False)
        yield opened


def put(state: StateFile, phase: Phase) -> None:
    """Bring one image into a phase."""
    purchase = replace(state.purchase(key_of("mug")), phase=phase, sends=1, price=usd("0.04"))
    state.save([purchase], None)


def facts(state: StateFile) -> list[str | None]:
    """All that identity notes."""
    return [state.meta(name) for name in ("base_url", "key_salt", "key_mark", "rehearsal")]


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("phase", UNDER_WAY)
def test_another_account_is_refused_while_images_are_under_way(state: StateFile, phase: Phase, what: str) -> None:
    """It would not find them, and buy them again; the message says what to do."""
    put(state, phase)
    before = facts(state)
    with pytest.raises(
        StateUnusable, match=rf"1 images? .*under way with another {what}.*go on with that one"
    ) as caught:
        claim_identity(state, OTHERS[what], rehearsal=False)
    assert facts(state) == before
    assert KEY not in str(caught.value)
    claim_identity(state, MINE, rehearsal=False)


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("phase", [Phase.PLANNED, *sorted(FINAL)])
def test_another_account_may_go_on_when_nothing_is_under_way(state: StateFile, phase: Phase, what: str) -> None:
    """From then on the run is the other one's."""
    put(state, phase)
    claim_identity(state, OTHERS[what], rehearsal=False)
    put(state, Phase.SUBMITTED)
    with pytest.raises(StateUnusable):
        claim_identity(state, MINE, rehearsal=False)


def test_images_of_another_selection_count_too(state: StateFile) -> None:
    """What is under way is under way, whether this run is about it or not."""
    put(state, Phase.SUBMITTED)
    register(state, make_plan_with(make_task("plant")), plain_spec(), now=0.0)
    with pytest.raises(StateUnusable):
        claim_identity(state, OTHERS["key"], rehearsal=False)


def test_the_same_account_changes_no_byte(state: StateFile) -> None:
    """Said once, it is known."""
    before = state.path.read_bytes()
    claim_identity(state, MINE, rehearsal=False)
    assert state.path.read_bytes() == before


def test_the_mark_is_no_oracle(tmp_path: Path) -> None:
    """Two runs with one key have different marks, so that a mark cannot be looked up."""
    marks = []
    for name in ("one", "two"):
        with StateFile(tmp_path / name) as state:
            claim_identity(state, MINE, rehearsal=False)
            marks.append(state.meta("key_mark"))
    assert marks[0] != marks[1]


def test_the_key_is_in_no_byte_of_the_run_folder(make_bench: MakeBench) -> None:
    """Neither whole nor in the encodings it travels in."""
    import base64

    bench = make_bench()
    assert stored(bench.run(MATRIX)) == 12
    forms = {KEY.encode(), base64.b64encode(KEY.encode()), KEY.encode().hex().encode(), KEY.encode("utf-16-le")}
    for path in bench.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [form for form in forms if form in data], path


class TestRehearsals:
    """A rehearsal and the real thing never share a folder."""

    def test_a_rehearsal_in_a_real_run_is_refused(self, state: StateFile) -> None:
        """It would forget what is paid."""
        put(state, Phase.SUBMITTED)
        with pytest.raises(StateUnusable, match="real run"):
            keep_apart(state, rehearsal=True)
        assert state.purchase(key_of("mug")).phase is Phase.SUBMITTED

    def test_a_real_run_in_a_rehearsal_is_refused(self, tmp_path: Path) -> None:
        """It would take drawn pictures for bought ones."""
        with StateFile(tmp_path / FILE) as state:
            register(state, make_plan_with(make_task("mug")), plain_spec(), now=0.0)
            claim_identity(state, MINE, rehearsal=True)
            put(state, Phase.STORED)
            with pytest.raises(StateUnusable, match="rehearsal"):
                keep_apart(state, rehearsal=False)

    def test_a_folder_in_which_nothing_was_begun_can_be_used_for_either(self, state: StateFile) -> None:
        """A plan that was declined holds nothing to protect."""
        keep_apart(state, rehearsal=True)
        claim_identity(state, settings_at(4000), rehearsal=True)
        keep_apart(state, rehearsal=False)
        claim_identity(state, MINE, rehearsal=False)

    def test_a_second_rehearsal_goes_on(self, tmp_path: Path) -> None:
        """With whatever port the simulator has this time."""
        with StateFile(tmp_path / FILE) as state:
            claim_identity(state, settings_at(4000), rehearsal=True)
            claim_identity(state, settings_at(5000), rehearsal=True)
            assert facts(state) == ["simulator", None, None, "1"]

    def test_a_finished_rehearsal_is_no_finished_run(self, make_bench: MakeBench) -> None:
        """Although there is nothing left to do in it."""
        bench = make_bench()
        bench.run(MATRIX, rehearsal=True)
        with pytest.raises(StateUnusable, match="only drawn"):
            bench.run(MATRIX)

    def test_a_whole_rehearsal_in_a_real_folder_touches_nothing(self, make_bench: MakeBench) -> None:
        """From the session down: refused before anything is forgotten."""
        bench = make_bench()
        bench.run(MATRIX)
        before = bench.view()
        with pytest.raises(StateUnusable):
            bench.run(MATRIX, rehearsal=True, retry_failed=True)
        assert bench.view() == before


def settings_at(port: int) -> ApiSettings:
    """A simulator's address."""
    return api_settings(f"http://127.0.0.1:{port}", "sk-rehearsal")
