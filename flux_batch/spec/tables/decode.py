"""A file's bytes → text: what Excel, a browser and an editor write, and nothing guessed that would go unseen."""

from __future__ import annotations

import codecs
from typing import Final

from flux_batch.spec.tables.faults import TableProblem, problem

UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
SAVE_AGAIN: Final = "save it again as UTF-8 (in Excel: CSV UTF-8)"


def decode_csv(data: bytes, path: str) -> str:
    """CSV's text with line feeds between lines: a byte order mark decides, then UTF-8, then Windows' own code page."""
    text = _utf16(data, path) if data[:2] in UTF16 else _eight_bits(data.removeprefix(codecs.BOM_UTF8), path)
    if "\0" in text:
        raise _no_text(path)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_utf8(data: bytes, path: str) -> str:
    """Text that must be UTF-8, without its byte order mark."""
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad_byte("this is not UTF-8 text", data, error.start, path) from None


def _utf16(data: bytes, path: str) -> str:
    try:
        return data[2:].decode(UTF16[data[:2]])
    except UnicodeDecodeError:
        raise problem("this file says that it is UTF-16, but it is not", SAVE_AGAIN, path) from None


def _eight_bits(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _windows(data, error.start, path)


def _windows(data: bytes, bad: int, path: str) -> str:
    """The text in the code page of Excel's plain CSV; refused when it is UTF-8 with a damage."""
    if b"\0" in data:
        raise _no_text(path)
    mended = data.decode("utf-8", errors="replace")
    damaged = mended.count("\N{REPLACEMENT CHARACTER}")
    # Letters of Windows' code page hardly ever form UTF-8 by chance: where most do, the others are broken.
    if sum(not char.isascii() for char in mended) - damaged > damaged:
        raise _bad_byte("most of this file is UTF-8 text, but not all", data, bad, path)
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise _bad_byte("this is neither UTF-8 nor Windows text", data, error.start, path) from None


def _no_text(path: str) -> TableProblem:
    return problem("this is not a text file", f"{SAVE_AGAIN}, or name another file", path)


def _bad_byte(message: str, data: bytes, at: int, path: str) -> TableProblem:
    line = data.count(b"\n", 0, at) + 1
    return problem(f"{message}: the byte 0x{data[at]:02X} cannot stand here", SAVE_AGAIN, f"{path}:{line}")
