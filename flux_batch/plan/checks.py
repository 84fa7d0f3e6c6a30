"""What can be said about a spec's templates before anything is multiplied."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from flux_batch.errors import Problem
from flux_batch.plan.template import TemplateProblem, compile_template
from flux_batch.spec.records import FilePath, Job, Spec

AXES = ("job", "model", "ratio", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """``errors`` stop the plan; ``notes`` are only said."""

    errors: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def check_templates(spec: Spec) -> Checked:
    """Syntax, undefined and unused variables of every prompt, reference and of ``naming``."""
    errors: dict[Problem, None] = {}
    used: set[str] = set()
    for job in spec.jobs:
        known = _names_for(spec, job)
        for text, at in _templates(job):
            errors.update(dict.fromkeys(_template_errors(spec, text, at, known, used)))
    if spec.naming is not None:
        known = {name for job in spec.jobs for name in _names_for(spec, job)}
        errors.update(dict.fromkeys(_template_errors(spec, spec.naming, ("naming",), known, used)))
    return Checked(errors=tuple(errors), notes=() if errors else _unused(spec, used))


def closest(word: str, known: set[str]) -> str:
    """``did you mean `x`?`` for the nearest known word, or the whole list when there is none near."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else "there are: " + ", ".join(sorted(known))


def _template_errors(spec: Spec, text: str, at: FilePath, known: set[str], used: set[str]) -> list[Problem]:
    try:
        names = compile_template(text).names
    except TemplateProblem as error:
        return [spec.source.problem_at(spec.source.find(at, error.needle), error.message, error.hint)]
    used.update(names)
    return [
        spec.source.problem_at(
            spec.source.find(at, name), f"`{{{{ {name} }}}}` is not a variable here", closest(name, known)
        )
        for name in names
        if name not in known
    ]


def _templates(job: Job) -> list[tuple[str, FilePath]]:
    reference = [] if job.reference is None else [(job.reference, job.reference_at)]
    return [(job.prompt, job.prompt_at), *reference]


def _names_for(spec: Spec, job: Job) -> set[str]:
    """What a job's templates may use: its variables, the axes, and the axes it has from its parents."""
    names = {variable.name for variable in job.variables} | set(AXES)
    jobs = {other.name: other for other in spec.jobs}
    parent = jobs.get(job.edit) if job.edit else None
    while parent is not None:
        names |= {variable.name for variable in parent.variables}
        names |= {f"{parent.name.replace('-', '_')}_{axis}" for axis in ("model", "ratio", "n")}
        parent = jobs.get(parent.edit) if parent.edit else None
    return names


def _unused(spec: Spec, used: set[str]) -> tuple[Problem, ...]:
    variables = {variable.name: variable for job in spec.jobs for variable in job.variables}
    return tuple(
        spec.source.problem(variable.at, f"variable `{name}` is used in no prompt", "it multiplies nothing", key=True)
        for name, variable in variables.items()
        if name not in used
    )
