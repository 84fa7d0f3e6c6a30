"""The state file: what it keeps, what it refuses, and that money and state move together."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.errors import FluxBatchError, LocalFailure, StateUnusable
from flux_batch.plan.records import Plan
from flux_batch.plan.totals.prices import TABLE
from flux_batch.run.records import Failure, Phase, Purchase, StoredFile, Times
from flux_batch.run.store import registry
from flux_batch.run.store.migrations import VERSION
from flux_batch.run.store.registry import forget_unfinished
from flux_batch.run.store.rows import exposure
from flux_batch.run.store.state import FILE, REMEMBERED, StateFile

from .kit import key_of, make_plan_with, make_task, plain_spec, usd

NOW = 1_800_000_000.0
ZERO = Decimal(0)
TRIO = (make_task("mug"), make_task("plant"), make_task("chair"))
FAMILY = (make_task("base"), make_task("winter", parent="base"), make_task("card", parent="winter"), make_task("mug"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the state file stands."""
    return tmp_path / FILE


@pytest.fixture
def state(path: Path) -> Iterator[StateFile]:
    """An open, empty state file."""
    with StateFile(path) as opened:
        yield opened


def register(state: StateFile, *tasks: object, **options: object) -> Plan:
    """Take over a plan of these tasks."""
    retry_failed = bool(options.pop("retry_failed", False))
    plan = make_plan_with(*tasks, **options)  # type: ignore[arg-type]
    registry.register(state, plan, plain_spec(), now=NOW, retry_failed=retry_failed)
    return plan


def move(state: StateFile, name: str, phase: Phase, **fields: object) -> Purchase:
    """Put a purchase into a phase, as if it had walked there."""
    purchase = replace(
        state.purchase(key_of(name)), phase=phase, **{"sends": 1, "price": usd("0.04"), **fields}  # type: ignore[arg-type]
    )  # fmt: skip
    assert state.save([purchase], None) == [True]
    return purchase


def phases(state: StateFile) -> dict[str, str]:
    """Task name → phase, of every purchase."""
    return {entry.task.axes["thing"]: str(entry.purchase.phase) for entry in state.view().entries}


def stored_file(stem: str) -> StoredFile:
    """A file as a download would record it."""
    return StoredFile(path=f"images/{stem}.png", sha256="0" * 64, bytes=9, width=3, height=2, mime="image/png")


