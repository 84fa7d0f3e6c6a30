"""The SQLite file under the state: how it is opened, changed and closed. The only module that imports sqlite3.

Rollback journal and ``synchronous=EXTRA``: a commit that returned survives a power cut. The journal is emptied and
synced to commit, which is as safe as to delete it and sync its folder, for a third of the CPU. Never open the file by
any other way than sqlite3, for a plain open and close drops SQLite's own locks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from importlib import resources
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from flux_batch.errors import LocalFailure, StateUnusable
from flux_batch.run.folder.prepare import create_private
from flux_batch.run.store.migrations import VERSION, steps_from

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_Held = TypeVar("_Held", bound="_Holder")
_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")
_IS_DAMAGED: Final = "it is damaged: put the latest copy of it in its place"


class Database:
    """An open file with the tables of ``schema.sql``; use it from one thread at a time.

    Every method raises LocalFailure when the disk does not keep what it is given, or gives back what was not written.
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self._read_only = read_only
        with self._translated():
            self._db = _open_to_read(path) if read_only else _open(path)
        self._db.row_factory = sqlite3.Row

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows of a question, readable by column name."""
        with self._translated():
            return self._db.execute(query, values).fetchall()

    def tuples(self, query: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a question as tuples, as they are read; what is not read yet must not change meanwhile."""
        with self._translated():
            cursor = self._db.cursor()
            cursor.row_factory = None
            yield from cursor.execute(query, values)

    def execute(self, statement: str, values: Sequence[object] = ()) -> None:
        """One change; committed at once when no transaction is open."""
        with self._translated():
            self._db.execute(statement, values)

    def execute_all(self, statement: str, values: Iterable[Sequence[object]]) -> None:
        """One change for every row of values."""
        with self._translated():
            self._db.executemany(statement, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes within, or none."""
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def legible(self) -> Iterator[None]:
        """Around reading a row's text: SQLite may give back something that we never wrote."""
        try:
            yield
        except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as error:
            advice = "Nothing more is sent; put a copy of it in its place"
            raise LocalFailure(f"{self.path} is damaged: {error}. {advice}") from error

    def close(self) -> None:
        """Close the file; nothing is lost, every change is already committed. No empty journal is left beside it."""
        if not self._read_only:
            with suppress(sqlite3.Error, UnicodeDecodeError):
                self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LocalFailure(f"{self.path}: {error}. {self._advice(error)}") from error
        except UnicodeDecodeError as error:  # SQLite names what it found, in bytes that are no text
            raise LocalFailure(f"{self.path}: {_IS_DAMAGED}") from error

    def _advice(self, error: sqlite3.Error) -> str:
        """What a person can do about it; damage is told from a disk that fails by SQLite's own code."""
        if not self.path.exists():
            return "There is no such file: nothing has been run there, or it was moved"
        if getattr(error, "sqlite_errorcode", None) in _DAMAGED:
            return f"Nothing more is sent; {_IS_DAMAGED}"
        return "Nothing more is sent; free space or mend the disk, then run again"


class _Holder(Protocol):
    """Whatever has the database open."""

    db: Database


def legible(
    read: Callable[Concatenate[_Held, _Given], _Answer],
) -> Callable[Concatenate[_Held, _Given], _Answer]:
    """For a method that makes records of what it reads: as ``Database.legible``, around all of it."""

    @wraps(read)
    def checked(holder: _Held, /, *given: _Given.args, **named: _Given.kwargs) -> _Answer:
        with holder.db.legible():
            return read(holder, *given, **named)

    return checked


def _open(path: Path) -> sqlite3.Connection:
    """To read and write, under the run lock; a new, empty or older file gets its tables, all or none."""
    _begin(path)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30.0)
    with _closed_on_error(db):
        found = _version(db, path)
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = EXTRA")
        if found < VERSION:
            _bring_forward(db, found)
    return db


def _begin(path: Path) -> None:
    """A new file belongs to its owner alone, and SQLite gives its journal the same mode.

    One that is there is not touched, for the reason above; one that cannot be made is for SQLite to complain about.
    """
    with suppress(OSError):
        create_private(path)


def _open_to_read(path: Path) -> sqlite3.Connection:
    """To look only; what a killed process left half written is rolled back, which SQLite's ``mode=ro`` cannot do.

    An older file stays as it is and is brought forward in memory; one that a process was killed at creating reads as
    an empty run.
    """
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
    with _closed_on_error(db):
        found = _version(db, path)
        if found < VERSION:
            db = _copy_in_memory(db)
            _bring_forward(db, found)
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


def _bring_forward(db: sqlite3.Connection, found: int) -> None:
    """Everything that is missing and the new version, in one transaction: a kill leaves the old format whole."""
    changes = steps_from(found) if found else _schema()
    db.executescript(f"BEGIN IMMEDIATE; {changes} PRAGMA user_version = {VERSION}; COMMIT;")


def _copy_in_memory(db: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None)
    with _closed_on_error(copy):
        db.backup(copy)
    db.close()
    return copy


def _schema() -> str:
    return resources.files("flux_batch.run.store").joinpath("schema.sql").read_text(encoding="utf-8")


@contextmanager
def _closed_on_error(db: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        db.close()
        raise
