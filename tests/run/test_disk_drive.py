"""Network drives and synchronised folders: found by what is mounted and by names, said once before the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_batch.run.folder import drive
from flux_batch.run.folder.drive import cloud_of, drive_warning, file_system

from .conftest import MakeBench
from .kit import MATRIX

TABLE = r"""
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/ann/local xfs rw 0 0
//nas/all /mnt/the\040big\040nas cifs rw 0 0
systemd-1 /net autofs rw 0 0
nas:/net /net nfs rw 0 0
ann@host: /home/ann/far\011away\134ly fuse.sshfs rw 0 0
C:\134 /mnt/c 9p rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/run", "ext4"),
        ("/", "ext4"),
        ("/home/ann/runs/x", "nfs4"),
        ("/home/ann/local/runs", "xfs"),
        ("/home/ann/localised", "nfs4"),
        ("/homes/ann", "ext4"),
        ("/mnt/the big nas/runs", "cifs"),
        ("/mnt/the", "ext4"),
        ("/net/runs", "nfs"),
        ("/home/ann/far\taway\\ly/x", "fuse.sshfs"),
        ("/mnt/c/Users", "9p"),
    ],
)
def test_the_longest_mount_point_counts(path: str, kind: str) -> None:
    """Whole names only, escapes undone, and the later of two at one place."""
    assert file_system(Path(path), TABLE) == kind


@pytest.mark.parametrize("mounts", ["", "\n", "one two", "\\", "/dev/sda1 /elsewhere ext4 rw 0 0"])
def test_a_table_that_says_nothing_is_no_answer(mounts: str) -> None:
    """As on other systems."""
    assert file_system(Path("/home"), mounts) is None


@pytest.mark.parametrize(
    ("path", "cloud"),
    [
        ("/home/ann/Dropbox/runs", "Dropbox"),
        ("/Users/ann/Dropbox (Acme Inc)/runs", "Dropbox"),
        ("/Users/ann/Library/CloudStorage/OneDrive-Acme/runs", "OneDrive"),
        ("/mnt/c/Users/ann/OneDrive - Acme Inc/runs", "OneDrive"),
        ("/mnt/c/Users/ann/OneDrive/runs", "OneDrive"),
        ("/Users/ann/Library/CloudStorage/GoogleDrive-ann@acme.example/My Drive", "Google Drive"),
        ("/Users/ann/Google Drive/runs", "Google Drive"),
        ("/Users/ann/Library/Mobile Documents/com~apple~CloudDocs/runs", "iCloud"),
        ("/Users/ann/iCloudDrive/runs", "iCloud"),
        ("/home/ann/dropboxes/runs", None),
        ("/home/ann/OneDriver/runs", None),
        ("/home/ann/runs", None),
    ],
)
def test_a_synchronised_folder_is_known_by_its_name(path: str, cloud: str | None) -> None:
    """As the clients name it."""
    assert cloud_of(Path(path)) == cloud


def test_this_machines_disk_needs_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the table as it is, and with none."""
    assert drive_warning(tmp_path) is None
    monkeypatch.setattr(drive, "MOUNTS", tmp_path / "none")
    assert drive_warning(tmp_path) is None


@pytest.mark.parametrize("rehearsal", [False, True])
def test_the_warning_is_said_once_and_the_run_goes_on(
    rehearsal: bool, make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A network drive may be all there is."""
    bench = make_bench()
    table = tmp_path / "mounts"
    table.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path.resolve()} nfs rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(drive, "MOUNTS", table)
    assert bench.run(MATRIX, rehearsal=rehearsal).stopped is None
    (said,) = (each for each in bench.watcher.said if "drive" in each)
    assert said == (
        f"{bench.folder} is on a network drive (nfs): run from a local disk, or make sure only one machine uses it"
    )


def test_a_link_to_a_network_drive_is_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is where the bytes are."""
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "Dropbox")
    assert "by Dropbox" in (drive_warning(tmp_path / "runs") or "")
