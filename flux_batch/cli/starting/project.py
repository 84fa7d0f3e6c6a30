"""The files of a new project: written all or none, and never over a file that is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from flux_batch.errors import UsageError

DATA: Final = "data"
"""Where a table from elsewhere is copied to."""

_EXTENSIONS: Final = '{\n  "recommendations": ["redhat.vscode-yaml"]\n}\n'
_IGNORED: Final = "runs/\n.env\n"


def beside_the_spec() -> dict[str, str]:
    """File name → text of what a project has beside its spec."""
    from flux_batch.spec.schema.published import schema_text

    return {
        ".flux-batch/spec.schema.json": schema_text("spec"),
        ".vscode/extensions.json": _EXTENSIONS,
        ".gitignore": _IGNORED,
    }


def refuse_taken(folder: Path, spec: str) -> None:
    """UsageError when the spec cannot be written: before anybody answers a question."""
    if os.path.lexists(folder) and not os.path.isdir(folder):  # noqa: PTH112 - Path raises where nobody may look
        raise UsageError(f"{folder} is a file; choose another folder: flux-batch init DIR")
    if os.path.lexists(folder / spec):
        raise UsageError(
            f"{folder / spec} is there already; choose another folder: flux-batch init DIR, or another --name"
        )


class Project:
    """A folder that files are written into; it remembers what it made, to take it back when something fails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: list[str] = []
        self.kept: list[str] = []
        self._folders: list[Path] = []

    def write(self, name: str, content: bytes, *, new: bool = False) -> None:
        """A file; one that is there already is kept as it is, or is an OSError where it must be ``new``."""
        path = self.folder / name
        if os.path.lexists(path) and not new:
            self.kept.append(name)
            return
        self._make(path.parent)
        with path.open("xb") as file:
            self.written.append(name)
            file.write(content)

    def undo(self) -> list[str]:
        """Take back what was written; returns what could not be."""
        for name in self.written:
            with suppress(OSError):
                (self.folder / name).unlink()
        for folder in reversed(self._folders):
            with suppress(OSError):
                folder.rmdir()
        return [name for name in self.written if os.path.lexists(self.folder / name)]

    def _make(self, folder: Path) -> None:
        missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
        for each in reversed(missing):
            each.mkdir()
            self._folders.append(each)


@contextmanager
def project(folder: Path) -> Iterator[Project]:
    """A project that is there as a whole or not at all; what the disk refuses is a UsageError."""
    made = Project(folder)
    try:
        yield made
    except OSError as error:
        left = made.undo()
        there = f"; these files are there: {', '.join(left)}" if left else "; nothing was written"
        raise UsageError(f"{error.filename or folder}: {error.strerror or error}{there}") from None
    except BaseException:
        made.undo()
        raise


def place_of(table: Path, folder: Path) -> str | None:
    """A table's path from the project's folder, None when it lies elsewhere, whatever links say."""
    try:
        return table.resolve().relative_to(folder.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):  # elsewhere, or links in a circle
        return None


def copy_table(table: Path, name: str, made: Project) -> None:
    """Copy a table from elsewhere into the project; the same table may be there already, but no other."""
    place, content = made.folder / name, table.read_bytes()
    if os.path.lexists(place) and not (place.is_file() and place.read_bytes() == content):
        raise UsageError(f"{place} is there already and is another table; rename one of them")
    made.write(name, content)
