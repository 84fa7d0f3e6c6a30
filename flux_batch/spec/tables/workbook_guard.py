"""A workbook's bytes, looked at before they are unpacked: a small file can unfold to all of the memory."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import IO, Final
from xml.parsers import expat

from flux_batch.spec.tables.faults import TableProblem, problem
from flux_batch.spec.tables.limits import PARTS_MAX, TAGS_MAX, UNZIPPED_MAX

OLD: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an .xls file begins, and an .xlsx file with a password."""
CHUNK: Final = 1024 * 1024
SAVE_AGAIN: Final = "open it in Excel and save it again as .xlsx, or as .csv"


class _Doctype(Exception):
    """A part of the workbook defines words of its own, which may stand for gigabytes."""


class _Root(Exception):
    """A part's contents begin, so nothing can be defined any more."""


def check_workbook(data: bytes, path: str) -> None:
    """TableProblem for bytes that are no workbook, or one that nobody's Excel made."""
    if data.startswith(OLD):
        message = "this workbook has a password, or is of the old .xls kind"
        raise problem(message, "save it as .xlsx without a password", path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_sizes(archive, path)
            _check_parts(archive, path)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as error:
        raise damaged(path, error) from None


def damaged(path: str, error: Exception) -> TableProblem:
    """The problem of a workbook that cannot be read to its end."""
    words = str(error).split("\n")[0].rstrip(".") or type(error).__name__
    return problem(f"this is not an Excel workbook, or a damaged one ({words})", SAVE_AGAIN, path)


def _check_sizes(archive: zipfile.ZipFile, path: str) -> None:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise problem("this workbook has a password", "save it as .xlsx without a password", path)
    # A part is never read past its declared size, so these sizes can be relied on.
    size = sum(part.file_size for part in parts)
    if size > UNZIPPED_MAX or len(parts) > PARTS_MAX:
        raise _too_large(f"unpacked, this workbook has {size / 1024 / 1024:,.0f} MB in {len(parts):,} parts", path)


def _check_parts(archive: zipfile.ZipFile, path: str) -> None:
    tags = 0
    for part in archive.infolist():
        with archive.open(part) as file:
            try:
                tags += _tags(file)
            except _Doctype:
                message = "this workbook defines XML entities, which no spreadsheet program does"
                raise problem(message, SAVE_AGAIN, path) from None
        if tags > TAGS_MAX:
            raise _too_large("this workbook has too many cells", path)


def _too_large(message: str, path: str) -> TableProblem:
    return problem(message, "keep the sheet that is used, or save it as .csv", path)


def _tags(file: IO[bytes]) -> int:
    """At least how many XML tags a part has; 0 for a part that is not XML."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _on_doctype
    parser.StartElementHandler = _on_root
    found, prolog = 0, True
    while chunk := file.read(CHUNK):
        found += chunk.count(b"<")
        try:
            if prolog:
                parser.Parse(chunk, False)
        except _Root:
            prolog = False
        except expat.ExpatError:
            return 0
    return found


def _on_doctype(*_: object) -> None:
    raise _Doctype


def _on_root(*_: object) -> None:
    raise _Root
