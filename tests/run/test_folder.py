"""The run folder belongs to its owner: how it is made, when it is closed, and when it is refused."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flux_batch.errors import LocalFailure
from flux_batch.run.folder import prepare as folder_module
from flux_batch.run.folder.prepare import create_private, prepare_folder, shared_mode

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def made(path: Path, bits: int, *, empty: bool = False) -> Path:
    """A folder that somebody else made."""
    path.mkdir()
    if not empty:
        (path / "note.txt").write_text("")
    path.chmod(bits)
    return path


def test_a_new_folder_is_its_owners(tmp_path: Path) -> None:
    """And only the run folder itself, not those above it."""
    prepare_folder(tmp_path / "runs" / "logo")
    assert mode(tmp_path / "runs" / "logo") == 0o700
    assert mode(tmp_path / "runs") == shared_mode() | 0o111


@pytest.mark.parametrize("bits", [0o777, 0o1777, 0o775, 0o755])
def test_an_empty_folder_is_closed(bits: int, tmp_path: Path) -> None:
    """Nobody can have put anything into it."""
    folder = made(tmp_path / "run", bits, empty=True)
    prepare_folder(folder)
    assert mode(folder) == 0o700


@pytest.mark.parametrize("bits", [0o777, 0o702, 0o1777, 0o773])
def test_a_folder_that_everybody_writes_is_refused(bits: int, tmp_path: Path) -> None:
    """It is not changed, and the command that closes it stands in the message."""
    folder = made(tmp_path / "my run", bits)
    with pytest.raises(LocalFailure, match=f"written by everybody.*: chmod go-w '{folder}'$"):
        prepare_folder(folder)
    assert mode(folder) == bits


@pytest.mark.parametrize("bits", [0o755, 0o750, 0o700, 0o555])
def test_a_folder_that_others_may_read_is_left_as_it_is(bits: int, tmp_path: Path) -> None:
    """Whoever opened it meant it."""
    folder = made(tmp_path / "run", bits)
    prepare_folder(folder)
    assert mode(folder) == bits


@pytest.mark.parametrize(("private", "refused"), [(True, False), (False, True)])
def test_a_group_may_write_when_it_is_ones_own(
    private: bool, refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many systems give every user a group of one."""
    folder = made(tmp_path / "run", 0o770)
    monkeypatch.setattr(folder_module, "_is_own_group", lambda gid: private)
    if refused:
        with pytest.raises(LocalFailure, match="written by its group"):
            prepare_folder(folder)
    else:
        prepare_folder(folder)


@pytest.mark.parametrize(
    ("gid", "group", "members", "own"),
    [
        (1000, "ann", [], True),
        (1000, "ann", ["ann"], True),
        (1000, "ann", ["bob"], False),
        (1000, "users", [], False),
        (50, "ann", [], False),
    ],
)
def test_what_ones_own_group_is(
    gid: int, group: str, members: list[str], own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named like the user, their first one, and nobody else in it."""
    import grp
    import pwd

    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd(("ann", "x", 1000, 1000, "", "/", "/bin/sh")))
    monkeypatch.setattr(grp, "getgrgid", lambda number: grp.struct_group((group, "x", number, members)))
    assert folder_module._is_own_group(gid) is own


def test_a_user_without_a_name_has_no_group_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in some containers."""
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
    assert folder_module._is_own_group(os.getgid()) is False


def test_a_drive_without_modes_is_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There every folder looks open, and no command could close it."""
    folder = made(tmp_path / "run", 0o777)
    monkeypatch.setattr(folder_module, "_keeps_modes", lambda folder: False)
    prepare_folder(folder)


def test_whether_a_drive_keeps_modes_is_tried_out(tmp_path: Path) -> None:
    """And leaves nothing behind."""
    assert folder_module._keeps_modes(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_its_place_is_a_local_failure(tmp_path: Path) -> None:
    """With the way out."""
    (tmp_path / "run").write_text("")
    with pytest.raises(LocalFailure, match="choose another with --out"):
        prepare_folder(tmp_path / "run")


UMASKED = """
import os, sys
from pathlib import Path
from flux_batch.run.folder.prepare import create_private, shared_mode
os.umask(int(sys.argv[1]))
create_private(Path("private"))
assert shared_mode() == 0o666 & ~int(sys.argv[1]), oct(shared_mode())
assert os.umask(0) == int(sys.argv[1])
"""


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o277])
def test_the_umask_is_read_and_kept(mask: int, tmp_path: Path) -> None:
    """A private file does not depend on it; reading it changes nothing."""
    subprocess.run([sys.executable, "-c", UMASKED, str(mask)], cwd=tmp_path, env=environment(), check=True)
    assert mode(tmp_path / "private") == 0o600


def environment() -> dict[str, str]:
    """Where the package is."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def test_a_private_file_is_never_one_that_is_there(tmp_path: Path) -> None:
    """Nor one that a link names."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        create_private(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()
