"""The plan stage on one screen: expand, select, price."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flux_batch.plan.choosing.select import Selection, select
from flux_batch.plan.expansion.expand import expand
from flux_batch.plan.expansion.requests import Inspect
from flux_batch.plan.records import Plan
from flux_batch.plan.totals.prices import prices_for
from flux_batch.spec.beside.files import inspect_reference
from flux_batch.spec.records import Spec


def make_plan(spec: Spec, inspect: Inspect | None = None, selection: Selection | None = None) -> Plan:
    """Everything the spec asks for, with the selection a run is about.

    Pure but for ``inspect``, which opens reference images, by default those below the spec's folder. Raises
    InvalidSpec with every problem at once, UsageError for a selection that cannot be read.
    """
    expansion = expand(spec, inspect or partial(inspect_reference, spec.folder))
    return Plan(
        name=spec.name,
        spec_file=shown(spec.source.path),
        spec_sha256=spec.source.sha256,
        tasks=expansion.tasks,
        selected=select(expansion.tasks, expansion.values, selection or Selection(), _columns(spec)),
        references=expansion.references,
        prices=prices_for(expansion.tasks.offer(number)[0] for number in set(expansion.tasks.offers())),
        notes=expansion.notes,
        inputs=spec.inputs,
        opened=expansion.opened,
    )


def _columns(spec: Spec) -> dict[str, tuple[str, ...]]:
    """The columns of every table, by the variable that its rows are the values of."""
    columns: dict[str, tuple[str, ...]] = {}
    for job in spec.jobs:
        for variable in job.variables:
            columns[variable.name] = (*columns.get(variable.name, ()), *variable.columns)
    return columns


def shown(path: Path) -> str:
    """The spec's path as the user gave it; an absolute one says too much about this machine."""
    return path.name if path.is_absolute() else path.as_posix()