class TestTheFile:
    """How the file is opened, and which files are not."""

    def test_the_pragmas_are_in_force(self, state: StateFile) -> None:
        """A rollback journal, and a commit that survives a power cut; nothing temporary beside the file."""
        pragmas = {
            name: state.db.rows(f"PRAGMA {name}")[0][0]
            for name in ("journal_mode", "synchronous", "temp_store", "user_version")
        }
        assert pragmas == {"journal_mode": "truncate", "synchronous": 3, "temp_store": 2, "user_version": VERSION}

    def test_a_wal_file_is_taken_back_to_a_rollback_journal(self, path: Path) -> None:
        """Whatever somebody's tool set, the file is used in the mode that is safe everywhere."""
        StateFile(path).close()
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA journal_mode = WAL")
        with StateFile(path) as state:
            assert state.db.rows("PRAGMA journal_mode")[0][0] == "truncate"

    @pytest.mark.parametrize("read_only", [False, True])
    def test_a_newer_file_is_refused_and_untouched(self, path: Path, read_only: bool) -> None:
        """What a later version wrote is neither used nor changed."""
        StateFile(path).close()
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA user_version = 99")
        before = path.read_bytes()
        with pytest.raises(StateUnusable, match=r"newer flux-batch \(format 99\)"):
            StateFile(path, read_only=read_only)
        assert path.read_bytes() == before
        assert [each.name for each in path.parent.iterdir()] == [FILE]

    @pytest.mark.parametrize("read_only", [False, True])
    def test_what_is_no_database_is_refused_and_untouched(self, path: Path, read_only: bool) -> None:
        """A file of something else is a sentence, not a traceback, and stays as it is."""
        path.write_bytes(b"<!doctype html>" * 999)
        with pytest.raises(LocalFailure, match=r"not a database.*put the latest copy"):
            StateFile(path, read_only=read_only)
        assert path.read_bytes() == b"<!doctype html>" * 999

    def test_a_file_that_is_missing_is_called_so(self, path: Path) -> None:
        """Nobody is told to mend a disk for it."""
        with pytest.raises(LocalFailure, match="There is no such file"):
            StateFile(path, read_only=True)

    @pytest.mark.parametrize("read_only", [False, True])
    def test_somebody_elses_database_is_refused_and_untouched(self, path: Path, read_only: bool) -> None:
        """A database that is not ours gets none of our tables."""
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE holiday (day TEXT)")
        before = path.read_bytes()
        with pytest.raises(StateUnusable, match="not a run"):
            StateFile(path, read_only=read_only)
        assert path.read_bytes() == before

    def test_a_folder_in_its_place_is_a_local_failure(self, path: Path) -> None:
        """Whatever stands there, the error says where."""
        path.mkdir()
        with pytest.raises(LocalFailure, match=r"state\.sqlite"):
            StateFile(path)

    def test_a_missing_file_is_not_created_by_reading(self, path: Path) -> None:
        """Reading a run that is not there fails and leaves nothing behind."""
        with pytest.raises(LocalFailure):
            StateFile(path, read_only=True)
        assert not path.exists()

    def test_an_empty_file_reads_as_a_run_that_has_not_begun(self, path: Path) -> None:
        """A process killed as it created the file leaves one without bytes; plan and status still work."""
        path.touch()
        with StateFile(path, read_only=True) as state:
            assert state.known() == {}
            assert state.committed() == (ZERO, ZERO)
            assert state.view().entries == ()
        assert path.read_bytes() == b""
        with StateFile(path) as state:
            register(state, *TRIO)
            assert len(state.view().entries) == 3

    def test_a_reader_cannot_write(self, path: Path) -> None:
        """Read-only is kept by the database, not by good will."""
        with StateFile(path) as state:
            register(state, *TRIO)
        before = path.read_bytes()
        with StateFile(path, read_only=True) as reader, pytest.raises(LocalFailure, match="readonly"):
            reader.set_meta("name", "other")
        assert path.read_bytes() == before

    def test_a_cut_file_is_a_local_failure_wherever_it_is_cut(self, path: Path) -> None:
        """Whatever is asked of a damaged file, the answer is right or a sentence."""
        with StateFile(path) as state:
            register(state, *(make_task(f"mug {number}") for number in range(40)))
        whole = path.read_bytes()
        failed = 0
        for size in range(100, len(whole), 1500):
            path.write_bytes(whole[:size])
            with suppress(LocalFailure):
                _use_all(path)
                continue
            failed += 1
        assert failed > 5

    def test_a_commit_cut_off_in_the_middle_is_rolled_back_by_a_reader_too(self, path: Path) -> None:
        """After a kill between journal and file, status and plan see the last whole state and no error."""
        with StateFile(path) as state:
            register(state, *TRIO)
        code = (
            "import os, sqlite3, sys\n"
            "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "db.execute('PRAGMA cache_size = 1')\n"
            "db.execute('BEGIN IMMEDIATE')\n"
            "db.execute('UPDATE purchase SET body = zeroblob(200000)')\n"
            "db.execute('UPDATE meta SET value = ?', ('torn',))\n"
            "os._exit(9)\n"
        )
        subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=20)
        assert (path.parent / f"{FILE}-journal").stat().st_size > 0
        with StateFile(path, read_only=True) as reader:
            assert reader.view().name == "made"
            assert len(reader.known()) == 3


def _use_all(path: Path) -> None:
    with StateFile(path, read_only=True) as reader:
        reader.view()
        reader.known()
        reader.committed()
    with StateFile(path) as state:
        state.counts()
        state.image_counts()
        register(state, *TRIO)
        for work in state.claim(100):
            state.save([replace(work.purchase, phase=Phase.INTENT, sends=1)], usd("9"))
        state.uploaded("x", 0.0)
        state.witnesses(key_of("mug"), NOW)


