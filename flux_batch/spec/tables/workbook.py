"""Excel workbooks, read by openpyxl: the only module that knows it."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final, Protocol, cast
from xml.etree.ElementTree import iterparse

from flux_batch.spec.tables.faults import Faults, TableProblem, problem
from flux_batch.spec.tables.grid import Grid, RawCell, RawRow, build
from flux_batch.spec.tables.sheet_cells import Written, sheet_value
from flux_batch.spec.tables.workbook_guard import check_workbook, damaged
from flux_batch.spec.words import did_you_mean, quoted

if TYPE_CHECKING:
    from openpyxl import Workbook

SHEET_ROWS: Final = 1_048_576
"""Rows of a sheet in Excel; a number behind that is a damage, and the gap before it would be walked for ever."""
FORMULA: Final = re.compile(rb"<(\w+:)?f[\s/>]")


class SheetCell(Protocol):
    """What is asked of a cell; those of a gap only have a ``value``, which is None."""

    value: object
    data_type: str

    @property
    def number_format(self) -> str:
        """How a number is shown."""

    @property
    def coordinate(self) -> str:
        """Like ``B3``."""


class Sheet(Protocol):
    """What is asked of a sheet."""

    title: str
    sheet_state: str

    def reset_dimensions(self) -> None:
        """Forget the size that the file names."""

    def iter_rows(self) -> Iterator[tuple[SheetCell, ...]]:
        """Every row from the first on, also those in a gap."""

    def _get_source(self) -> IO[bytes]: ...


def read_workbook(path: str, data: bytes, name: str | None) -> Grid:
    """The table on the first visible sheet, or on the one with this name; TableProblem with every fault."""
    check_workbook(data, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about charts and the like, which are not read
        workbook = _opened(path, data)
        sheet = _sheet(workbook, path, name)
        faults = Faults()
        grid = build(f"{path}, sheet {sheet.title}", _rows(sheet, path), sheet_value, faults)
    faults.check()
    return grid


def _opened(path: str, data: bytes) -> Workbook:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise problem(
            "reading Excel needs a library", "pip install 'flux-batch[excel]', or save the table as .csv", path
        ) from None
    try:
        return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # it raises whatever it trips over
        raise damaged(path, error) from None


def _sheet(workbook: Workbook, path: str, name: str | None) -> Sheet:
    sheets = {sheet.title: sheet for sheet in cast("list[Sheet]", workbook.worksheets)}
    if name is None:
        visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
        if not visible:
            raise problem("this workbook has no visible sheet", "name one with `sheet`", path)
        return visible[0]
    if name not in sheets:
        raise problem(f"there is no sheet {quoted(name)}", did_you_mean(name, sheets, mark='"'), path)
    return sheets[name]


def _rows(sheet: Sheet, path: str) -> Iterator[RawRow[Written]]:
    """The rows with anything in them; what the builder raises between two rows passes through."""
    try:
        yield from _read(sheet, path)
    except TableProblem:
        raise
    except Exception as error:  # it raises whatever it trips over
        raise damaged(path, error) from None


def _read(sheet: Sheet, path: str) -> Iterator[RawRow[Written]]:
    unsolved = _unsolved(sheet)
    place = f"{path}, sheet {sheet.title}"
    sheet.reset_dimensions()  # other programs write wrong ones, and rows behind them would be missed
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number > SHEET_ROWS:
            raise ValueError(f"it has a row {number:,}")
        cells = [
            RawCell(column, _written(cell), f"{place}, cell {cell.coordinate}")
            for column, cell in enumerate(row)
            if cell.value is not None or (unsolved and getattr(cell, "coordinate", None) in unsolved)
        ]
        if cells:
            yield RawRow(f"{place}, row {number}", cells)


def _written(cell: SheetCell) -> Written:
    value = cell.value
    return Written(
        value,
        number_format=cell.number_format if isinstance(value, int | float) else "",
        error=cell.data_type == "e",
        unsolved=value is None,
    )


def _unsolved(sheet: Sheet) -> frozenset[str]:
    """The cells with a formula that no program has calculated yet.

    The library gives None for them, and also for a formula whose result is an empty text, which is no fault.
    """
    with sheet._get_source() as source:  # noqa: SLF001 - the library has no public way to the sheet's own text
        data = source.read()
    if not FORMULA.search(data):
        return frozenset()
    found = set()
    for _, element in iterparse(io.BytesIO(data)):  # noqa: S314 - the guard has refused all entities
        tag = element.tag.rpartition("}")[2]
        if tag == "c":
            parts = {child.tag.rpartition("}")[2]: child.text for child in element}
            if "f" in parts and not parts.get("v") and element.get("t") != "str":
                found.add(element.get("r", ""))
        if tag == "row":
            element.clear()
    return frozenset(found)
