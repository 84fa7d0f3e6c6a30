"""Spec → tasks: every combination rendered, keyed, named and priced, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.plan.expansion.matrix import AddsNothing, BadRatio, combos, edit_combos
from flux_batch.plan.expansion.notes import faint_accent, over_budget, repeated
from flux_batch.plan.expansion.requests import Found, Inspect, Pictures, Requests, named_by
from flux_batch.plan.expansion.size import too_many
from flux_batch.plan.expansion.stems import name_all
from flux_batch.plan.expansion.table import Row, Table, Values
from flux_batch.plan.expansion.tasks import Batch, Tasks
from flux_batch.plan.templates.checks import check_templates, names_for
from flux_batch.plan.templates.doubts import doubts
from flux_batch.plan.templates.meant import nothing_left
from flux_batch.spec.building.fields import Field
from flux_batch.spec.records import Job, ReferenceFile, Spec

PROBLEMS_MAX: Final = 500
"""Nobody reads more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """Every wanted image: ``tasks`` and, side by side, the axis values that conditions see."""

    tasks: Tasks
    values: Sequence[Mapping[str, Field]]
    references: tuple[ReferenceFile, ...]
    opened: Mapping[str, str]
    notes: tuple[Problem, ...]


def expand(spec: Spec, inspect: Inspect) -> Expansion:
    """Multiply and render a whole spec; raises InvalidSpec with every problem found."""
    checked = check_templates(spec)
    jobs = _sound(spec.jobs, checked.broken)
    problems = [*checked.errors, *too_many(spec, jobs)]
    expander = _Expander(spec, Pictures(inspect))
    if len(problems) == len(checked.errors):
        for job in jobs:
            expander.add(job)
    if problems := [*problems, *expander.problems]:
        raise InvalidSpec(tuple(sorted(problems, key=lambda each: (each.line, each.column))))
    return expander.finish(checked.notes)


def parents_first(jobs: tuple[Job, ...]) -> list[Job]:
    """The jobs with every edit behind its parent; otherwise in the spec's order. Cycles were refused before."""
    ordered: dict[str, Job] = {}
    waiting = list(jobs)
    while waiting:
        ready = [job for job in waiting if job.edit is None or job.edit in ordered]
        ordered.update((job.name, job) for job in ready)
        waiting = [job for job in waiting if job.name not in ordered]
    return list(ordered.values())


def _sound(jobs: tuple[Job, ...], broken: frozenset[str]) -> list[Job]:
    """The jobs that can be multiplied although others are broken, parents first."""
    sound: list[Job] = []
    lost = set(broken)
    for job in parents_first(jobs):
        if job.name in lost or job.edit in lost:
            lost.add(job.name)
        else:
            sound.append(job)
    return sound


@dataclass(slots=True)
class _Expander:
    """Collects the images job by job, so that an edit finds its parents."""

    spec: Spec
    pictures: Pictures
    values: Values = field(default_factory=Values)
    batches: dict[str, Batch] = field(default_factory=dict)
    problems: dict[Problem, None] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        """Expand one job; a job whose parent had problems waits for the mend."""
        if job.edit is not None and job.edit not in self.batches:
            return
        table = self._combos(job)
        if not table:
            return
        batch = Batch(
            job=job.name,
            line=self.spec.source.mark(job.prompt_at).line,
            table=table,
            requests=[self._requests(job, table, block.axes) for block in table.blocks],
        )
        try:
            for _, requests, row in batch.rows():
                batch.keys += requests.digest(row)
        except Found:
            self._find_all(batch)
        else:
            self.batches[job.name] = batch

    def finish(self, notes: tuple[Problem, ...]) -> Expansion:
        """Put the tasks in the spec's order, and name them."""
        order = [job.name for job in self.spec.jobs]
        parents = [None if job.edit is None else order.index(job.edit) for job in self.spec.jobs]
        tasks = Tasks([self.batches[name] for name in order], parents)
        name_all(self.spec, tasks)
        return Expansion(
            tasks=tasks,
            values=_Seen(tasks),
            references=self.pictures.files(),
            opened=self.pictures.hashes(),
            notes=(
                *notes,
                *doubts(self.spec),
                *repeated(self.spec, tasks),
                *over_budget(self.spec, tasks),
                *faint_accent(self.spec),
            ),
        )

    def _requests(self, job: Job, table: Table, axes: tuple[str, ...]) -> Requests:
        parents = self.batches[job.edit] if job.edit else None
        return Requests(
            self.spec,
            job,
            table,
            axes,
            names=names_for(self.spec, job),
            pictures=self.pictures,
            parent=lambda number: parents.key(number - 1) if parents else "",
        )

    def _combos(self, job: Job) -> Table:
        try:
            found = edit_combos(job, self.batches[job.edit].table) if job.edit else combos(job, self.values)
        except BadRatio as error:
            message = f"for {named_by(error.values, job.ratios[error.index])}: {error}"
            self.problems[self.spec.source.problem((*job.ratios_at, error.index), message, error.hint)] = None
            return Table(self.values)
        except AddsNothing as error:
            message = f"this rule adds nothing: no image of job `{job.edit}` has these values"
            hint = f"an edit is made of an image that is there; add it to job `{job.edit}` first"
            self.problems[self.spec.source.problem(error.rule.at, message, hint)] = None
            return Table(self.values)
        if not found:
            self.problems[nothing_left(self.spec, job)] = None
        return found

    def _find_all(self, batch: Batch) -> None:
        """What is wrong with the prompts of a job, then with its pictures and its options."""
        for make in (Requests.prompt, Requests.reference, Requests.options):
            self._find(batch, make)

    def _find(self, batch: Batch, make: Callable[[Requests, Row], object]) -> None:
        """The problems of every combination, until the first that no other can be better than."""
        for _, requests, row in batch.rows():
            try:
                make(requests, row)
            except Found as stop:
                self.problems[stop.problem] = None
                if stop.of_all or len(self.problems) >= PROBLEMS_MAX:
                    break


@dataclass(frozen=True, slots=True)
class _Seen(Sequence[Mapping[str, Field]]):
    """The axis values of every task as conditions see them, made when they are asked for."""

    tasks: Tasks

    def __len__(self) -> int:
        """As many as there are tasks."""
        return len(self.tasks)

    def __getitem__(self, place: int) -> Mapping[str, Field]:  # type: ignore[override]
        """Those of one task."""
        return self.tasks.seen(range(len(self))[place])

    def __iter__(self) -> Iterator[Mapping[str, Field]]:
        """Those of every task."""
        for batch in self.tasks.batches:
            for block, _, row in batch.rows():
                yield batch.table.seen(block.axes, row)
