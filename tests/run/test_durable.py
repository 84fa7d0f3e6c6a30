"""Bytes reach the disk whole, past the system's cache where the file system has a way."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from flux_batch.run.plane.durable import PAGE, open_new, write_past_cache

SIZES = (0, 1, PAGE - 1, PAGE, PAGE + 1, 550_000, 1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024 + 17)


@pytest.mark.parametrize("size", SIZES)
def test_every_byte_is_written(tmp_path: Path, size: int) -> None:
    """Whatever part of it fills no page, and however little memory the writing has."""
    content = os.urandom(size)
    assert written(tmp_path, content) == content


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no file system in memory")
def test_in_memory_too() -> None:
    """Not every such file system takes whole pages."""
    content = os.urandom(10 * PAGE + 5)
    with TemporaryDirectory(dir="/dev/shm") as folder:
        assert written(Path(folder), content) == content


def test_a_file_system_that_refuses_gets_it_the_usual_way(tmp_path: Path) -> None:
    """A file that stands within a page takes no whole ones, which is how every file system here can be made to."""
    content = os.urandom(10 * PAGE)
    handle = open_new(tmp_path / "part")
    try:
        os.write(handle, b"begun")
        write_past_cache(handle, content)
    finally:
        os.close(handle)
    assert (tmp_path / "part").read_bytes() == b"begun" + content


def test_a_write_that_fails_is_told(tmp_path: Path) -> None:
    """A handle that may only be read is no reason to try another way."""
    (tmp_path / "part").write_bytes(b"")
    handle = os.open(tmp_path / "part", os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="Bad file descriptor"):
            write_past_cache(handle, os.urandom(2 * PAGE))
    finally:
        os.close(handle)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has a way past its cache")
def test_whole_pages_go_past_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the last page; the file is an ordinary one afterwards."""
    from fcntl import F_GETFL, fcntl

    real, seen = os.write, []

    def write(handle: int, data: bytes) -> int:
        seen.append((len(data), bool(fcntl(handle, F_GETFL) & os.O_DIRECT)))
        return real(handle, data)

    monkeypatch.setattr(os, "write", write)
    written(tmp_path, os.urandom(3 * PAGE + 5))
    assert seen == [(3 * PAGE, True), (5, False)]


def written(folder: Path, content: bytes) -> bytes:
    """What stands in a new file after writing ``content``."""
    part = folder / "part"
    handle = open_new(part)
    try:
        write_past_cache(handle, content)
    finally:
        os.close(handle)
    return part.read_bytes()
