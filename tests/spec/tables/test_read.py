"""Which files are tables, and how long they take."""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path

import pytest

from flux_batch.spec.tables.read import read_table
from tests.spec.tables.conftest import MakeBook, Read, Refused


@pytest.mark.parametrize("suffix", ["xls", "XLS", "ods", "numbers", "xlsb"])
def test_other_spreadsheets_are_to_be_saved_again(refused: Refused, suffix: str) -> None:
    """They are not even looked for."""
    assert refused(f"p.{suffix}") == [f'a table cannot be read from "p.{suffix}" | save it as .xlsx or .csv']


@pytest.mark.parametrize("relative", ["p.txt", "p", "p.png", "data", ".csv", ""])
def test_other_files_are_no_tables(refused: Refused, relative: str) -> None:
    """The endings are named."""
    assert "is not a table | tables end in .csv .tsv .json" in refused(relative)[0]


def test_a_missing_table_names_a_near_one(read: Read, refused: Refused) -> None:
    """In the folder that was named."""
    read("data/products.csv", "a\n1x\n")
    assert refused("data/product.csv") == [
        'there is no file "data/product.csv" beside the spec | did you mean data/products.csv?'
    ]
    assert "no folder" in refused("dat/products.csv")[0]


def test_a_folder_is_no_table(refused: Refused, folder: Path) -> None:
    """Whatever its name ends with."""
    (folder / "p.csv").mkdir()
    assert "is not a file" in refused("p.csv")[0] or "cannot be read" in refused("p.csv")[0]


def test_only_workbooks_have_sheets(refused: Refused) -> None:
    """Nobody's sheet is ignored."""
    assert refused("p.csv", "a\nb\n", sheet="Prices") == [
        '"p.csv" has no sheets | take `sheet` out: only an Excel workbook has them'
    ]


def test_a_place_cannot_move_the_cursor(refused: Refused, make_book: MakeBook) -> None:
    """A sheet may be named by anybody."""
    make_book([["a"], ["\u202e"]], title="x\u202ey")
    assert refused("data/p.xlsx")[0].startswith("data/p.xlsx, sheet x\N{REPLACEMENT CHARACTER}y, cell A2 | ")


def test_the_same_file_gives_the_same_table(read: Read) -> None:
    """Whenever it is read."""
    assert read("p.csv", "b,a\n1x,2\n") == read("p.csv")


def test_how_long_large_tables_take(folder: Path, make_book: MakeBook) -> None:
    """Printed, not judged: run with ``-s``."""
    row = ["M-1", "sage green mug", "#9CAF88", "4.50", "16:9", 'says "hi"']
    header = ["sku", "name", "color", "price", "ratio", "note"]
    with (folder / "big.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *([row] * 50_000)])
    make_book([header, *([row] * 10_000)], "big.xlsx")
    for name, rows in (("big.csv", 50_000), ("big.xlsx", 10_000)):
        wall, work = time.perf_counter(), time.process_time()
        assert len(read_table(folder, name).rows) == rows
        sys.stdout.write(
            f"{name}: {rows:,} rows in {time.perf_counter() - wall:.1f} s ({time.process_time() - work:.1f} s CPU)\n"
        )