class TestRegister:
    """Taking over a plan."""

    def test_a_registered_plan_changes_no_byte(self, state: StateFile, path: Path) -> None:
        """The same plan again is no news."""
        plan = register(state, *TRIO)
        before = path.read_bytes()
        registry.register(state, plan, plain_spec(), now=NOW + 9)
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        "more", ["budget: {max: 5.00}\n", "report: {title: New title}\n"], ids=["budget", "report"]
    )
    def test_whatever_register_writes_is_news(self, state: StateFile, more: str) -> None:
        """A setting given on the command line changes no text of the spec, and is taken over all the same."""
        plan = register(state, *TRIO)
        spec = plain_spec(more)
        registry.register(state, plan, spec, now=NOW)
        assert (state.view().budget_max, state.view().report) == (spec.budget.max, spec.report)

    def test_a_new_price_note_is_news(self, state: StateFile) -> None:
        """The prices a report shows are those of the last plan."""
        plan = register(state, *TRIO)
        noted = replace(plan, prices=(replace(TABLE[0], note="other words"),))
        registry.register(state, noted, plain_spec(), now=NOW)
        assert state.view().prices == noted.prices

    def test_the_run_keeps_its_id_and_its_birthday(self, state: StateFile) -> None:
        """Business ids of later plans begin like those of the first."""
        register(state, *TRIO)
        born, run_id = state.meta("created"), state.meta("run_id")
        registry.register(state, make_plan_with(make_task("new")), plain_spec(), now=NOW + 99)
        assert (state.meta("created"), state.meta("run_id")) == (born, run_id)
        assert run_id is not None
        assert len(run_id) == 8

    def test_a_stored_image_keeps_its_name_when_the_spec_renames_it(self, state: StateFile) -> None:
        """The name on disk is the one it was stored under."""
        register(state, make_task("mug"))
        move(state, "mug", Phase.INTENT)
        register(state, make_task("mug", stem="elsewhere/cup"))
        assert [work.stem for work in state.claim(9)] == ["job/mug"]

    @pytest.mark.parametrize("stem", ["job/mug", "JOB/Mug"])
    def test_a_taken_name_gets_the_start_of_the_key(self, state: StateFile, stem: str) -> None:
        """Another image at the same place, also by a file system that ignores case, overwrites nothing."""
        register(state, make_task("mug"))
        move(state, "mug", Phase.STORED, file=stored_file("job/mug"))
        register(state, make_task("cup", stem=stem))
        assert [work.stem for work in state.claim(9)] == [f"{stem}-{key_of('cup')[:8]}"]

    def test_a_taken_name_with_a_suffix_that_is_taken_too_gets_another(self, state: StateFile) -> None:
        """However names meet, no two images share one."""
        cup = key_of("cup")[:8]
        register(state, make_task("mug", stem="job/x"), make_task("plant", stem=f"job/x-{cup}"))
        register(
            state,
            make_task("mug", stem="job/x"),
            make_task("plant", stem=f"job/x-{cup}"),
            make_task("cup", stem="job/x"),
        )
        stems = [work.stem for work in state.claim(9)]
        assert len({stem.casefold() for stem in stems}) == 3

    def test_what_was_never_sent_and_is_not_wanted_is_forgotten(self, state: StateFile) -> None:
        """Rows nobody asks for and nobody paid for leave no trace; bought ones stay, as not wanted."""
        register(state, *TRIO)
        move(state, "plant", Phase.STORED, file=stored_file("job/plant"))
        register(state, make_task("chair"))
        assert [(entry.task.axes["thing"], entry.wanted) for entry in state.view().entries] == [
            ("chair", True),
            ("plant", False),
        ]

    @pytest.mark.parametrize("step", [1, 2, 5])
    def test_a_view_in_steps_is_the_same_view(self, step: int, state: StateFile) -> None:
        """The order of the spec, what is no longer wanted last, whatever the order in which they were written."""
        register(state, *TRIO)
        move(state, "plant", Phase.STORED, file=stored_file("job/plant"))
        register(state, make_task("lamp"), TRIO[2], make_task("cup"), TRIO[0])
        things = [entry.task.axes["thing"] for entry in state.view(step).entries]
        assert things == ["lamp", "chair", "cup", "mug", "plant"]
        assert state.view(step) == state.view()

    @pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in (Phase.PLANNED, Phase.SKIPPED)])
    def test_what_was_sent_is_never_forgotten(self, state: StateFile, phase: Phase) -> None:
        """Money in doubt, paid or refused: the row stays whatever the spec says later."""
        register(state, *TRIO)
        before = move(state, "mug", phase)
        register(state, make_task("chair"))
        assert state.purchase(key_of("mug")) == before
        register(state, *TRIO)
        assert state.purchase(key_of("mug")) == before

    def test_a_number_is_never_given_twice(self, state: StateFile) -> None:
        """A business id is made of the number, so a forgotten row's number is not used for another request."""
        register(state, make_task("mug"), make_task("plant"))
        first = {work.task.axes["thing"]: work.number for work in state.claim(9)}
        register(state, make_task("mug"))
        register(state, make_task("chair"), make_task("mug"))
        second = {work.task.axes["thing"]: work.number for work in state.claim(9)}
        assert first["plant"] != second["chair"]

    def test_only_the_selection_is_worked_on(self, state: StateFile) -> None:
        """What is wanted but not selected is kept for another day, and counted only on request."""
        register(state, *TRIO, selected=["plant"])
        assert [work.task.prompt for work in state.claim(9)] == ["a plant"]
        assert state.counts() == {Phase.PLANNED: 1}
        assert state.counts(chosen_only=False) == {Phase.PLANNED: 3}
        assert state.image_counts() == {Phase.PLANNED: 1}

    def test_images_that_share_a_purchase_count_each(self, state: StateFile) -> None:
        """One purchase, two wanted images."""
        mug = make_task("mug")
        register(state, mug, replace(mug, id="mug-2"))
        assert state.counts() == {Phase.PLANNED: 1}
        assert state.image_counts() == {Phase.PLANNED: 2}

    def test_a_failed_parents_new_edits_are_skipped_at_once(self, state: StateFile) -> None:
        """An edit added after its parent failed is not waited for."""
        register(state, make_task("base"))
        move(state, "base", Phase.FAILED)
        register(state, *FAMILY)
        assert phases(state) == {"base": "failed", "winter": "skipped", "card": "skipped", "mug": "planned"}

    def test_retry_failed_is_a_new_generation_and_revives_the_edits(self, state: StateFile) -> None:
        """Nothing of the first attempt is left that could be taken for the second."""
        register(state, *FAMILY)
        move(
            state, "base", Phase.FAILED, business_id="fb-1", body=b"1", remote_id="r",
            failure=Failure(code="x", message="y"),
        )  # fmt: skip
        register(state, *FAMILY, retry_failed=True)
        assert set(phases(state).values()) == {"planned"}
        again = state.purchase(key_of("base"))
        assert again == Purchase(key=again.key, generation=2, price=usd("0.04"))
        assert all(entry.purchase.failure is None for entry in state.view().entries)

    def test_retry_failed_reopens_only_what_is_selected(self, state: StateFile) -> None:
        """A selection limits a second attempt too."""
        register(state, *TRIO)
        move(state, "mug", Phase.FAILED)
        move(state, "plant", Phase.REFUSED)
        register(state, *TRIO, selected=["plant"], retry_failed=True)
        assert phases(state) == {"mug": "failed", "plant": "planned", "chair": "planned"}

    def test_a_second_attempt_that_is_no_longer_wanted_is_remembered(self, state: StateFile) -> None:
        """The first one was sent; when the image is wanted again, it goes on counting from there."""
        register(state, *TRIO)
        move(state, "mug", Phase.FAILED, business_id="fb-1", body=b"1", remote_id="r")
        register(state, *TRIO, retry_failed=True)
        register(state, TRIO[1])
        register(state, *TRIO)
        assert [state.purchase(task.key).generation for task in TRIO] == [2, 1, 1]

    def test_without_retry_failed_a_failure_stays(self, state: StateFile) -> None:
        """Nothing is bought again by itself."""
        register(state, *TRIO)
        before = move(state, "mug", Phase.FAILED)
        register(state, *TRIO, text="another text")
        assert state.purchase(key_of("mug")) == before

    def test_a_failed_register_leaves_no_trace(self, state: StateFile, path: Path) -> None:
        """All of a plan is taken over, or none of it."""
        register(state, *TRIO)
        before = state.view()
        bad = replace(make_task("cup"), options={"x": object()})  # type: ignore[dict-item]
        with pytest.raises(TypeError):
            register(state, make_task("new"), bad)
        assert state.view() == before


