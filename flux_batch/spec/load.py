"""A spec file → ``Spec``, or every problem at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.beside.beside import Beside
from flux_batch.spec.beside.reads import Reads
from flux_batch.spec.building.build import build_spec
from flux_batch.spec.building.desk import PROBLEMS_MAX, Desk, EnoughProblems, without
from flux_batch.spec.building.layers import extended, in_profile
from flux_batch.spec.building.overrides import override
from flux_batch.spec.reading.text import check_text, read_text
from flux_batch.spec.reading.values import Document, Plain, read_document
from flux_batch.spec.records import Spec
from flux_batch.spec.schema.published import breaches
from flux_batch.spec.tables import InputFile

if TYPE_CHECKING:
    from flux_batch.spec.schema.wording import Complaint


def load_spec(path: Path, settings: Sequence[str] = ()) -> Spec:
    """Read a spec (YAML or JSON), with single values replaced by ``settings`` like ``budget.max=3``.

    UsageError when the file cannot be read; InvalidSpec with every problem, sorted by line, when it says
    something that is not a spec.
    """
    return parse_spec(path, read_text(path), settings)


def parse_spec(path: Path, text: str, settings: Sequence[str] = ()) -> Spec:
    """The same from a text, as if it stood in a file at ``path``."""
    inputs: dict[str, InputFile] = {}
    document = _document(path, text, settings, inputs)
    found = [each for each in _against_schema(document.value) if each.at not in document.lost]
    lost = document.lost.union(at for each in found for at in each.lost)
    reads = Reads(documents={path: file.sha256 for path, file in inputs.items()})
    desk = Desk(source=document.source, files=Beside(path.parent), lost=lost, inputs=inputs, reads=reads)
    spec = _built(document.value, desk)
    problems = _merged(document, found, desk)
    if spec is None or problems:
        raise InvalidSpec(problems, draft=spec)
    return replace(spec, settings=tuple(settings))


def name_in(path: Path, text: str, settings: Sequence[str] = ()) -> str:
    """The name of a spec that is valid, without reading its tables; of others, anything, or an error."""
    value = _document(path, text, settings, {}).value
    name = value.get("name") if isinstance(value, dict) else None
    return path.stem if name is None else str(name)


def _document(path: Path, text: str, settings: Sequence[str], inputs: dict[str, InputFile]) -> Document:
    """All layers of a spec; the files under it are added to ``inputs``."""
    check_text(path, text)
    document = extended(read_document(path, text), inputs)
    return override(in_profile(override(document, settings)), settings)


def _against_schema(value: Plain) -> list[Complaint]:
    broken = list(islice(breaches(value, "spec"), PROBLEMS_MAX))
    if not broken:
        return []
    from flux_batch.spec.schema.wording import complaints

    return list(islice((complaint for breach in broken for complaint in complaints(breach)), PROBLEMS_MAX))


def _built(value: Plain, desk: Desk) -> Spec | None:
    """The spec from what the schema accepts of a value, so that one round shows all problems."""
    remaining = without(value, desk.lost)
    if () in desk.lost or not isinstance(remaining, dict):
        return None
    try:
        return build_spec(remaining, desk)
    except EnoughProblems:
        return None


def _merged(document: Document, found: list[Complaint], desk: Desk) -> tuple[Problem, ...]:
    """All problems by place, without those that only follow from an earlier one.

    A mended line speaks for everything on it, a place that was lost for everything at it.
    """
    source = document.source
    mended = {(problem.file, problem.line) for problem in document.syntax}
    complained = [source.problem(each.at, each.message, each.hint, key=each.key, fix=each.fix) for each in found]
    kept = [*document.syntax]
    claimed: set[tuple[str, int, int]] = set()
    root = source.mark(())
    start = (str(source.path), root.line, root.column)  # where all that is missing is missed
    for stage in (document.problems, complained, desk.problems):
        fresh = [each for each in stage if (each.file, each.line) not in mended and _place(each) not in claimed]
        kept.extend(dict.fromkeys(fresh))
        claimed.update({_place(each) for each in fresh} - {start})
    return tuple(sorted(kept, key=lambda each: (each.line, each.column)))


def _place(problem: Problem) -> tuple[str, int, int]:
    return problem.file, problem.line, problem.column
