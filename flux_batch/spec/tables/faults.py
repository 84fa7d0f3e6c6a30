"""What is wrong with a table: every fault of a file at once, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flux_batch.errors import UsageError
from flux_batch.spec.tables.limits import FAULTS_MAX
from flux_batch.spec.words import harmless


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong; ``place`` is empty where the whole file is meant."""

    place: str
    message: str
    hint: str = ""


class TableProblem(UsageError):
    """A table that cannot be used.

    ``faults`` holds what was found, at most 50, in the order of the file. ``message``, ``hint`` and ``place`` are
    those of the first; the error's own text is its message.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(Fault(harmless(each.place), harmless(each.message), harmless(each.hint)) for each in faults)
        self.message, self.hint, self.place = self.faults[0].message, self.faults[0].hint, self.faults[0].place
        super().__init__(self.message)


class Faults:
    """Where a reader lays down what it finds wrong."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, place: str, message: str, hint: str = "") -> None:
        """Keep a fault and go on; TableProblem once there are so many that looking for more helps nobody."""
        self.found.append(Fault(place, message, hint))
        if len(self.found) >= FAULTS_MAX:
            raise TableProblem(self.found)

    def stop(self, place: str, message: str, hint: str = "") -> TableProblem:
        """The error for a fault behind which nothing can be read, with all that were found before it."""
        return TableProblem((*self.found, Fault(place, message, hint)))

    def check(self) -> None:
        """TableProblem when anything was found."""
        if self.found:
            raise TableProblem(self.found)


def problem(message: str, hint: str = "", place: str = "") -> TableProblem:
    """A table with a single fault."""
    return TableProblem((Fault(place, message, hint),))
