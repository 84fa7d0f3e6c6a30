"""What a spec depends on beside its own text, and whether all of it is still there as it was: hashed, not read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.spec.beside.confine import Kind, read_inside
from flux_batch.spec.reading.text import read_text

_ANY: Final = Kind(
    noun="file",
    thing="file",
    example="",
    bytes_max=64 * 1024 * 1024,
    too_large="",
    problem=lambda message, _: UsageError(message),
)
"""Whatever was small enough to be read is so still, or has other bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Hashes by path as it is written, from the spec's folder on.

    ``documents`` are the specs and word lists under it, by their text; ``files`` tables and pictures, by their bytes;
    ``patterns`` are those of images, by the names that they find.
    """

    documents: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)

    def add_file(self, path: str, sha256: str) -> None:
        """What was read at a path; one that was changed between two reads will never be found unmoved."""
        self.files[path] = sha256 if self.files.get(path, sha256) == sha256 else ""


def unmoved(reads: Reads, folder: Path) -> bool:
    """Whether everything that a spec in ``folder`` read would be read alike now."""
    try:
        return (
            all(sha256 == text_hash(_document(folder, path)) for path, sha256 in reads.documents.items())
            and files_unmoved(reads.files, folder)
            and all(sha256 == names_hash(_found(folder, pattern)) for pattern, sha256 in reads.patterns.items())
        )
    except (UsageError, OSError):  # what cannot be read as it was is for the loader to complain about
        return False


def files_unmoved(files: Mapping[str, str], folder: Path) -> bool:
    """Whether these files have the bytes that they had, and still lie in the spec's folder; raises UsageError."""
    return all(sha256 == hashlib.sha256(read_inside(folder, path, _ANY)).hexdigest() for path, sha256 in files.items())


def text_hash(text: str) -> str:
    """Of a document."""
    return hashlib.sha256(text.encode()).hexdigest()


def names_hash(paths: Iterable[str]) -> str:
    """Of what a pattern finds, in its order; a name has no line break."""
    return text_hash("\n".join(paths))


def _document(folder: Path, path: str) -> str:
    place = Path(os.path.normpath(folder / path))
    if not place.is_file():
        raise UsageError(f"there is no file {place}")
    return read_text(place)


def _found(folder: Path, pattern: str) -> Iterable[str]:
    from flux_batch.spec.tables.pictures import find_pictures

    return (row.place for row in find_pictures(folder, pattern).rows)
