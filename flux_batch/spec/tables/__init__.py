"""Tables that a variable's values come from: CSV, Excel, JSON, YAML, or the images in a folder."""

from __future__ import annotations

from flux_batch.spec.tables.faults import Fault, TableProblem
from flux_batch.spec.tables.records import Cell, Field, InputFile, Row, Table

__all__ = ["Cell", "Fault", "Field", "InputFile", "Row", "Table", "TableProblem"]
