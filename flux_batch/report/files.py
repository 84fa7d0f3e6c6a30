"""Files that appear whole or not at all, and are left alone when nothing changed."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from flux_batch.errors import LocalFailure
from flux_batch.run.folder.prepare import shared_mode


def write_if_changed(path: Path, content: bytes) -> bool:
    """Put ``content`` at ``path`` in one step; False when it was there already, byte for byte.

    Raises LocalFailure when the disk does not take it.
    """
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        raise LocalFailure(f"cannot write {path}: {error.strerror or error}") from error
    return True


def _replace(path: Path, content: bytes) -> None:
    """Write next to the target and rename over it: a reader meets the old file or the new one."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for its owner's eyes only; a report is shared with the team.
        Path(name).chmod(shared_mode())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