class TestMoney:
    """The ledger moves in the transaction that moves the state."""

    def test_a_save_past_the_cap_leaves_no_trace(self, state: StateFile) -> None:
        """Neither the state nor the ledger knows of it."""
        register(state, *TRIO)
        move(state, "mug", Phase.SUBMITTED)
        before = state.purchase(key_of("plant"))
        wanted = replace(before, phase=Phase.INTENT, sends=1, price=usd("0.04"), body=b"x", business_id="b")
        assert state.save([wanted], usd("0.07")) == [False]
        assert state.purchase(before.key) == before
        assert state.committed() == (usd("0.04"), ZERO)
        assert state.save([wanted], usd("0.08")) == [True]
        assert state.committed() == (usd("0.04"), usd("0.04"))

    def test_the_cap_is_seen_by_every_save_of_one_batch(self, state: StateFile) -> None:
        """Saves that share a commit see each other's money."""
        register(state, *TRIO)
        wanted = [replace(state.purchase(task.key), phase=Phase.INTENT, sends=1, price=usd("0.04")) for task in TRIO]
        assert state.save(wanted, usd("0.10")) == [True, True, False]
        assert state.committed() == (ZERO, usd("0.08"))

    def test_a_cap_is_not_rounded_up(self, state: StateFile) -> None:
        """Half a millionth of room is no room for a millionth."""
        register(state, *TRIO)
        tiny = replace(state.purchase(key_of("mug")), phase=Phase.INTENT, sends=1, price=usd("0.000001"))
        assert state.save([tiny], usd("0.0000005")) == [False]

    def test_a_state_that_holds_no_more_is_saved_past_the_cap(self, state: StateFile) -> None:
        """What is paid goes on to be stored however low the budget has become."""
        register(state, *TRIO)
        doubtful = move(state, "mug", Phase.UNCERTAIN, sends=2)
        for phase in (Phase.SUBMITTED, Phase.READY, Phase.STORED):
            assert state.save([replace(doubtful, phase=phase)], usd("0.01")) == [True]
        assert state.committed() == (usd("0.04"), ZERO)

    def test_an_error_in_a_batch_takes_back_all_of_it(self, state: StateFile) -> None:
        """A commit is whole or not at all, money included."""
        register(state, *TRIO)
        good = replace(state.purchase(key_of("mug")), phase=Phase.INTENT, sends=1, price=usd("0.04"))
        bad = replace(good, key=key_of("plant"), remote_id=object())  # type: ignore[arg-type]
        with pytest.raises(LocalFailure):
            state.save([good, bad], None)
        assert state.committed() == (ZERO, ZERO)
        assert state.counts() == {Phase.PLANNED: 3}

    def test_a_full_disk_keeps_what_was_committed(self, state: StateFile, path: Path) -> None:
        """A commit that does not fit is a local failure, and what was there before is still there."""
        register(state, *TRIO)
        before = move(state, "mug", Phase.INTENT, body=b"small")
        pages = state.db.rows("PRAGMA page_count")[0][0]
        state.db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LocalFailure, match="full"):
            state.save([replace(before, body=b"x" * 200_000)], None)
        assert state.purchase(before.key) == before
        assert state.committed() == (ZERO, usd("0.04"))

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.lists(
                st.tuples(
                    st.integers(0, 3),
                    st.sampled_from(Phase),
                    st.integers(0, 3),
                    st.none() | st.decimals(min_value=0, max_value="0.1", places=7),
                ),
                min_size=1,
                max_size=4,
            ),
            max_size=8,
        ),
        st.none() | st.decimals(min_value=0, max_value="0.3", places=7),
    )
    def test_the_ledger_is_the_sum_of_what_the_purchases_hold(
        self, batches: list[list[tuple[int, Phase, int, Decimal | None]]], cap: Decimal | None
    ) -> None:
        """After any sequence of saves, taken or refused, the sums agree and the cap is kept."""
        with tempfile.TemporaryDirectory() as folder, StateFile(Path(folder) / FILE) as state:
            register(state, *FAMILY)
            for batch in batches:
                state.save(
                    [
                        Purchase(key=FAMILY[which].key, phase=phase, sends=sends, price=price)
                        for which, phase, sends, price in batch
                    ],
                    cap,
                )
                held = [exposure(state.purchase(task.key)) for task in FAMILY]
                spent, reserved = state.committed()
                assert spent == Decimal(sum(each[0] for each in held)) / 1_000_000
                assert reserved == Decimal(sum(each[1] for each in held)) / 1_000_000
                assert cap is None or spent + reserved <= cap


