"""The files beside a spec that it may read: tables, brand files, and the specs it extends."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.spec.reading.text import check_text, read_text
from flux_batch.spec.reading.values import Document, read_document
from flux_batch.spec.tables import InputFile, Table
from flux_batch.spec.words import closest_file, quoted


@dataclass(frozen=True, slots=True)
class Beside:
    """Reads what lies in ``folder``, the spec's own."""

    folder: Path

    def table(self, path: str, sheet: str | None, flag: str | None) -> Table:
        """A table in the folder or below; raises TableProblem."""
        from flux_batch.spec.tables.read import read_table  # its readers take time to load, and most specs need none

        return read_table(self.folder, path, sheet=sheet, flag=flag)

    def document(self, path: str) -> Document:
        """A YAML file, by a path that starts at the folder; UsageError or InvalidSpec when it cannot be read."""
        return read_beside(self.folder, path)

    def logo(self, path: str) -> InputFile:
        """A picture in the folder or below; raises ReferenceProblem."""
        from flux_batch.spec.beside.files import inspect_logo

        found = inspect_logo(self.folder, path)
        return InputFile(path=found.path, sha256=found.sha256, bytes=found.bytes)


def read_beside(folder: Path, path: str) -> Document:
    """A YAML file named in a spec; it may lie above, as a shared house style does, but its path is relative."""
    if not path.isprintable() or path.startswith(("/", "~")) or path[1:2] == ":" or "\\" in path:
        raise NotThere(f"{quoted(path)} is not a path that starts at this spec's folder", "write ../house-style.yaml")
    place = Path(os.path.normpath(folder / path))
    if not place.is_file():
        raise NotThere(*_nothing_at(path, place))
    text = read_text(place)
    check_text(place, text)
    document = read_document(place, text)
    if problems := (*document.syntax, *document.problems):
        raise InvalidSpec(problems)
    return document


def _nothing_at(path: str, place: Path) -> tuple[str, str]:
    if place.is_dir():
        return f"{quoted(path)} is a folder", "name the file in it"
    if place.exists():
        return f"{quoted(path)} is not a file", ""
    beside = [each.name for each in place.parent.glob("*.y*ml")] if place.parent.is_dir() else []
    guess = closest_file(place.name, sorted(beside))
    near = f"did you mean {PurePosixPath(path).with_name(guess)}?" if guess and guess != place.name else ""
    return f"there is no file {quoted(path)}", near or "paths start at this file's folder"


class NotThere(UsageError):
    """A file that cannot be had; ``hint`` is the mend."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def input_of(document: Document, path: str) -> InputFile:
    """What is remembered of a file that a spec was made from."""
    data = document.source.text.encode()
    return InputFile(path=path, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
