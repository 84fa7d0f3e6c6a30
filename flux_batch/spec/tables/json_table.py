"""JSON and JSON lines: what Python's own reader lets pass silently is refused with its place."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

from flux_batch.spec.reading.scalars import DIGITS_MAX, Unfit
from flux_batch.spec.tables.decode import decode_utf8
from flux_batch.spec.tables.faults import Faults, TableProblem, problem
from flux_batch.spec.tables.grid import Grid
from flux_batch.spec.tables.limits import DEPTH_MAX, ROWS_MAX
from flux_batch.spec.tables.objects import At, Place, build_records
from flux_batch.spec.words import quoted

AS_TEXT: Final = "if it is text, put it in quotes"


def read_json(path: str, data: bytes) -> Grid:
    """The table in a JSON file; TableProblem with every fault."""
    text, faults = decode_utf8(data, path), Faults()
    value = _loads(text, path, 1)
    grid = build_records(value, _by_item(path), faults)
    faults.check()
    return grid


def read_json_lines(path: str, data: bytes) -> Grid:
    """The table in a file with one JSON object a line; TableProblem with every fault."""
    text, faults = decode_utf8(data, path), Faults()
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > ROWS_MAX:
        raise problem(f"the table has more than {ROWS_MAX:,} rows", "split it", path)
    values = []
    for number, line in lines:
        try:
            values.append(_loads(line, path, number))
        except TableProblem as error:
            faults.add(error.place, error.message, error.hint)
    faults.check()
    grid = build_records(values, _by_line(path, [number for number, _ in lines]), faults)
    faults.check()
    return grid


def _loads(text: str, path: str, line: int) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"{path}:{line + error.lineno - 1}:{error.colno}"
        hint = "several objects, one a line, are a .jsonl file" if error.msg == "Extra data" and line == 1 else ""
        raise problem(f"this is not JSON: {error.msg}", hint, place) from None
    except RecursionError:
        raise problem(f"nested more than {DEPTH_MAX} levels deep", "write it flatter", f"{path}:{line}") from None


def _whole(text: str) -> int | Unfit:
    return _too_long(text) if len(text) > DIGITS_MAX else int(text)


def _broken(text: str) -> Decimal | Unfit:
    number = Decimal(text[: DIGITS_MAX + 8])
    if len(text) > DIGITS_MAX or abs(number.adjusted()) > DIGITS_MAX:
        return _too_long(text)
    return Decimal(f"{number:f}")  # 1e3 is shown as 1000, as it is meant


def _too_long(text: str) -> Unfit:
    return Unfit(f"{quoted(text)} is too long for a number", AS_TEXT)


def _constant(text: str) -> Unfit:
    return Unfit(f"{text} is not a number that can be used", AS_TEXT)


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; a key that is written twice has an Unfit for its value, since either may have been meant."""
    found: dict[str, object] = {}
    for key, value in pairs:
        found[key] = _twice(key) if key in found else value
    return found


def _twice(key: str) -> Unfit:
    return Unfit(f"the key {quoted(key)} is written twice", "keep one of the two")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_broken, parse_int=_whole, parse_constant=_constant
)


def _by_item(path: str) -> Place:
    """``data/p.json, item 3, size.width``; items count from 1."""

    def place(at: At) -> str:
        index = next((index for index, step in enumerate(at) if isinstance(step, int)), None)
        if index is None:
            return f"{path}, {_dotted(at)}" if at else path
        return ", ".join(part for part in (path, f"item {int(at[index]) + 1}", _dotted(at[index + 1 :])) if part)

    return place


def _by_line(path: str, numbers: list[int]) -> Place:
    """``data/p.jsonl, line 3, size.width``."""

    def place(at: At) -> str:
        if not at:
            return path
        line = f"{path}, line {numbers[int(at[0])]}"
        return f"{line}, {inner}" if (inner := _dotted(at[1:])) else line

    return place


def _dotted(at: At) -> str:
    if len(at) == 1 and isinstance(at[0], str):
        return at[0]  # nearly every cell
    return "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in at).removeprefix(".")
