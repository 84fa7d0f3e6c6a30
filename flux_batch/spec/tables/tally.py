"""Counts what a table holds while it is read, so that one made to fill the memory is stopped early."""

from __future__ import annotations

from flux_batch.spec.tables.faults import Faults
from flux_batch.spec.tables.limits import CELLS_MAX, CHARACTERS_MAX, ROWS_MAX


class Tally:
    """Rows, filled cells and characters so far; TableProblem when there are too many."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.rows = self.cells = self.characters = 0

    def add_row(self, place: str) -> None:
        """Count a row."""
        self.rows += 1
        if self.rows > ROWS_MAX:
            raise self.faults.stop(place, f"the table has more than {ROWS_MAX:,} rows", "split it")

    def add_cell(self, value: object, place: str) -> None:
        """Count a value and its text."""
        self.cells += 1
        # One text of a workbook, or behind an alias, may be meant by a million cells.
        self.characters += len(value) if isinstance(value, str) else 1
        if self.cells > CELLS_MAX:
            raise self.faults.stop(place, f"the table has more than {CELLS_MAX:,} filled cells", "split it")
        if self.characters > CHARACTERS_MAX:
            raise self.faults.stop(place, f"the table has more than {CHARACTERS_MAX:,} characters", "split it")
