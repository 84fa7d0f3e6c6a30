"""Reading stored images back, wherever they stand: in the run folder or in an object store."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flux_batch.errors import LocalFailure
from flux_batch.run.plane.objects import is_object, object_bytes, object_size, object_sizes

Listing = Mapping[str, int]
"""Sizes by address, asked for once instead of one by one."""


class NotAFile(OSError):
    """Something else has the name."""


def listing(place: str) -> Listing | None:
    """What is in an object store now; None where images stand in the run folder."""
    return object_sizes(place) if place else None


def original_size(path: str, folder: Path, listed: Listing | None = None) -> int:
    """Bytes of a stored image; raises OSError where there is none or nobody can say."""
    if is_object(path):
        if listed is not None and path not in listed:
            raise FileNotFoundError(path)
        return object_size(path) if listed is None else listed[path]
    return original_status(path, folder).st_size


def original_status(path: str, folder: Path) -> os.stat_result:
    """What the disk says of a stored image in the run folder; raises OSError where there is none."""
    found = os.stat(f"{folder!s}/{path}")  # noqa: PTH116 (a large run asks a hundred thousand times)
    if not stat.S_ISREG(found.st_mode):
        raise NotAFile(path)
    return found


def is_there(path: str, folder: Path) -> bool:
    """Whether a stored image can be looked at: an object store is taken at its word."""
    try:
        return is_object(path) or bool(original_status(path, folder))
    except (OSError, ValueError):  # a name that no file can have
        return False


def stands(place: str, size: int) -> bool:
    """Whether a file of this size is there, whose whole path is given: quick, and no more than yes or no."""
    try:
        found = os.stat(place)  # noqa: PTH116 (a large run asks a hundred thousand times)
    except (OSError, ValueError):
        return False
    return found.st_size == size and stat.S_ISREG(found.st_mode)


def original_bytes(path: str, folder: Path) -> bytes:
    """All of a stored image; raises OSError, also where the store cannot be reached."""
    if not is_object(path):
        return (folder / path).read_bytes()
    try:
        return object_bytes(path)
    except LocalFailure as error:
        raise OSError(None, str(error)) from None


@contextmanager
def original_file(path: str, folder: Path) -> Iterator[Path]:
    """A stored image as a file to read, fetched for the while where it is none; raises OSError."""
    if not is_object(path):
        yield folder / path
        return
    data = original_bytes(path, folder)
    with TemporaryDirectory(prefix="flux-batch-") as home:
        copy = Path(home) / "original"
        copy.write_bytes(data)
        yield copy


def place_of(path: str, folder: Path) -> str:
    """Where a stored image stands, for a person."""
    return path if is_object(path) else str(folder / path)
