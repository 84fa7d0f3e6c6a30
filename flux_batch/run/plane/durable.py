"""Files and folders that outlive a power cut.

A finished image is synced at once and not read again for a while. To copy it into the system's cache first is most of
the CPU that keeping a file takes (``benchmarks/durability.py``), and pushes out what other programs have there. Only
Linux has a way past it, and not on every file system; elsewhere, and for what fills no page, a write goes as usual.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from mmap import mmap
from pathlib import Path
from typing import Final

from flux_batch.run.folder.prepare import open_private, shared_mode

PAGE: Final = 4096
"""Bytes: what goes past the cache begins at one, and is a multiple of it, in memory and in the file."""

_BUFFER: Final = 1024 * 1024
"""Bytes of memory, for each thread that writes."""

_REFUSALS: Final = frozenset({errno.EINVAL, errno.ENOTSUP})


def open_new(part: Path) -> int:
    """An empty part with nothing left of an earlier try; a link in its place is removed, not followed."""
    try:
        return open_private(part)
    except FileNotFoundError:
        make_folder(part.parent)
    except FileExistsError:
        part.unlink(missing_ok=True)
    return open_private(part)


def write_all(handle: int, content: bytes | memoryview) -> None:
    """All of it, where the file stands; raises OSError."""
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def write_past_cache(handle: int, content: bytes) -> None:
    """All of it, into a file that is empty, and as much as can be past the cache; raises OSError."""
    view = memoryview(content)
    write_all(handle, view[_write_pages(handle, view) :])


def share_and_sync(handle: int) -> None:
    """Open a file to whom the umask says, and make its bytes durable."""
    if os.name != "nt":
        os.fchmod(handle, shared_mode())
    os.fsync(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, as durable as what will stand in it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename durable; Windows has no way to ask for it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


if sys.platform == "linux":
    from fcntl import F_SETFL, fcntl

    def _write_pages(handle: int, content: memoryview) -> int:
        """Write whole pages; how many bytes of them the file system took past its cache, perhaps none."""
        end, written = len(content) - len(content) % PAGE, 0
        try:
            fcntl(handle, F_SETFL, os.O_DIRECT)
            while written < end:
                written += os.write(handle, _aligned(content[written:end]))
        except OSError as error:
            if error.errno not in _REFUSALS:
                raise
        finally:
            fcntl(handle, F_SETFL, 0)
        return written

    def _aligned(content: memoryview) -> memoryview:
        """As much of it as fits into this thread's own memory, which begins at a page."""
        if not hasattr(_own, "buffer"):
            _own.buffer = memoryview(mmap(-1, _BUFFER))
        filled: memoryview = _own.buffer[: len(content)]
        filled[:] = content[: len(filled)]
        return filled

    _own: Final = threading.local()

else:

    def _write_pages(handle: int, content: memoryview) -> int:  # noqa: ARG001 - the same shape as above
        """None."""
        return 0
