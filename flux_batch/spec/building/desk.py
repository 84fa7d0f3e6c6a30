"""Where the record builders lay down what they find wrong, and look up what is wrong already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from flux_batch.errors import Fix, Problem
from flux_batch.spec.beside.beside import Beside, input_of
from flux_batch.spec.beside.reads import Reads, names_hash
from flux_batch.spec.reading.source import FilePath, Source
from flux_batch.spec.reading.values import Document
from flux_batch.spec.tables import InputFile, Table

PROBLEMS_MAX: Final = 500
"""Nobody reads more, and looking for more could take minutes in a file made to do so."""


class EnoughProblems(Exception):
    """So many problems that looking for more helps nobody."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The source to point into, the places that were ``lost`` to earlier problems, and the problems found since.

    ``files`` reads what lies beside the spec; tables that were read are remembered, and what was read is the spec's
    ``inputs``. ``reads`` has all that was looked at, by the paths as they are written.
    """

    source: Source
    files: Beside
    lost: frozenset[FilePath] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    inputs: dict[str, InputFile] = field(default_factory=dict)
    reads: Reads = field(default_factory=Reads)
    _tables: dict[tuple[str, str | None, str | None], Table] = field(default_factory=dict)

    def open_table(self, path: str, sheet: str | None, flag: str | None = None) -> Table:
        """A table, read once; raises TableProblem."""
        if (path, sheet, flag) not in self._tables:
            table = self.files.table(path, sheet, flag)
            self._tables[path, sheet, flag] = table
            self.inputs.update((file.path, file) for file in table.files)
            for file in table.files:
                self.reads.add_file(path, file.sha256)
            if not table.files:
                self.reads.patterns[path] = names_hash(row.place for row in table.rows)
        return self._tables[path, sheet, flag]

    def open_document(self, path: str) -> Document:
        """A YAML file; raises UsageError or InvalidSpec."""
        found = self.files.document(path)
        self.inputs[path] = input_of(found, path)
        self.reads.documents[path] = self.inputs[path].sha256
        return found

    def open_logo(self, path: str) -> str:
        """A picture for the sheet, by its path as it is kept; raises ReferenceProblem."""
        found = self.files.logo(path)
        self.inputs[found.path] = found
        self.reads.add_file(path, found.sha256)
        return found.path

    def report(self, at: FilePath, message: str, hint: str = "", *, key: bool = False, fix: Fix | None = None) -> None:
        """Add a problem at a node's value, or at its key."""
        self.problems.append(self.source.problem(at, message, hint, key=key, fix=fix))
        if len(self.problems) >= PROBLEMS_MAX:
            raise EnoughProblems

    def is_lost(self, *words: str) -> bool:
        """Whether something under any of these keys was lost, so that its absence is no news."""
        return not self._lost_words.isdisjoint(words)

    def is_lost_at(self, at: FilePath) -> bool:
        """Whether a place, or one it lies in, was lost."""
        return any(at[: len(lost)] == lost for lost in self.lost)

    def is_missing_from(self, section: str) -> bool:
        """Whether a whole entry of a group was lost, or the group: a name not found in it may have been meant."""
        return any(section in at[-2:] for at in self.lost)

    @cached_property
    def _lost_words(self) -> frozenset[str | int]:
        return frozenset(word for at in self.lost for word in at)


@dataclass(frozen=True, slots=True)
class Layer:
    """One level of settings, the file's or a job's, and where it stands."""

    values: Mapping[str, Any]
    at: FilePath

    def section(self, key: str) -> Layer:
        """A group of settings in this one; empty when it is not written."""
        return Layer(self.values.get(key, {}), (*self.at, key))


def written(key: str, *layers: Layer) -> tuple[Any, FilePath]:
    """A setting from the first layer that has it, and where it was written; None and its place in the first if none."""
    for layer in layers:
        if key in layer.values:
            return layer.values[key], (*layer.at, key)
    return None, (*layers[0].at, key)


def items(values: list[Any] | None, at: FilePath) -> Iterator[tuple[Any, FilePath]]:
    """The items of a list with their places, without the lost ones."""
    for index, value in enumerate(values or ()):
        if value is not None:
            yield value, (*at, index)


def without(value: Any, lost: frozenset[FilePath], at: FilePath = ()) -> Any:
    """The value without its lost places: their keys are gone, their list items None, so that the others keep theirs."""
    if isinstance(value, dict):
        return {key: without(item, lost, (*at, key)) for key, item in value.items() if (*at, key) not in lost}
    if isinstance(value, list):
        places = [(*at, index) for index in range(len(value))]
        return [
            None if place in lost else without(item, lost, place) for item, place in zip(value, places, strict=True)
        ]
    return value
