"""One process a run folder, with real processes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flux_batch.errors import LocalFailure, RunLocked
from flux_batch.run.folder.lock import FILE, run_lock

HOLDER = """
import sys
from pathlib import Path
from flux_batch.run.folder.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    """Who comes second learns who is at work, and changes nothing."""
    with holder(tmp_path) as other:
        with pytest.raises(RunLocked, match=rf"in use by another flux-batch \(pid {other.pid}\)"), run_lock(tmp_path):
            raise AssertionError("two at once")
        assert (tmp_path / FILE).read_text() == f"{other.pid}\n"


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    """After kill -9 the next one goes on at once, whatever the file still says."""
    with holder(tmp_path) as other:
        other.kill()
        other.wait()
        with run_lock(tmp_path):
            assert (tmp_path / FILE).read_text() == f"{os.getpid()}\n"


def test_a_lock_given_back_is_free(tmp_path: Path) -> None:
    """The other process ends in peace."""
    with holder(tmp_path) as other:
        other.communicate("")
        assert other.returncode == 0
        with run_lock(tmp_path):
            pass


def test_the_file_is_empty_afterwards(tmp_path: Path) -> None:
    """A finished run leaves the same bytes every time, and no pid of a process that is gone."""
    with run_lock(tmp_path):
        pass
    assert (tmp_path / FILE).read_bytes() == b""
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_the_file_is_empty_and_the_lock_free_after_an_error(tmp_path: Path) -> None:
    """However the work ended."""
    with pytest.raises(ZeroDivisionError), run_lock(tmp_path):
        _ = 1 / 0
    assert (tmp_path / FILE).read_bytes() == b""
    with run_lock(tmp_path):
        pass


def test_the_same_process_does_not_get_it_twice(tmp_path: Path) -> None:
    """Two runs in one program are two runs."""
    with run_lock(tmp_path), pytest.raises(RunLocked), run_lock(tmp_path):
        raise AssertionError("two at once")


@pytest.mark.parametrize("text", ["", "not a pid\n", "12\x0034", "é"])
def test_a_file_without_a_pid_names_nobody(tmp_path: Path, text: str) -> None:
    """Between taking the lock and writing the pid there is none to read."""
    with holder(tmp_path):
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        with pytest.raises(RunLocked, match="another flux-batch; wait"), run_lock(tmp_path):
            raise AssertionError("two at once")


def test_a_folder_that_cannot_be_written_is_a_local_failure(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "run").write_text("")
    with pytest.raises(LocalFailure, match="must be writable"), run_lock(tmp_path / "run"):
        raise AssertionError("no lock")


def test_a_disk_too_full_for_the_pid_is_a_local_failure_and_frees_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the pid fits: a sentence, and nobody is locked out."""

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(LocalFailure, match="No space left"), run_lock(tmp_path):
            raise AssertionError("no lock")
    with run_lock(tmp_path):
        pass
