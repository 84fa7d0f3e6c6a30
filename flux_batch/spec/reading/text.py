"""A spec file's bytes → text that a YAML scanner can read; every way a file can be no text, in plain words."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from flux_batch.errors import InvalidSpec, Problem, UsageError
from flux_batch.spec.reading.source import Mark, Source
from flux_batch.spec.words import closest_file, quoted

TEXT_MAX: Final = 1024 * 1024
"""Bytes; a spec of that size was not written by a person, and a scanner would be busy with it."""

UNREADABLE: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
"""Characters that YAML forbids, and line ends that a YAML scanner counts and an editor does not."""
NAMES: Final = {"\u2028": "a hidden line break", "\u2029": "a hidden paragraph break", "\x85": "a hidden line break"}

SURROGATES: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
"""How JSON writes an emoji in ASCII: in two halves."""


def read_text(path: Path) -> str:
    """The file's text without a byte order mark; UsageError when it cannot be had."""
    data = _read(path)
    if len(data) > TEXT_MAX:
        raise UsageError(f"{path} is larger than {TEXT_MAX // 1024:,} KiB: split the spec into several")
    text = _decoded(path, data.removeprefix(codecs.BOM_UTF8))
    if path.suffix.lower() == ".json":
        text = SURROGATES.sub(_whole, text)
    return text


def check_text(path: Path, text: str) -> None:
    """InvalidSpec for a text with nothing in it, or with characters that nobody typed."""
    source = Source(path=path, text=text, marks={})
    if not text.strip():
        problem = source.problem_at(Mark(1, 1, 1), "the file is empty", "`flux-batch init` writes one to begin with")
        raise InvalidSpec((problem,))
    if problems := _unreadable(source):
        raise InvalidSpec(problems)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(TEXT_MAX + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}{_near(path)}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a spec file{_inside(path)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{quoted(path)} cannot be read: {reason}") from None


def _near(path: Path) -> str:
    guess = closest_file(path.name, [each.name for each in _specs_in(path.parent)])
    return f": did you mean {path.parent / guess}?" if guess else ""


def _inside(path: Path) -> str:
    specs = _specs_in(path)
    return f": did you mean {specs[0]}?" if len(specs) == 1 else ""


def _specs_in(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.suffix in {".yaml", ".yml", ".json"})
    except OSError:
        return []


def _decoded(path: Path, data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UsageError(f"{path} is saved as UTF-16: save it again as UTF-8 (in Notepad: Save as, Encoding)")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path} is not UTF-8 text: line {line} has the byte 0x{data[error.start]:02X}. Save it again as UTF-8"
        ) from None


def _whole(halves: re.Match[str]) -> str:
    """The one thing that JSON allows and YAML does not."""
    high, low = int(halves[2], 16), int(halves[3], 16)
    return f"{halves[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}"


def _unreadable(source: Source) -> tuple[Problem, ...]:
    found = []
    for number, line in enumerate(source.lines, start=1):
        for match in UNREADABLE.finditer(line):
            mark = Mark(number, match.start() + 1, 1)
            name = NAMES.get(match[0], "a character that nobody can see")
            message = f"U+{ord(match[0]):04X}, {name}, cannot stand in a spec"
            found.append(source.problem_at(mark, message, "take it out"))
    return tuple(found[:20])
