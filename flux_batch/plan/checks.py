"""What can be said about a spec's templates before anything is multiplied."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.plan.matrix import axis_of, own_axes, writes
from flux_batch.plan.template import TemplateProblem, compile_template, leftover, literals
from flux_batch.spec.edits import ancestors
from flux_batch.spec.records import FilePath, Job, Spec
from flux_batch.spec.variables import AXES
from flux_batch.spec.words import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """``errors`` stop the plan, and the ``broken`` jobs cannot be multiplied; ``notes`` are only said."""

    errors: tuple[Problem, ...]
    broken: frozenset[str]
    notes: tuple[Problem, ...]


def check_templates(spec: Spec) -> Checked:
    """Syntax, undefined and unused variables of every prompt, reference and of ``naming``."""
    errors: dict[Problem, None] = {}
    broken: set[str] = set()
    used: set[str] = set()
    for job in spec.jobs:
        known = names_for(spec, job)
        found = [problem for text, at in _templates(job) for problem in _template_errors(spec, text, at, known, used)]
        errors.update(dict.fromkeys(found))
        broken.update([job.name] if found else [])
    if spec.naming is not None:
        known = frozenset(name for job in spec.jobs for name in names_for(spec, job))
        errors.update(dict.fromkeys(_template_errors(spec, spec.naming, ("naming",), known, used)))
    return Checked(errors=tuple(errors), broken=frozenset(broken), notes=() if errors else _unused(spec, used))


def with_misspellings(error: InvalidSpec) -> InvalidSpec:
    """Add what is surely wrong with the templates of a spec that is invalid anyway, so that one round shows all.

    Only near misses count: a name nothing is like may well be defined in the part that could not be read.
    """
    if not isinstance(error.draft, Spec):
        return error
    lines = {problem.line for problem in error.problems}
    more = [each for each in check_templates(error.draft).errors if each.line not in lines]
    sure = [each for each in more if each.hint.startswith("did you mean")]
    return InvalidSpec(tuple(sorted([*error.problems, *sure], key=lambda each: (each.line, each.column))))


def names_for(spec: Spec, job: Job) -> frozenset[str]:
    """What a job's templates may use: its variables, the axes, and the axes it has from its parents."""
    lineage = list(ancestors(job, {each.name: each for each in spec.jobs}))
    names = {*AXES, *(variable.name for each in lineage for variable in each.variables)}
    for child, parent in itertools.pairwise(lineage):
        own = [*own_axes(child), *(variable.name for variable in child.variables if writes(child, variable))]
        names.update(axis_of(parent.name, axis) for axis in own)
    return frozenset(names)


def _template_errors(spec: Spec, text: str, at: FilePath, known: Collection[str], used: set[str]) -> list[Problem]:
    try:
        names = compile_template(text).names
    except TemplateProblem as error:
        return [spec.source.problem_at(spec.source.find(at, error.needle), error.message, error.hint)]
    used.update(names)
    found = [_leftover(spec, brace, at)] if (brace := leftover(literals(text), frozenset(known))) else []
    return found + [
        spec.source.problem_at(
            spec.source.find(at, name), f"`{{{{ {name} }}}}` is not a variable here", did_you_mean(name, sorted(known))
        )
        for name in names
        if name not in known
    ]


def _leftover(spec: Spec, brace: str, at: FilePath) -> Problem:
    hint = f"a variable is written {{{{ {brace.strip('{}% ') or 'name'} }}}}"
    return spec.source.problem_at(spec.source.find(at, brace), f"`{brace}` is not filled in", hint)


def _templates(job: Job) -> list[tuple[str, FilePath]]:
    reference = [] if job.reference is None else [(job.reference, job.reference_at)]
    return [(job.prompt, job.prompt_at), *reference]


def _unused(spec: Spec, used: set[str]) -> tuple[Problem, ...]:
    variables = {variable.at: variable for job in spec.jobs for variable in job.variables}
    return tuple(
        spec.source.problem(at, f"variable `{variable.name}` is used in no prompt", "it multiplies nothing", key=True)
        for at, variable in variables.items()
        if variable.name not in used
    )
