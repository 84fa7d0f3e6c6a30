"""``validate --fix``: what would be mended in a file, and the file written anew in one step."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flux_batch.errors import Problem, UsageError
from flux_batch.spec.mending.mends import mended
from flux_batch.spec.reading.text import read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """A file as it is and as it would be."""

    path: Path
    before: bytes
    after: str

    def diff(self) -> str:
        """What changes, line by line, with three lines around it."""
        before, after = (text.splitlines(keepends=True) for text in (self.before.decode(), self.after))
        lines = difflib.unified_diff(before, after, str(self.path), f"{self.path} (mended)")
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def mendings(specs: Sequence[Path], problems: Iterable[Problem]) -> Iterator[Mending]:
    """What can be mended in the specs, and in the files that they are built on."""
    by_file: dict[Path, list[Problem]] = {path: [] for path in specs}
    for problem in problems:
        if problem.fix is not None and Path(problem.file).is_file():
            by_file.setdefault(Path(problem.file), []).append(problem)
    for path, found in by_file.items():
        with suppress(UsageError):  # what cannot be read is among the problems already
            if mending := _mending(path, found):
                yield mending


def _mending(path: Path, problems: Sequence[Problem]) -> Mending | None:
    before = path.read_bytes()
    try:
        text = before.decode()
    except UnicodeDecodeError:
        return None
    if read_text(path) != text.removeprefix("\ufeff"):
        return None  # JSON that writes emoji in halves: places in it are not what they were
    after = mended(text, problems)
    return Mending(path=path, before=before, after=after) if after != text else None


def write(mending: Mending) -> None:
    """Put the mended text in the file's place, whole or not at all; UsageError when it has changed since."""
    path = mending.path.resolve()  # a link stays one, and what it leads to is mended
    try:
        if path.read_bytes() != mending.before:
            raise UsageError(f"{mending.path} has changed meanwhile: nothing was written, look again")
        _replace(path, mending.after.encode())
    except OSError as error:
        raise UsageError(f"{mending.path} cannot be written: {error.strerror or error}") from None


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o7777)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
