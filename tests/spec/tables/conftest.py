"""Short ways from a file's contents to its table, or to its faults."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest

from flux_batch.spec.tables import Field, Table, TableProblem
from flux_batch.spec.tables.read import read_table

Values = list[dict[str, Field]]
Read = Callable[..., Table]
Refused = Callable[..., list[str]]
MakeBook = Callable[..., str]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def values(table: Table) -> Values:
    """A table's values without their places."""
    return [{name: cell.value for name, cell in row.cells.items()} for row in table.rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A spec's folder, with something beside it that is none of its business."""
    folder = tmp_path / "specs"
    (folder / "data").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("name\nsecret\n")
    return folder


def _write(folder: Path, relative: str, contents: str | bytes) -> None:
    (folder / relative).write_bytes(contents.encode() if isinstance(contents, str) else contents)


@pytest.fixture
def read(folder: Path) -> Read:
    """The table of a file with these contents."""

    def reading(relative: str, contents: str | bytes | None = None, *, sheet: str | None = None) -> Table:
        if contents is not None:
            _write(folder, relative, contents)
        return read_table(folder, relative, sheet=sheet)

    return reading


@pytest.fixture
def refused(folder: Path) -> Refused:
    """The faults of a file with these contents, each as ``place | message | hint``."""

    def refusing(relative: str, contents: str | bytes | None = None, *, sheet: str | None = None) -> list[str]:
        if contents is not None:
            _write(folder, relative, contents)
        with pytest.raises(TableProblem) as caught:
            read_table(folder, relative, sheet=sheet)
        first = caught.value.faults[0]
        assert (str(caught.value), caught.value.hint, caught.value.place) == (first.message, first.hint, first.place)
        return [
            " | ".join(part for part in (each.place, each.message, each.hint) if part) for each in caught.value.faults
        ]

    return refusing


@pytest.fixture
def make_book(folder: Path) -> MakeBook:
    """A workbook with one sheet of these rows; its path in the spec's folder."""

    def make(rows: Iterable[Iterable[object]], relative: str = "data/p.xlsx", title: str = "Prices") -> str:
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        sheet.title = title
        for row in rows:
            sheet.append(list(row))
        book.save(folder / relative)
        return relative

    return make


def repacked(path: Path, changes: dict[str, bytes]) -> None:
    """The workbook with some parts changed or added."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | changes).items():
            archive.writestr(name, data)


def shared(path: Path, rows: str, texts: list[str]) -> None:
    """The workbook with more rows, as XML, and with a list of texts that cells share: Excel writes all of them so."""
    with zipfile.ZipFile(path) as archive:
        sheet, types = archive.read("xl/worksheets/sheet1.xml"), archive.read("[Content_Types].xml")
    items = "".join(f"<si>{text}</si>" for text in texts)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    changes = {
        "xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", f"{rows}</sheetData>".encode()),
        "[Content_Types].xml": types.replace(b"</Types>", override.encode()),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{items}</sst>'.encode(),
    }
    repacked(path, changes)
