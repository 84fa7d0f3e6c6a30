"""Room on the disk: how many images may be under way, and what is said when there is none for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_batch.run.folder import disk
from flux_batch.run.folder.disk import BESIDE, IMAGE, free_bytes, places, shortage

MB = 1024 * 1024


@pytest.mark.parametrize(
    ("free", "under_way", "expected"),
    [
        (100 * MB, 0, 11),  # a small disk is enough for a small run
        (100 * MB, 4, 7),
        (BESIDE + IMAGE, 0, 1),
        (BESIDE + IMAGE - 1, 0, 0),
        (BESIDE + IMAGE, 1, 0),
        (0, 3, -4),
        (None, 500, None),
    ],
)
def test_every_image_under_way_has_its_room(free: int | None, under_way: int, expected: int | None) -> None:
    """Beside the room for the state file and the report."""
    assert places(free, under_way) == expected


def test_a_folder_that_is_not_there_has_an_unknown_amount(tmp_path: Path) -> None:
    """Whoever writes will hear why not."""
    assert free_bytes(tmp_path / "gone") is None
    assert shortage(tmp_path / "gone") is None


def test_a_drive_that_says_nothing_about_itself_is_not_full() -> None:
    """Some file systems have no size, as /proc."""
    assert not Path("/proc/self").exists() or free_bytes(Path("/proc")) is None


def test_there_is_room_here(tmp_path: Path) -> None:
    """The disk of this machine is asked, and found large enough for these tests."""
    assert (free_bytes(tmp_path) or 0) > IMAGE + BESIDE
    assert shortage(tmp_path) is None


def test_the_sentence_says_how_much_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounded up, so that it is enough."""
    monkeypatch.setattr(disk, "free_bytes", lambda folder: IMAGE + BESIDE - 3 * MB - 1)
    said = shortage(tmp_path)
    assert said
    assert "has 12 MB left" in said
    assert "Free 4 MB there, then run again" in said
