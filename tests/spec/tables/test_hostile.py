"""Files made to hurt: each is refused in plain words, quickly, and without filling the memory."""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from flux_batch.spec.tables import TableProblem
from tests.spec.tables.conftest import MakeBook, Read, Refused, repacked, shared

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_that_laughs(refused: Refused, make_book: MakeBook, folder: Path, part: str, encoding: str) -> None:
    """A billion words in a few hundred bytes; no spreadsheet program defines entities at all."""
    path = folder / make_book([["a"], ["b"]])
    xml = f'<?xml version="1.0" encoding="{encoding}"?>{LAUGHS}<worksheet>&j;</worksheet>'
    repacked(path, {part: xml.encode(encoding)})
    assert "defines XML entities" in refused("data/p.xlsx")[0]


def test_a_workbook_that_unfolds(refused: Refused, make_book: MakeBook, folder: Path) -> None:
    """A small file with 300 MB in it."""
    path = folder / make_book([["a"], ["b"]])
    repacked(path, {"xl/media/x.xml": b" " * (300 * 1024 * 1024)})
    assert path.stat().st_size < 1024 * 1024
    assert "unpacked, this workbook has 300 MB" in refused("data/p.xlsx")[0]


def test_a_workbook_of_tags(refused: Refused, make_book: MakeBook, folder: Path) -> None:
    """Little text, but each tag takes memory."""
    path = folder / make_book([["a"], ["b"]])
    repacked(path, {"xl/styles.xml": b"<a>" + b"<b/>" * 6_000_000 + b"</a>"})
    assert "has too many cells" in refused("data/p.xlsx")[0]


def test_a_workbook_of_parts(refused: Refused, make_book: MakeBook, folder: Path) -> None:
    """Each takes memory before it is opened."""
    path = folder / make_book([["a"], ["b"]])
    repacked(path, {f"x/{number}": b"" for number in range(10_001)})
    assert "parts | keep the sheet" in refused("data/p.xlsx")[0]


@pytest.mark.parametrize(
    "row",
    [
        '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>',
        '<row r="3"><c r="ZZZZZZZZ3"><v>1</v></c></row>',
        '<row r="3"><c r="A3" t="s"><v>77</v></c></row>',
        '<row r="3"><c r="A3"><v>1e999</v></c></row>',
        '<row r="3"><c r="A3"><v>' + "9" * 5000 + "</v></c></row>",
        '<row r="3"><c r="A3" s="999"><v>1</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c>',
    ],
)
def test_a_sheet_with_nonsense(refused: Refused, make_book: MakeBook, folder: Path, row: str) -> None:
    """The library trips over it in its own ways."""
    path = folder / make_book([["a", "c"], ["b", "d"]])
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    repacked(path, {"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", f"{row}</sheetData>".encode())})
    assert any(words in refused("data/p.xlsx")[0] for words in ("or a damaged one", "this cell cannot be read"))


def test_one_text_in_a_million_cells(refused: Refused, make_book: MakeBook, folder: Path) -> None:
    """Each copy, composed anew, would be a text of its own."""
    path = folder / make_book([["a", "c"], ["b", "d"]])
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(3, 15_000))
    shared(path, rows, [f"<t>{'e' + chr(0x301)}{'x' * 7_900}</t>"])
    assert "more than 50,000,000 characters" in refused("data/p.xlsx")[0]


def test_a_sheet_nested_deep(refused: Refused, make_book: MakeBook, folder: Path) -> None:
    """No recursion may end the process."""
    path = folder / make_book([["a"], ["b"]])
    deep = b"<a>" * 200_000 + b"</a>" * 200_000
    repacked(path, {"xl/worksheets/sheet1.xml": deep})
    assert "the table is empty" in refused("data/p.xlsx")[0]


def test_a_sparse_file_is_not_read_to_its_end(refused: Refused, folder: Path) -> None:
    """100 MB of nothing."""
    for suffix in ("csv", "xlsx", "json", "yaml"):
        with (folder / f"p.{suffix}").open("wb") as file:
            file.truncate(100 * 1024 * 1024)
        (said,) = refused(f"p.{suffix}")
        assert said.startswith(f'the table "p.{suffix}" has 100.0 MB | a table has at most 20 MB')


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hang(refused: Refused, folder: Path) -> None:
    """Opening it would wait for a writer."""
    os.mkfifo(folder / "pipe.csv")
    assert refused("pipe.csv") == ['the table "pipe.csv" is not a file']


@pytest.mark.parametrize(
    "relative",
    ["/etc/x.csv", "~/x.csv", "../secret.csv", "data/../../secret.csv", "C:/x.csv", "out/secret.csv", "link.csv"],
)
def test_tables_outside_are_refused(refused: Refused, folder: Path, relative: str) -> None:
    """A stranger's spec reads nothing else."""
    (folder / "out").symlink_to(folder.parent)
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (said,) = refused(relative)
    assert "the spec's folder" in said
    assert said.endswith("copy the file beside the spec, like data/products.csv")


@pytest.mark.parametrize("quote_every", [1, 2, 7])
def test_a_file_of_quotes_takes_no_square_time(read: Read, quote_every: int) -> None:
    """Megabytes of quotes and delimiters."""
    line = "".join('"' if n % quote_every == 0 else "," for n in range(1000))
    with suppress(TableProblem):
        read("p.csv", "a,b\n" + f"{line}\n" * 3000)


def test_one_huge_line(refused: Refused) -> None:
    """Without a line break anywhere."""
    assert refused("p.csv", "a" * 5_000_000)
    assert refused("p.csv", "a,b\n" + "," * 5_000_000 + "x")
    assert refused("p.csv", "a,b\n" + '"x",' * 2_000_000)
