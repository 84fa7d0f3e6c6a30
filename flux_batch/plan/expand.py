"""Spec → tasks: every combination rendered, keyed, named and priced, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.plan.checks import check_templates, names_for
from flux_batch.plan.identity import content_key
from flux_batch.plan.lint import lint_problem
from flux_batch.plan.matrix import AddsNothing, BadRatio, Combo, combos, edit_combos
from flux_batch.plan.meant import nothing_left
from flux_batch.plan.naming import describe, name_tasks
from flux_batch.plan.notes import faint_accent, over_budget, repeated
from flux_batch.plan.options import BadOption, read_option
from flux_batch.plan.prices import price_of
from flux_batch.plan.records import Reference, Task
from flux_batch.plan.size import too_many
from flux_batch.plan.template import TemplateProblem, compile_template, leftover, squeeze
from flux_batch.spec.fields import Field, Record, text_of
from flux_batch.spec.files import ReferenceProblem
from flux_batch.spec.records import FilePath, Job, ReferenceFile, Spec, Value
from flux_batch.spec.words import quoted

PROBLEMS_MAX: Final = 500
"""Nobody reads more."""

_T = TypeVar("_T")
Option = str | int | bool

Inspect = Callable[[str], ReferenceFile]
"""Opens a reference image by its path relative to the spec; raises ReferenceProblem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """Every wanted image: ``tasks`` and, side by side, the axis values that conditions see."""

    tasks: tuple[Task, ...]
    values: tuple[Mapping[str, Field], ...]
    references: tuple[ReferenceFile, ...]
    notes: tuple[Problem, ...]


