"""A value that the schema accepts → the ``Spec``, and what only a look at the whole can find wrong; pure."""

from __future__ import annotations

import re
from typing import Any, Final

from flux_batch.spec.building.desk import Desk, Layer
from flux_batch.spec.building.edits import check_edits
from flux_batch.spec.building.excludes import with_excludes
from flux_batch.spec.building.includes import with_includes
from flux_batch.spec.building.jobs import read_jobs
from flux_batch.spec.building.lint import read_lint
from flux_batch.spec.building.settings import read_budget, read_draft, read_execution, read_limits, read_report
from flux_batch.spec.building.variables import AXES, read_variables
from flux_batch.spec.records import Spec
from flux_batch.spec.words import quoted

NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")
DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for itself, with any ending."""


def build_spec(value: dict[str, Any], desk: Desk) -> Spec:
    """The records; they are whole only when ``desk`` holds no problem afterwards."""
    top = Layer(value, ())
    shared = read_variables(top, desk)
    jobs = {job.name: job for job in read_jobs(top, shared, desk)}
    check_edits(jobs, desk)
    axes = [*AXES, *dict.fromkeys(variable.name for job in jobs.values() for variable in job.variables)]
    return Spec(
        name=_name(value.get("name"), desk),
        jobs=with_includes(with_excludes(jobs, top, desk), top, desk),
        variables=tuple(shared.values()),
        budget=read_budget(top, desk),
        execution=read_execution(top),
        report=read_report(top, axes, desk),
        limits=read_limits(top),
        lint=read_lint(top, desk),
        naming=value.get("naming"),
        source=desk.source,
        profiles=tuple(value.get("profiles", {})),
        draft=read_draft(top),
        inputs=tuple(desk.inputs[path] for path in sorted(desk.inputs)),
        reads=desk.reads,
    )


def _name(written: str | None, desk: Desk) -> str:
    name = desk.source.path.stem if written is None else written
    if DEVICES.fullmatch(name):
        desk.report(("name",), f"{quoted(name)} cannot name a folder on Windows", "choose another name")
    elif written is None and not NAME.fullmatch(name) and not desk.is_lost("name"):
        slug = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_") or "my-batch"
        message = f"the spec has no `name`, and the file's name, {quoted(name)}, cannot name a folder"
        desk.report(("name",), message, f"add the line `name: {slug[:64]}`")
    return name
