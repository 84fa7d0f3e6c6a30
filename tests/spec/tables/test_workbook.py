"""Excel workbooks, written by openpyxl and read again."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from tests.spec.tables.conftest import MakeBook, Read, Refused, shared, values

Time = dt.time
FIRST = "data/p.xlsx, sheet Prices"


def test_cells_have_the_type_that_the_sheet_shows(read: Read, make_book: MakeBook) -> None:
    """Text stays text, and numbers print as they are shown."""
    header = ["SKU", "whole", "point", "sum", "yes", "day", "moment", "empty", "b"]
    day, moment = dt.datetime(2026, 11, 23), dt.datetime(2026, 11, 23, 14, 30)  # noqa: DTZ001
    make_book([header, ["007 ", 12.0, 4.5, 1.1 * 3, True, day, moment, None, 0.1]])
    table = read("data/p.xlsx")
    assert values(table) == [
        {
            "sku": "007",
            "whole": 12,
            "point": Decimal("4.5"),
            "sum": Decimal("3.3"),
            "yes": True,
            "day": "2026-11-23",
            "moment": "2026-11-23T14:30:00",
            "b": Decimal("0.1"),
        }
    ]
    row = table.rows[0]
    assert (row.place, row.cells["sum"].place) == (f"{FIRST}, row 2", f"{FIRST}, cell D2")
    assert isinstance(row.cells["whole"].value, int)
    assert table.files[0].path == "data/p.xlsx"


def test_empty_rows_and_columns_between_are_skipped(read: Read, folder: Path) -> None:
    """The header is the first row with anything in it; columns may begin anywhere."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for place, value in {"C3": "name", "E3": "price", "C5": "mug", "E9": 4, "C9": "pot"}.items():
        sheet[place].value = value
    sheet["G7"].number_format = "0.00"
    book.save(folder / "p.xlsm")
    table = read("p.xlsm")
    assert values(table) == [{"name": "mug"}, {"name": "pot", "price": 4}]
    assert table.rows[1].place == "p.xlsm, sheet Sheet, row 9"


def test_article_numbers_keep_their_zeros(read: Read, folder: Path) -> None:
    """The sheet shows 00042, so 00042 it is."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["sku", "n"])
    sheet.append([42, 1])
    sheet["A2"].number_format = "00000"
    book.save(folder / "p.xlsx")
    assert values(read("p.xlsx")) == [{"sku": "00042", "n": 1}]


def test_numbers_that_excel_has_rounded_are_refused(refused: Refused, make_book: MakeBook) -> None:
    """The last digits of a long article number are gone."""
    make_book([["sku", "n"], [4006381333931123, 1]])
    (said,) = refused("data/p.xlsx")
    assert said.startswith(f"{FIRST}, cell A2 | a spreadsheet keeps 15 digits")


@pytest.mark.parametrize(
    ("value", "ratio"),
    [
        ("16x9", "16:9"),
        (Time(16, 9), "16:9"),
        (Time(1, 1), "1:1"),
        (Time(21, 9), "21:9"),
        (dt.timedelta(days=1, hours=8, minutes=9), "32:9"),
        (dt.timedelta(hours=16, minutes=9), "16:9"),
        ("match_input_image", "match_input_image"),
    ],
)
@pytest.mark.parametrize("title", ["ratio", "Aspect Ratio", "format"])
def test_a_ratio_that_became_a_time_is_a_ratio_again(
    read: Read, make_book: MakeBook, value: object, ratio: str, title: str
) -> None:
    """Excel takes 16:9 for nine past four in the afternoon."""
    if title == "format" and value == "16x9":
        ratio = "16x9"
    make_book([["name", title], ["mug", value]])
    assert values(read("data/p.xlsx"))[0][title.lower().replace(" ", "_")] == ratio


@pytest.mark.parametrize(
    ("title", "value", "said"),
    [
        ("ratio", Time(16, 9, 30), "this cell is a time (16:09:30), not a ratio | format the column as Text"),
        ("ratio", Time(16, 0), "this cell is a time (16:00:00), not a ratio"),
        ("ratio", dt.date(2026, 4, 3), "this cell is a date (2026-04-03"),
        ("ratio", 0.6729, '"0.6729" is not a ratio'),
        ("size", 969 / 1440, '"0.672916666666667" is not a ratio'),
        ("ratio", 969, '969 is not a ratio: did you mean "16:9"?'),
        ("opens", Time(16, 9), "this cell is a time (16:09:00) | format the column as Text and type the value again"),
        ("name2", "a\x7fb", "this cell has the character U+007F"),
    ],
)
def test_what_cannot_be_known_is_refused(
    refused: Refused, make_book: MakeBook, title: str, value: object, said: str
) -> None:
    """With the sheet and the cell."""
    make_book([["name", title], ["mug", value]])
    (fault,) = refused("data/p.xlsx")
    assert fault.startswith(f"{FIRST}, cell B2 | {said}")


def test_shoes_and_papers_are_no_ratios(read: Read, make_book: MakeBook) -> None:
    """A size may be a number."""
    make_book([["name", "size"], ["shoe", 42.5], ["bottle", 0.7], ["box", 40]])
    assert [row["size"] for row in values(read("data/p.xlsx"))] == [Decimal("42.5"), Decimal("0.7"), 40]


def _with_formulas(path: Path, cells: str) -> None:
    """A workbook whose second row is this XML."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Prices"
    book.worksheets[0].append(["name", "price"])
    book.save(path)
    _rewrite(path, "xl/worksheets/sheet1.xml", "</sheetData>", f'<row r="2">{cells}</row></sheetData>')