def expand(spec: Spec, inspect: Inspect) -> Expansion:
    """Multiply and render a whole spec; raises InvalidSpec with every problem found."""
    checked = check_templates(spec)
    jobs = _sound(spec.jobs, checked.broken)
    problems = [*checked.errors, *too_many(spec, jobs)]
    expander = _Expander(spec, inspect)
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
    """Collects tasks job by job, so that an edit finds its parents."""

    spec: Spec
    inspect: Inspect
    combos: dict[str, list[Combo]] = field(default_factory=dict)
    tasks: dict[str, list[Task]] = field(default_factory=dict)
    files: dict[str, ReferenceFile | ReferenceProblem] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    problems: dict[Problem, None] = field(default_factory=dict)

    def add(self, job: Job) -> None:
        """Expand one job; a job whose parent had problems waits for the mend."""
        found = [] if job.edit in self.failed else self._combos(job)
        prompts = self._each(found, partial(self._prompt, job, names_for(self.spec, job)))
        references = self._each(found, partial(self._reference, job))
        options = self._each(found, partial(self._options, job))
        # Another job may have had the same problem already: what counts is that something is missing.
        if not found or any(len(made) < len(found) for made in (prompts, references, options)):
            self.failed.add(job.name)
            return
        self.combos[job.name] = found
        parts = zip(found, prompts, references, options, strict=True)
        self.tasks[job.name] = [self._task(job, *each) for each in parts]

    def finish(self, notes: tuple[Problem, ...]) -> Expansion:
        """Put the tasks in the spec's order, and name them."""
        found = [combo for job in self.spec.jobs for combo in self.combos[job.name]]
        tasks = [task for job in self.spec.jobs for task in self.tasks[job.name]]
        tasks = name_tasks(self.spec, tasks, [combo.values for combo in found])
        return Expansion(
            tasks=tuple(tasks),
            values=tuple(combo.seen for combo in found),
            references=self._references(),
            notes=(
                *notes,
                *repeated(self.spec, tasks),
                *over_budget(self.spec, tasks),
                *faint_accent(self.spec),
            ),
        )

    def _references(self) -> tuple[ReferenceFile, ...]:
        """Once per content."""
        files = [file for file in self.files.values() if isinstance(file, ReferenceFile)]
        return tuple({file.sha256: file for file in files}.values())

    def _combos(self, job: Job) -> list[Combo]:
        try:
            found = list(edit_combos(job, self.combos[job.edit]) if job.edit else combos(job))
        except BadRatio as error:
            message = f"for {_named(error.values, job.ratios[error.index])}: {error}"
            self.problems[self.spec.source.problem((*job.ratios_at, error.index), message, error.hint)] = None
            return []
        except AddsNothing as error:
            message = f"this rule adds nothing: no image of job `{job.edit}` has these values"
            hint = f"an edit is made of an image that is there; add it to job `{job.edit}` first"
            self.problems[self.spec.source.problem(error.rule.at, message, hint)] = None
            return []
        if not found:
            self.problems[nothing_left(self.spec, job)] = None
        return found

    def _each(self, found: list[Combo], make: Callable[[Combo], _T]) -> list[_T]:
        """What ``make`` makes of every combination, until the first that no other can be better than."""
        made = []
        for combo in found:
            try:
                made.append(make(combo))
            except _Found as stop:
                self.problems[stop.problem] = None
                if stop.of_all or len(self.problems) >= PROBLEMS_MAX:
                    break
        return made

    def _task(
        self, job: Job, combo: Combo, prompt: str, reference: Reference | None, options: Mapping[str, Option]
    ) -> Task:
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

    def _prompt(self, job: Job, names: frozenset[str], combo: Combo) -> str:
        prompt = squeeze(self._render(job, job.prompt, combo, job.prompt_at))
        if not prompt:
            raise _Found(self.spec.source.problem(job.prompt_at, f"the prompt of {_where(combo)} is empty"))
        if brace := leftover(prompt, names):
            name = brace.strip("{}% ") or "name"
            message = f"`{brace}` is left in the prompt of {_where(combo)}"
            mark = self.spec.source.find(_written_in(combo, brace) or job.prompt_at, brace)
            raise _Found(self.spec.source.problem_at(mark, message, f"a variable is written {{{{ {name} }}}}"))
        if broken := lint_problem(self.spec, job, prompt, combo.values):
            raise _Found(broken[0], of_all=broken[1])
        return prompt

    def _options(self, job: Job, combo: Combo) -> dict[str, Option]:
        """The options of one image, those with variables filled in."""
        return {
            name: self._option(job, combo, name, value) if isinstance(value, str) and "{{" in value else value
            for name, value in job.options.items()
            if isinstance(value, str | int)
        }

    def _option(self, job: Job, combo: Combo, name: str, template: str) -> Option:
        at = job.options_at[name]
        try:
            return read_option(name, self._render(job, template, combo, at))
        except BadOption as error:
            message = f"for {_named(combo.values, template)}: {error}"
            raise _Found(self.spec.source.problem(at, message, error.hint), of_all=False) from None

    def _reference(self, job: Job, combo: Combo) -> Reference | None:
        if job.edit is not None and combo.parent is not None:
            return Reference(kind="parent", source=self.tasks[job.edit][combo.parent].key)
        if job.reference is None:
            return None
        source = self._render(job, job.reference, combo, job.reference_at).strip()
        said = f"for {_named(combo.values, job.reference)}: " if "{{" in job.reference else ""
        if "://" in source:
            if reason := _url_problem(source):
                message = f"{said}the reference {quoted(source)} {reason}"
                raise _Found(self.spec.source.problem(job.reference_at, message), of_all=False)
            return Reference(kind="url", source=source)
        file = self._file(job, source, said)
        return Reference(kind="file", source=file.path, sha256=file.sha256)

    def _file(self, job: Job, source: str, said: str) -> ReferenceFile:
        found = self.files.get(source) or self._inspected(source)
        if isinstance(found, ReferenceProblem):
            problem = self.spec.source.problem(job.reference_at, f"{said}{found}", found.hint)
            raise _Found(problem, of_all=False)
        return found

    def _inspected(self, source: str) -> ReferenceFile | ReferenceProblem:
        try:
            self.files[source] = self.inspect(source)
        except ReferenceProblem as error:
            self.files[source] = error
        return self.files[source]

    def _render(self, job: Job, text: str, combo: Combo, at: FilePath) -> str:
        try:
            return compile_template(text).render(combo.plain)
        except TemplateProblem as error:
            read = _named(combo.values, text)
            message = f"in job `{job.name}`{f', for {read}' if read else ''}: {error.message}"
            mark = self.spec.source.find(at, error.needle)
            raise _Found(self.spec.source.problem_at(mark, message, error.hint)) from None


class _Found(Exception):
    """A problem with one combination; ``of_all``: the same template fails alike for the rest of the job."""

    def __init__(self, problem: Problem, *, of_all: bool = True) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.of_all = of_all


def _url_problem(url: str) -> str | None:
    if not url.startswith("https://"):
        return "is not fetched: an address begins with https://, or is a path beside the spec"
    if not url.removeprefix("https://").partition("/")[0]:
        return "names no host"
    return "has a space in it" if " " in url else None


def _written_in(combo: Combo, text: str) -> FilePath:
    """Where the value stands that brought ``text``; ``()`` when none did."""
    texts = ((value, value.value) for value in combo.values.values() if not isinstance(value.value, Record))
    return next((value.at for value, found in texts if text in text_of(found)), ())


def _named(values: Mapping[str, Value], template: str) -> str:
    """An image by what a template reads of it, with the rows of tables that this is from."""
    read = [(name, values[name]) for name in compile_template(template).names if name in values]
    return ", ".join(f"{name}={value.label}" + (f" ({value.place})" if value.place else "") for name, value in read)


def _where(combo: Combo) -> str:
    return describe({axis: label for axis, label in combo.labels.items() if axis != "job"})
