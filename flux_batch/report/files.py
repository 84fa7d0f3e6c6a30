"""Files that appear whole or not at all, and are left alone when nothing changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from flux_batch.errors import LocalFailure
from flux_batch.run.folder.prepare import shared_mode

PIECE: Final = 1 << 16
"""Characters that are worth a write."""


def write_if_changed(path: Path, content: bytes) -> bool:
    """Put ``content`` at ``path`` in one step; False when it was there already, byte for byte.

    Raises LocalFailure when the disk does not take it.
    """
    return stream_if_changed(path, (content,))


def stream_if_changed(path: Path, pieces: Iterable[bytes]) -> bool:
    """The same for a content that is never held whole; a piece that the file has already is not written."""
    coming = iter(pieces)
    try:
        with path.open("rb") if path.is_file() else nullcontext() as old:
            alike, other = _compared(old, coming)
            if other is None:
                return False
            path.parent.mkdir(parents=True, exist_ok=True)
            part = _written(path, chain(_again(old, alike) if old else (), (other,), coming))
        _put(part, path)
    except OSError as error:
        raise LocalFailure(f"cannot write {path}: {error.strerror or error}") from error
    return True


def encoded(texts: Iterable[str]) -> Iterator[bytes]:
    """Texts as UTF-8, in pieces that are worth a write; a question mark for what no text may hold."""
    waiting: list[str] = []
    length = 0
    for text in texts:
        waiting.append(text)
        length += len(text)
        if length >= PIECE:
            yield "".join(waiting).encode("utf-8", "replace")
            waiting, length = [], 0
    yield "".join(waiting).encode("utf-8", "replace")


def _compared(old: BinaryIO | None, pieces: Iterator[bytes]) -> tuple[int, bytes | None]:
    """How many bytes are the same, and the first piece that is not: None where all is, empty where the old has more."""
    alike = 0
    if old is None:
        return alike, b""
    for piece in pieces:
        if old.read(len(piece)) != piece:
            return alike, piece
        alike += len(piece)
    return alike, b"" if old.read(1) else None


def _again(old: BinaryIO, length: int) -> Iterator[bytes]:
    """The beginning that stays."""
    old.seek(0)
    while length:
        piece = old.read(min(length, PIECE))
        if not piece:
            raise OSError("it was changed meanwhile")
        yield piece
        length -= len(piece)


def _written(path: Path, pieces: Iterable[bytes]) -> Path:
    """A new file beside ``path``, safely on the disk; none is left where that fails."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    with _gone_on_error(Path(name)):
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for its owner's eyes only; a report is shared with the team.
        Path(name).chmod(shared_mode())
    return Path(name)


def _put(part: Path, path: Path) -> None:
    """Rename over it: a reader meets the old file or the new one."""
    with _gone_on_error(part):
        part.replace(path)


@contextmanager
def _gone_on_error(part: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
