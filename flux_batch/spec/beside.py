"""The files beside a spec that it may read: tables, brand files, and the specs it extends."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.spec.tables import InputFile, Table, read_table
from flux_batch.spec.text import check_text, read_text
from flux_batch.spec.values import Document, read_document
from flux_batch.spec.words import quoted


@dataclass(frozen=True, slots=True)
class Beside:
    """Reads what lies in ``folder``, the spec's own."""

    folder: Path

    def table(self, path: str, sheet: str | None) -> Table:
        """A table in the folder or below; raises TableProblem."""
        return read_table(self.folder, path, sheet=sheet)

    def document(self, path: str) -> Document:
        """A YAML file, by a path that starts at the folder; UsageError or InvalidSpec when it cannot be read."""
        return read_beside(self.folder, path)


def read_beside(folder: Path, path: str) -> Document:
    """A YAML file named in a spec; it may lie above, as a shared house style does, but its path is relative."""
    if not path.isprintable() or path.startswith(("/", "~")) or path[1:2] == ":" or "\\" in path:
        raise UsageError(f"{quoted(path)} is not a path that starts at this spec's folder, like ../house-style.yaml")
    place = Path(os.path.normpath(folder / path))
    if place.exists() and not place.is_file():
        raise UsageError(f"{quoted(path)} is not a file")
    text = read_text(place)
    check_text(place, text)
    document = read_document(place, text)
    if problems := (*document.syntax, *document.problems):
        raise InvalidSpec(problems)
    return document


def input_of(document: Document, path: str) -> InputFile:
    """What is remembered of a file that a spec was made from."""
    data = document.source.text.encode()
    return InputFile(path=path, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
