"""State files of older formats: read as they are, brought forward by a run, and whole wherever that is killed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from flux_batch.errors import LocalFailure, RawAnswer
from flux_batch.run.records import Entry, Phase
from flux_batch.run.store.database import Database
from flux_batch.run.store.migrations import STEPS, VERSION, steps_from
from flux_batch.run.store.state import FILE, StateFile

from .kit import MATRIX, Bench, stored

DATA: Final = Path(__file__).parent / "data"
SCHEMAS: Final = {old: (DATA / f"state-format-{old}.sql").read_text(encoding="utf-8") for old in (1, 2, 3)}
"""Format → the tables as that format was released; never edited."""

OLD: Final = tuple(SCHEMAS)


def make_old(path: Path, version: int, source: Path | None = None) -> None:
    """A file of an older format, with all that a present one holds and the older one has a place for."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(f"{SCHEMAS[version]} PRAGMA user_version = {version};")
        if source is None:
            return
        db.execute("ATTACH ? AS new", (str(source),))
        db.execute("DELETE FROM ledger")
        tables = [name for (name,) in db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")


def shape(path: Path) -> list[tuple[object, ...]]:
    """The tables with their columns, and the indexes."""
    with closing(sqlite3.connect(path)) as db:
        names = [tuple(row) for row in db.execute("SELECT type, name, tbl_name FROM sqlite_master ORDER BY 1, 2")]
        return [(*row, *db.execute(f"PRAGMA table_info({row[1]})").fetchall()) for row in names]


def version(path: Path) -> int:
    """The format a file says it has."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def entries(path: Path) -> tuple[Entry, ...]:
    """Everything of a run, read only."""
    with StateFile(path, read_only=True) as state:
        return state.view().entries


@pytest.fixture(params=OLD)
def aged(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    """A run that an older flux-batch finished but for two images: one was never sent, one is in doubt."""
    assert stored(bench.run(MATRIX)) == 12
    path = bench.folder / FILE
    doubtful = replace(entries(path)[0].purchase, phase=Phase.UNCERTAIN, remote_id=None, result_url=None, file=None)
    with StateFile(path) as state:
        state.save([doubtful], None)
    (bench.home / "new.sqlite").write_bytes(path.read_bytes())
    path.unlink()
    make_old(path, request.param, bench.home / "new.sqlite")
    return bench


def test_the_steps_lead_from_every_released_format_to_the_present_tables(tmp_path: Path) -> None:
    """A file brought forward is shaped like a new one, whichever format it began with."""
    StateFile(tmp_path / FILE).close()
    assert set(SCHEMAS) == set(STEPS) == set(range(1, VERSION))
    assert steps_from(VERSION) == ""
    for old in OLD:
        path = tmp_path / f"{old}.sqlite"
        make_old(path, old)
        StateFile(path).close()
        assert (version(path), shape(path)) == (VERSION, shape(tmp_path / FILE))


def test_a_run_brings_an_old_file_forward_and_keeps_what_was_bought(aged: Bench) -> None:
    """Every purchase, name and sum is as it was; the run goes on and nothing is bought again."""
    before, path = entries(aged.folder / FILE), aged.folder / FILE
    assert version(path) < VERSION
    assert stored(aged.run(MATRIX)) == 12
    assert version(path) == VERSION
    after = entries(path)
    assert [entry.purchase for entry in after[1:]] == [entry.purchase for entry in before[1:]]
    assert after[0].purchase.phase is Phase.STORED
    assert set(aged.bills().values()) == {1}
    assert aged.requests("submit") == 12


def test_reading_an_old_file_changes_no_byte(aged: Bench) -> None:
    """Status, report and plan see all of it, and leave it and its folder as they are."""
    path = aged.folder / FILE
    before, files, changed = path.read_bytes(), sorted(aged.folder.iterdir()), path.stat().st_mtime_ns
    with StateFile(path, read_only=True) as reader:
        assert len(reader.view().entries) == len(reader.known()) == 12
        assert sum(reader.committed()) == aged.view().spent + aged.view().reserved
        assert reader.odd_answers() == {}
        with pytest.raises(LocalFailure, match="readonly"):
            reader.set_meta("name", "other")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, changed)
    assert sorted(aged.folder.iterdir()) == files


def test_an_old_file_takes_what_only_the_present_format_knows(aged: Bench) -> None:
    """The new table is used as if it had always been there."""
    answer = RawAnswer(status=200, content_type="text/html", body=b"<html>", at=5.0)
    purchase = entries(aged.folder / FILE)[0].purchase
    with StateFile(aged.folder / FILE) as state:
        state.save([purchase], None, {purchase.key: answer})
        assert state.odd_answers() == {purchase.business_id: answer}


def test_a_step_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """Half a step is no step: the version moves with the tables, or neither does."""
    path = tmp_path / FILE
    make_old(path, 1)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE other (x)")
        db.execute("CREATE INDEX answer_business_id ON other (x)")
    before = path.read_bytes()
    with pytest.raises(LocalFailure, match="answer_business_id"):
        StateFile(path)
    assert (path.read_bytes(), version(path)) == (before, 1)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_kill_while_it_is_brought_forward_leaves_a_file_that_goes_on(aged: Bench) -> None:
    """Killed at every write, sync and removal of the migration: it reads, it is old or new, and the next start is."""
    path, trial = aged.folder / FILE, aged.home / "trial.sqlite"
    before, old = entries(path), version(path)
    code = (
        "import sys; from pathlib import Path; from flux_batch.run.store.database import Database\n"
        "Database(Path(sys.argv[1]), read_only=False)\n"
    )
    killed = 0
    for call in ("pwrite64", "fdatasync", "unlink"):
        for number in range(1, 40):
            shutil.copyfile(path, trial)
            inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={number}"]
            done = subprocess.run(
                ["strace", "-f", "-qq", "-o", os.devnull, *inject, sys.executable, "-c", code, str(trial)],
                check=False,
                timeout=60,
            )
            assert entries(trial) == before
            assert version(trial) in (old, VERSION)
            Database(trial, read_only=False).close()
            assert (version(trial), entries(trial)) == (VERSION, before)
            if done.returncode == 0:
                break
            assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
            killed += 1
        else:
            raise AssertionError("it never came to its end")
    assert killed > 5
