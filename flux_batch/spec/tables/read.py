"""The file that a spec names → its table."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from flux_batch.spec.beside.confine import Kind, read_inside
from flux_batch.spec.tables.delimited import read_delimited
from flux_batch.spec.tables.faults import problem
from flux_batch.spec.tables.grid import Grid
from flux_batch.spec.tables.json_table import read_json, read_json_lines
from flux_batch.spec.tables.limits import FILE_MAX
from flux_batch.spec.tables.picks import is_picks, read_picked
from flux_batch.spec.tables.pictures import find_pictures, is_pattern
from flux_batch.spec.tables.records import InputFile, Table
from flux_batch.spec.tables.workbook import read_workbook
from flux_batch.spec.tables.yaml_table import read_yaml
from flux_batch.spec.words import quoted

TABLE: Final = Kind(
    noun="table",
    thing="file",
    example="data/products.csv",
    bytes_max=FILE_MAX,
    too_large=f"a table has at most {FILE_MAX // 1024 // 1024} MB: keep the rows and columns that are used",
    problem=problem,
)

READERS: Final[dict[str, Callable[[str, bytes], Grid]]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".yaml": read_yaml,
    ".yml": read_yaml,
}
WORKBOOKS: Final = (".xlsx", ".xlsm")
OTHERS: Final = (".xls", ".xlsb", ".ods", ".numbers")
"""Spreadsheets that cannot be read, but saved as something else."""


def read_table(folder: Path, relative: str, *, sheet: str | None = None, flag: str | None = None) -> Table:
    """The table at a path relative to the spec's folder, or the images that a pattern finds there.

    ``sheet`` names one of a workbook's, ``flag`` which images of a picks file. TableProblem with everything that is
    wrong.
    """
    suffix = Path(relative).suffix.lower()
    _check_suffix(relative, suffix, sheet)
    if is_pattern(relative):
        _refuse_flag(relative, flag)
        return find_pictures(folder, relative)
    data = read_inside(folder, relative, TABLE)
    path = Path(os.path.normpath(relative)).as_posix()
    if suffix == ".json" and is_picks(data):
        grid = read_picked(path, data, flag or "pick")
    else:
        _refuse_flag(relative, flag)
        grid = read_workbook(path, data, sheet) if suffix in WORKBOOKS else READERS[suffix](path, data)
    return Table(
        path=path,
        columns=grid.columns,
        rows=grid.rows,
        main=grid.columns[0] if len(grid.columns) == 1 else None,
        files=(InputFile(path=path, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)),),
    )


def _refuse_flag(relative: str, flag: str | None) -> None:
    if flag is not None:
        raise problem(f"{quoted(relative)} is no picks file", "take `flag` out: only the picks of a review have one")


def _check_suffix(relative: str, suffix: str, sheet: str | None) -> None:
    tables = (*READERS, *WORKBOOKS)
    if suffix in OTHERS:
        raise problem(f"a table cannot be read from {quoted(relative)}", "save it as .xlsx or .csv")
    if is_pattern(relative):
        if suffix in tables:
            raise problem(
                f"{quoted(relative)} is a pattern, which finds images", "name one table, like data/products.csv"
            )
    elif suffix not in tables:
        hint = f"tables end in {' '.join(tables)}; photos/*.jpg makes one of images"
        raise problem(f"{quoted(relative)} is not a table", hint)
    if sheet is not None and suffix not in WORKBOOKS:
        raise problem(f"{quoted(relative)} has no sheets", "take `sheet` out: only an Excel workbook has them")