def _rewrite(path: Path, part: str, old: str, new: str) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode(), 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_formulas_give_their_result(read: Read, folder: Path) -> None:
    """Also an empty text, which is no missing result."""
    cells = '<c r="A2" t="str"><f>"mu"&amp;"g"</f><v>mug</v></c><c r="B2" t="str"><f>IF(1,"","x")</f><v></v></c>'
    _with_formulas(folder / "data/p.xlsx", cells)
    assert values(read("data/p.xlsx")) == [{"name": "mug"}]


def test_formulas_without_a_result_and_errors_are_refused(refused: Refused, make_book: MakeBook, folder: Path) -> None:
    """A workbook that no spreadsheet program has calculated."""
    make_book([["name", "price"], ["mug", "=1+2"], ["pot", "#N/A"]])
    unsolved, error = refused("data/p.xlsx")
    assert unsolved.startswith(
        f"{FIRST}, cell B2 | this formula has no result in the file | open the workbook in Excel"
    )
    assert error == f"{FIRST}, cell B3 | this cell is the error #N/A | mend the formula, or clear the cell"


def test_merged_cells_have_one_value(read: Read, refused: Refused, folder: Path) -> None:
    """The others are empty; under a merged title they have no name."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["name", "price"], ["mug", 4], ["pot", 4]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    book.save(folder / "p.xlsx")
    assert values(read("p.xlsx")) == [{"name": "mug", "price": 4}, {"name": "pot"}]
    sheet.unmerge_cells("B2:B3")
    sheet.merge_cells("A1:B1")
    book.save(folder / "p.xlsx")
    assert refused("p.xlsx")[0].startswith("p.xlsx, sheet Sheet, cell B2 | this row has a column 2")


def test_the_first_visible_sheet_or_the_named_one(read: Read, refused: Refused, folder: Path) -> None:
    """A hidden sheet holds lists for menus, not the table."""
    book = openpyxl.Workbook()
    for title, state in (("Lists", "hidden"), ("Mugs", "visible"), ("Pots", "visible")):
        sheet = book.create_sheet(title)
        sheet.append(["name"])
        sheet.append([title])
        sheet.sheet_state = state
    del book["Sheet"]
    book.active = 1
    book.create_chartsheet("Chart", 0).add_chart(BarChart())
    book.save(folder / "p.xlsx")
    assert values(read("p.xlsx")) == [{"name": "Mugs"}]
    assert values(read("p.xlsx", sheet="Pots")) == [{"name": "Pots"}]
    assert values(read("p.xlsx", sheet="Lists")) == [{"name": "Lists"}]
    assert refused("p.xlsx", sheet="pot") == ['p.xlsx | there is no sheet "pot" | did you mean "Pots"?']


def test_a_wrong_size_in_the_file_hides_no_rows(read: Read, make_book: MakeBook, folder: Path) -> None:
    """Other programs write A1:A1 for any sheet."""
    make_book([["name", "price"], ["mug", 4], ["pot", 5]])
    _rewrite(folder / "data/p.xlsx", "xl/worksheets/sheet1.xml", 'ref="A1:B3"', 'ref="A1:A1"')
    assert len(values(read("data/p.xlsx"))) == 2


def test_pasted_line_ends_are_line_ends(read: Read, make_book: MakeBook) -> None:
    """Excel writes a carriage return as a code."""
    make_book([["name", "note"], ["mug", "one_x000D_\ntwo"]])
    assert values(read("data/p.xlsx"))[0]["note"] == "one\ntwo"


def test_files_that_are_no_workbook(refused: Refused, make_book: MakeBook, folder: Path) -> None:
    """Old, locked, cut off, or something else."""
    assert "has a password, or is of the old .xls kind" in refused("p.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")[0]
    assert "this is not an Excel workbook" in refused("p.xlsx", "a,b\n1,2\n")[0]
    data = (folder / make_book([["a"], ["b"]])).read_bytes()
    assert "this is not an Excel workbook" in refused("p.xlsx", data[: len(data) // 2])[0]
    with zipfile.ZipFile(folder / "p.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert "this is not an Excel workbook" in refused("p.xlsx")[0]


def test_without_the_library_it_is_named(make_book: MakeBook, folder: Path) -> None:
    """The other formats work without it."""
    make_book([["a"], ["b"]])
    code = (
        "import sys; sys.modules['openpyxl'] = None\n"
        "from pathlib import Path; from flux_batch.spec.tables import TableProblem\n"
        "from flux_batch.spec.tables.read import read_table\n"
        "try: read_table(Path(sys.argv[1]), 'data/p.xlsx')\n"
        "except TableProblem as error: print(error, '|', error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == "reading Excel needs a library | pip install 'flux-batch[excel]', or save the table as .csv\n"


def test_texts_that_cells_share(read: Read, make_book: MakeBook, folder: Path) -> None:
    """As Excel writes every text, also one that is partly bold."""
    path = folder / make_book([["name", "note"]])
    texts = ["<t>mug</t>", "<r><t xml:space='preserve'>sage </t></r><r><rPr><b/></rPr><t>green</t></r>"]
    shared(path, '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c></row>', texts)
    assert values(read("data/p.xlsx")) == [{"name": "mug", "note": "sage green"}]
