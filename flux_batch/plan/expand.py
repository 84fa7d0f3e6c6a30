"""Spec → tasks: every combination rendered, keyed, named and priced, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.plan.checks import check_templates
from flux_batch.plan.identity import content_key
from flux_batch.plan.matrix import Combo, combos, edit_combos, size_before_excludes
from flux_batch.plan.naming import describe, name_tasks
from flux_batch.plan.prices import TABLE, price_of
from flux_batch.plan.records import Reference, Task
from flux_batch.plan.template import TemplateProblem, compile_template, leftover, squeeze
from flux_batch.spec.files import ReferenceProblem
from flux_batch.spec.records import Job, ReferenceFile, Scalar, Spec

Inspect = Callable[[str], ReferenceFile]
"""Opens a reference image by its path relative to the spec; raises ReferenceProblem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """Every wanted image: ``tasks`` and, side by side, the axis values that conditions see."""

    tasks: tuple[Task, ...]
    values: tuple[Mapping[str, Scalar], ...]
    references: tuple[ReferenceFile, ...]
    notes: tuple[Problem, ...]


def expand(spec: Spec, inspect: Inspect) -> Expansion:
    """Multiply and render a whole spec; raises InvalidSpec with every problem found."""
    checked = check_templates(spec)
    if checked.errors:
        raise InvalidSpec(checked.errors)
    _refuse_too_many(spec)
    expander = _Expander(spec, inspect)
    for job in parents_first(spec.jobs):
        expander.add(job)
    if expander.problems:
        raise InvalidSpec(tuple(expander.problems))
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


@dataclass(slots=True)
class _Expander:
    """Collects tasks job by job, so that an edit finds its parents."""

    spec: Spec
    inspect: Inspect
    combos: dict[str, list[Combo]] = field(default_factory=dict)
    tasks: dict[str, list[Task]] = field(default_factory=dict)
    files: dict[str, ReferenceFile] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, job: Job) -> None:
        """Expand one job; a job whose parent had problems waits for the mend."""
        if job.edit in self.failed:
            self.failed.add(job.name)
            return
        found = list(edit_combos(job, self.combos[job.edit])) if job.edit else list(combos(job))
        self.combos[job.name] = found
        try:
            self.tasks[job.name] = [self._task(job, combo) for combo in found]
        except _Found as stop:
            self.failed.add(job.name)
            self.problems.append(stop.problem)
        if not found:
            self.failed.add(job.name)
            self.problems.append(self._nothing_left(job))

    def finish(self, notes: tuple[Problem, ...]) -> Expansion:
        """Put the tasks in the spec's order, and name them."""
        pairs = [
            (task, combo.plain)
            for job in self.spec.jobs
            for task, combo in zip(self.tasks[job.name], self.combos[job.name], strict=True)
        ]
        tasks = name_tasks(self.spec, [task for task, _ in pairs])
        shared = len(tasks) - len({task.key for task in tasks})
        if shared:
            what = (
                f"{shared} of {len(tasks)} images repeat the request of another: each is bought once and shown in both"
            )
            notes = (*notes, self.spec.source.problem((), what, "use `repeat` to buy variations of one request"))
        return Expansion(
            tasks=tuple(tasks),
            values=tuple(values for _, values in pairs),
            references=tuple({file.sha256: file for file in self.files.values()}.values()),
            notes=notes,
        )

    def _task(self, job: Job, combo: Combo) -> Task:
        prompt = self._prompt(job, combo)
        reference = self._reference(job, combo)
        options = {name: value for name, value in job.options.items() if isinstance(value, str | int)}
        key = content_key(
            model=combo.model, prompt=prompt, size=combo.size, options=options, reference=reference, n=combo.n
        )
        return Task(
            key=key,
            id=key[:12],
            job=job.name,
            axes=combo.labels,
            model=combo.model,
            prompt=prompt,
            size=combo.size,
            options=options,
            reference=reference,
            n=combo.n,
            price=price_of(combo.model),
            line=self.spec.source.mark(job.prompt_at).line,
        )

    def _prompt(self, job: Job, combo: Combo) -> str:
        prompt = squeeze(self._render(job, job.prompt, combo, job.prompt_at))
        if not prompt:
            raise _Found(self.spec.source.problem(job.prompt_at, f"the prompt of {_where(combo)} is empty"))
        if brace := leftover(prompt, tuple(combo.values)):
            hint = f"a variable is written {{{{ {brace.strip('{} ') or 'name'} }}}}"
            mark = self.spec.source.find(job.prompt_at, brace)
            raise _Found(self.spec.source.problem_at(mark, f"`{brace}` is left in the prompt of {_where(combo)}", hint))
        return prompt

    def _reference(self, job: Job, combo: Combo) -> Reference | None:
        if job.edit is not None and combo.parent is not None:
            return Reference(kind="parent", source=self.tasks[job.edit][combo.parent].key)
        if job.reference is None:
            return None
        source = self._render(job, job.reference, combo, job.reference_at).strip()
        if source.startswith("https://"):
            return Reference(kind="url", source=source)
        file = self._file(job, source)
        return Reference(kind="file", source=file.path, sha256=file.sha256)

    def _file(self, job: Job, source: str) -> ReferenceFile:
        if source not in self.files:
            try:
                self.files[source] = self.inspect(source)
            except ReferenceProblem as error:
                raise _Found(self.spec.source.problem(job.reference_at, str(error), error.hint)) from None
        return self.files[source]

    def _render(self, job: Job, text: str, combo: Combo, at: tuple[str | int, ...]) -> str:
        try:
            return compile_template(text).render(combo.plain)
        except TemplateProblem as error:
            message = f"in job `{job.name}`, {_where(combo)}: {error.message}"
            raise _Found(
                self.spec.source.problem_at(self.spec.source.find(at, error.needle), message, error.hint)
            ) from None

    def _nothing_left(self, job: Job) -> Problem:
        return self.spec.source.problem((*job.at, "exclude"), f"`exclude` leaves nothing of job `{job.name}`", key=True)


class _Found(Exception):
    """Stops the rendering of one job at its first problem; the same template fails alike for the rest."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _refuse_too_many(spec: Spec) -> None:
    """Refuse a product over the limit with its size and price, before it is expanded."""
    counts: dict[str, int] = {}
    for job in parents_first(spec.jobs):
        counts[job.name] = size_before_excludes(job, counts[job.edit] if job.edit else 1)
    total, limit = sum(counts.values()), spec.limits.max_tasks
    if total > limit:
        dearest = max(price.amount for price in TABLE)
        biggest = max(spec.jobs, key=lambda job: counts[job.name])
        message = f"this multiplies to {total:,} images, about ${total * dearest:,.2f}; the limit is {limit:,}"
        hint = f"most come from job `{biggest.name}` ({counts[biggest.name]:,}); raise limits.max_tasks if you mean it"
        raise InvalidSpec((spec.source.problem(biggest.prompt_at, message, hint, key=True),))


def _where(combo: Combo) -> str:
    return describe({axis: label for axis, label in combo.labels.items() if axis != "job"})