def test_whatever_bytes_are_damaged_a_reader_is_told(path: Path) -> None:
    """Words and tables of the file come back as no text at all: an error with its name, or a wrong answer, no bug."""
    with StateFile(path) as state:
        register(state, *TRIO)
        move(state, "plant", Phase.STORED, file=stored_file("job/plant"))
    whole, told = path.read_bytes(), 0
    for seed in range(150):
        chance, damaged = Random(seed), bytearray(whole)
        for _ in range(60):
            damaged[chance.randrange(100, len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            with StateFile(path, read_only=True) as state:
                state.view()
        except FluxBatchError as error:
            told += str(path) in str(error)
    path.write_bytes(whole)
    assert told > 100


class TestWork:
    """What is claimed, in which order, and what a failure takes with it."""

    def test_what_was_sent_comes_first_then_the_specs_order(self, state: StateFile) -> None:
        """Money in flight is brought home before more is spent."""
        register(state, *TRIO, make_task("lamp"))
        move(state, "lamp", Phase.UNCERTAIN)
        move(state, "chair", Phase.READY)
        assert [work.task.axes["thing"] for work in state.claim(9)] == ["chair", "lamp", "mug", "plant"]

    @pytest.mark.parametrize("phase", [Phase.SUBMITTED, Phase.READY])
    def test_what_is_paid_is_brought_home_although_nobody_wants_it_now(self, state: StateFile, phase: Phase) -> None:
        """Whether the spec dropped it or the selection leaves it out: a result does not wait for ever."""
        register(state, *TRIO)
        move(state, "mug", phase)
        register(state, make_task("plant"), make_task("chair"), selected=["plant"])
        assert [work.task.axes["thing"] for work in state.claim(9)] == ["mug", "plant"]
        assert state.image_counts() == {Phase.PLANNED: 1}

    @pytest.mark.parametrize("phase", [Phase.INTENT, Phase.UNCERTAIN, Phase.HELD])
    def test_what_nobody_wants_now_is_looked_up_and_not_sent_again(self, state: StateFile, phase: Phase) -> None:
        """A request in doubt may be paid, so it is brought home, but never re-sent for a plan that dropped it."""
        register(state, *TRIO)
        move(state, "mug", phase)
        register(state, make_task("plant"))
        claimed = [(work.task.axes["thing"], work.may_send) for work in state.claim(9)]
        assert claimed == [("mug", False), ("plant", True)]

    def test_nothing_is_claimed_twice_in_one_process(self, state: StateFile, path: Path) -> None:
        """A claim lasts as long as the process; the next one starts anew."""
        register(state, *TRIO)
        assert len(state.claim(2)) == 2
        assert len(state.claim(2)) == 1
        assert state.claim(2) == []
        state.close()
        with StateFile(path) as again:
            assert len(again.claim(9)) == 3

    def test_an_edit_waits_for_its_parents_image(self, state: StateFile) -> None:
        """Only a stored parent lets its edit begin, and only its own."""
        register(state, *FAMILY)
        assert [work.task.axes["thing"] for work in state.claim(9)] == ["base", "mug"]
        for phase in (Phase.INTENT, Phase.UNCERTAIN, Phase.HELD, Phase.SUBMITTED, Phase.READY):
            move(state, "base", phase)
            assert state.claim(9) == []
        move(state, "base", Phase.STORED, file=stored_file("job/base"))
        assert [work.task.axes["thing"] for work in state.claim(9)] == ["winter"]

    def test_an_edit_that_was_sent_waits_for_nobody(self, state: StateFile) -> None:
        """A paid edit is brought home even if its parent is not stored."""
        register(state, *FAMILY)
        move(state, "winter", Phase.SUBMITTED)
        assert "winter" in [work.task.axes["thing"] for work in state.claim(9)]

    @pytest.mark.parametrize("phase", [Phase.STORED, Phase.FAILED, Phase.REFUSED, Phase.SKIPPED])
    def test_what_is_final_is_not_claimed(self, state: StateFile, phase: Phase) -> None:
        """There is nothing left to do for it."""
        register(state, *TRIO)
        move(state, "mug", phase)
        assert {work.task.axes["thing"] for work in state.claim(9)} == {"plant", "chair"}

    def test_a_new_claim_has_todays_price(self, state: StateFile) -> None:
        """The price at the time of the intent; a purchase already sent keeps the one it was sent at."""
        register(state, make_task("mug", price="0.04"), make_task("plant", price="0.04"))
        move(state, "plant", Phase.UNCERTAIN)
        register(state, make_task("mug", price="0.05"), make_task("plant", price="0.05"))
        prices = {work.task.axes["thing"]: work.purchase.price for work in state.claim(9)}
        assert prices == {"mug": usd("0.05"), "plant": usd("0.04")}

    def test_a_shared_purchase_is_claimed_for_its_first_task(self, state: StateFile) -> None:
        """Of images that share a key, the one the spec names first stands for all."""
        mug = make_task("mug")
        register(state, replace(mug, id="zz", line=1), replace(mug, id="aa", line=2), replace(mug, id="mm", line=3))
        (work,) = state.claim(9)
        assert work.task.id == "zz"

    @pytest.mark.parametrize("phase", [Phase.FAILED, Phase.REFUSED])
    def test_a_lost_parent_skips_everything_below_it(self, state: StateFile, phase: Phase) -> None:
        """Edits of edits too, with the reason; nobody else."""
        register(state, *FAMILY)
        move(state, "base", phase)
        assert phases(state) == {"base": str(phase), "winter": "skipped", "card": "skipped", "mug": "planned"}
        failure = state.purchase(key_of("card")).failure
        assert failure is not None
        assert failure.code == "parent_failed"

    def test_an_edit_already_bought_is_not_skipped(self, state: StateFile) -> None:
        """A paid edit stays paid when its parent is lost later."""
        register(state, *FAMILY)
        move(state, "card", Phase.READY)
        move(state, "base", Phase.FAILED)
        assert phases(state)["card"] == "ready"

    def test_the_witness_is_another_accepted_purchase(self, state: StateFile) -> None:
        """The newest one that the provider gave an id, never the one in question."""
        register(state, *TRIO)
        assert state.witnesses(key_of("mug"), NOW) == ()
        move(state, "mug", Phase.SUBMITTED, remote_id="r1", business_id="b1")
        assert state.witnesses(key_of("mug"), NOW) == ()
        move(state, "plant", Phase.UNCERTAIN, business_id="b2")
        assert state.witnesses(key_of("plant"), NOW) == ("b1",)
        assert state.witnesses(key_of("chair"), NOW) == ("b1",)
        move(state, "chair", Phase.STORED, remote_id="r3", business_id="b3")
        assert state.witnesses(key_of("plant"), NOW)[-1] == "b3"

    @pytest.mark.parametrize(
        ("submitted", "found"),
        [
            ({"mug": 90.0, "chair": 500.0}, ("b-mug", "b-chair")),
            ({"mug": 500.0, "chair": 90.0}, ("b-chair", "b-mug")),
            ({"mug": 90.0, "chair": 40.0}, ("b-mug",)),
            ({"mug": 101.0, "chair": 20.0}, ("b-chair", "b-mug")),
            ({"mug": 101.0, "chair": 500.0}, ("b-mug", "b-chair")),
        ],
    )
    def test_what_was_accepted_before_shows_that_the_provider_remembers(
        self, state: StateFile, submitted: dict[str, float], found: tuple[str, ...]
    ) -> None:
        """The last one before the request in doubt, else the first behind it; and the newest of all."""
        now = 600.0
        register(state, *TRIO)
        move(state, "plant", Phase.UNCERTAIN, business_id="b-plant", times=Times(intent=100.0))
        for name, at in submitted.items():
            times = Times(intent=at - 1, submitted=at)
            move(state, name, Phase.STORED, remote_id=f"r-{name}", business_id=f"b-{name}", times=times)
        assert state.witnesses(key_of("plant"), now) == found

    def test_what_was_accepted_after_an_old_request_shows_nothing_of_it(self, state: StateFile) -> None:
        """The provider may have forgotten everything of that time, and know all of today."""
        register(state, *TRIO)
        move(state, "plant", Phase.UNCERTAIN, business_id="b-plant", times=Times(intent=100.0))
        move(state, "mug", Phase.STORED, remote_id="r", business_id="b-mug", times=Times(intent=101.0, submitted=102.0))
        assert state.witnesses(key_of("plant"), 100.0 + REMEMBERED - 1) == ("b-mug",)
        assert state.witnesses(key_of("plant"), 100.0 + REMEMBERED) == ()

    def test_an_upload_is_known_while_it_is_young(self, state: StateFile) -> None:
        """By its content, until it is too old to be trusted."""
        state.remember_upload("abc", "https://x/1", NOW)
        assert state.uploaded("abc", NOW) == "https://x/1"
        assert state.uploaded("abc", NOW + 1) is None
        assert state.uploaded("abd", 0.0) is None
        state.remember_upload("abc", "https://x/2", NOW + 5)
        assert state.uploaded("abc", NOW + 1) == "https://x/2"

    def test_a_rehearsal_begins_anew_with_what_was_not_stored(self, state: StateFile) -> None:
        """Its provider is gone, so nothing of an unfinished purchase is left; what is stored stays paid."""
        register(state, *TRIO, make_task("lamp"))
        move(state, "mug", Phase.STORED, file=stored_file("job/mug"), remote_id="r")
        move(
            state,
            "plant",
            Phase.READY,
            remote_id="r",
            business_id="b",
            body=b"x",
            result_url="u",
            times=Times(ready=9.0),
        )
        move(state, "chair", Phase.FAILED, failure=Failure(code="x", message="y"))
        state.remember_upload("abc", "https://x/1", NOW)
        forget_unfinished(state)
        assert phases(state) == {"mug": "stored", "plant": "planned", "chair": "planned", "lamp": "planned"}
        assert state.committed() == (usd("0.04"), ZERO)
        assert state.uploaded("abc", 0.0) is None
        for name in ("plant", "chair"):
            again = state.purchase(key_of(name))
            assert again == Purchase(key=again.key, generation=2, price=usd("0.04"))


class TestView:
    """What a report is made from."""

    def test_every_field_comes_back(self, state: StateFile) -> None:
        """Tasks, purchases, prices, layout and money, in the order of the spec, unwanted ones last."""
        spec = plain_spec("budget: {max: 5.00}\nreport: {title: T, rows: model, columns: ratio, tabs: [n]}\n")
        plan = make_plan_with(*FAMILY)
        registry.register(state, plan, spec, now=NOW)
        state.set_meta("base_url", "https://toapis.com/v1")
        base = move(
            state, "base", Phase.STORED, file=stored_file("job/base"), body=b"\x00{}", business_id="fb-1",
            remote_id="r1", result_url="https://x/1?s=1", expires_at=NOW + 5.5, sends=2,
            times=Times(intent=1.5, submitted=2.5, stored=4.5),
        )  # fmt: skip
        winter = move(state, "winter", Phase.UNCERTAIN, failure=Failure(code="ü", message="„x“\x00"))
        view = state.view()
        assert tuple(entry.task for entry in view.entries) == FAMILY
        assert [entry.purchase for entry in view.entries][:2] == [base, winter]
        assert (view.name, view.spec_file, view.spec_sha256) == ("made", "made.yaml", plan.spec_sha256)
        assert (view.base_url, view.rehearsal, view.created, view.updated) == ("https://toapis.com/v1", False, NOW, 4.5)
        assert (view.prices, view.report, view.budget_max) == (plan.prices, spec.report, usd("5.00"))
        assert (view.spent, view.reserved) == (usd("0.04"), usd("0.04"))
        registry.register(state, make_plan_with(FAMILY[3]), spec, now=NOW)
        assert [(entry.task.axes["thing"], entry.wanted) for entry in state.view().entries] == [
            ("mug", True), ("base", False), ("winter", False),
        ]  # fmt: skip

    def test_a_run_without_a_budget_says_so(self, state: StateFile) -> None:
        """None is not zero."""
        register(state, *TRIO)
        assert state.view().budget_max is None

    def test_known_says_what_was_begun_and_whether_it_is_still_wanted(self, state: StateFile) -> None:
        """By key, with the phase's name: what a plan is compared with."""
        register(state, *TRIO)
        move(state, "mug", Phase.STORED, file=stored_file("job/mug"))
        register(state, make_task("plant"))
        known = state.known()
        assert {each.task.axes["thing"]: (each.phase, each.wanted) for each in known.values()} == {
            "mug": ("stored", False),
            "plant": ("planned", True),
        }
        assert all(key == each.task.key for key, each in known.items())

    def test_a_reader_sees_what_the_writer_committed(self, state: StateFile, path: Path) -> None:
        """Status works while a run goes on."""
        register(state, *TRIO)
        move(state, "mug", Phase.SUBMITTED)
        with StateFile(path, read_only=True) as reader:
            assert reader.view() == state.view()


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_kill_during_the_first_start_leaves_a_file_that_can_be_gone_on_with(tmp_path: Path) -> None:
    """Killed at any sync of the schema's transaction, the next start is as good as the first."""
    code = (
        "import sys; from pathlib import Path; from flux_batch.run.store.state import StateFile\n"
        "StateFile(Path(sys.argv[1]))\n"
    )
    strace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=fdatasync"]
    for number in range(1, 9):
        path = tmp_path / f"{number}.sqlite"
        inject = f"inject=fdatasync:signal=SIGKILL:when={number}"
        done = subprocess.run([*strace, "-e", inject, sys.executable, "-c", code, str(path)], check=False, timeout=20)
        if path.is_file():
            with StateFile(path, read_only=True) as reader:
                assert dict(reader.known()) == {}
        with StateFile(path) as state:
            register(state, *TRIO)
        if done.returncode == 0:
            assert number > 4
            return
        assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
    raise AssertionError("it never came to its end")
