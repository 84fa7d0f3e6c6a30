"""CSV and TSV: all cells are text."""

from __future__ import annotations

from collections.abc import Iterator

from flux_batch.spec.reading.scalars import Unfit
from flux_batch.spec.tables.aspect import as_ratio
from flux_batch.spec.tables.decode import decode_csv
from flux_batch.spec.tables.dialect import find_delimiter
from flux_batch.spec.tables.faults import Faults
from flux_batch.spec.tables.grid import Grid, RawCell, RawRow, build
from flux_batch.spec.tables.limits import PIECES_MAX
from flux_batch.spec.tables.lines import BrokenQuote, TooWide, split_lines
from flux_batch.spec.tables.records import Field
from flux_batch.spec.tables.texts import clean_text


def read_delimited(path: str, data: bytes) -> Grid:
    """The table in a CSV or TSV file; TableProblem with every fault."""
    text = decode_csv(data, path)
    delimiter, skip = find_delimiter(text, path)
    faults = Faults()
    grid = build(path, _rows(path, text, delimiter, skip, faults), _value, faults)
    faults.check()
    return grid


def _rows(path: str, text: str, delimiter: str, skip: int, faults: Faults) -> Iterator[RawRow[str]]:
    try:
        for line in split_lines(text, delimiter):
            if line.number <= skip:
                continue
            cells = [
                RawCell(index, piece.text, f"{path}:{piece.line}:{piece.column}")
                for index, piece in enumerate(line.pieces)
                if piece.text
            ]
            if cells:
                yield RawRow(f"{path}:{line.number}", cells)
    except BrokenQuote as broken:
        raise _broken(broken, path, faults) from None
    except TooWide as wide:
        message = f"this row has more than {PIECES_MAX:,} cells"
        raise faults.stop(f"{path}:{wide.number}", message, "is a line break missing?") from None


def _broken(broken: BrokenQuote, path: str, faults: Faults) -> Exception:
    place = f"{path}:{broken.line}:{broken.column}"
    if broken.closed is None:
        return faults.stop(place, 'the " that opens here is never closed', 'put " at the end of the cell')
    message = f'the " that opens here is closed on line {broken.closed}, but more text follows in the cell'
    return faults.stop(place, message, 'inside of "…" write two quotes for one: ""')


def _value(text: str, field: str) -> Field | Unfit | None:
    cleaned = clean_text(text)
    return as_ratio(field, cleaned) if isinstance(cleaned, str) else cleaned
