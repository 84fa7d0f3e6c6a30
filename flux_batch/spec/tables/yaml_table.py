"""YAML tables, by the same rules as a spec: YAML 1.2, and nothing read otherwise than it was meant."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.reading.text import check_text
from flux_batch.spec.reading.values import Document, read_document
from flux_batch.spec.tables.decode import decode_utf8
from flux_batch.spec.tables.faults import Faults, problem
from flux_batch.spec.tables.grid import Grid
from flux_batch.spec.tables.limits import YAML_MAX
from flux_batch.spec.tables.objects import At, build_records


def read_yaml(path: str, data: bytes) -> Grid:
    """The table in a YAML file; TableProblem with every fault."""
    if len(data) > YAML_MAX:
        raise problem(f"a YAML table has at most {YAML_MAX // 1024:,} KiB", "save it as .csv or .jsonl", path)
    text, faults = decode_utf8(data, path), Faults()
    document = _document(path, text, faults)
    _keep((*document.syntax, *document.problems), faults)
    # Behind a mended line nobody knows what was meant, so its values are not judged.
    if document.syntax:
        faults.check()

    def place(at: At) -> str:
        mark = document.source.mark(at, key=True) if at and isinstance(at[-1], str) else document.source.mark(at)
        return f"{path}:{mark.line}:{mark.column}"

    grid = build_records(document.value, place, faults)
    faults.check()
    return grid


def _document(path: str, text: str, faults: Faults) -> Document:
    try:
        check_text(Path(path), text)
        return read_document(Path(path), text)
    except InvalidSpec as error:
        _keep(error.problems, faults)
    faults.check()
    raise AssertionError("an invalid document without a problem")


def _keep(problems: Iterable[Problem], faults: Faults) -> None:
    for each in problems:
        faults.add(f"{Path(each.file).as_posix()}:{each.line}:{each.column}", each.message, each.hint)
