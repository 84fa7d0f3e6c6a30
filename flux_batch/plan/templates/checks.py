"""What can be said about a spec's templates before anything is multiplied."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flux_batch.errors import Fix, InvalidSpec, Problem
from flux_batch.plan.expansion.choices import used_names, writes
from flux_batch.plan.expansion.matrix import axis_of, own_axes
from flux_batch.plan.templates.headings import HINT, headings_in, sound_ways
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.slips import UNREADABLE
from flux_batch.plan.templates.template import compile_template, condition_ways, leftover, literals
from flux_batch.spec.building.edits import ancestors
from flux_batch.spec.building.fields import fields_of, no_such_field
from flux_batch.spec.building.variables import AXES
from flux_batch.spec.records import FilePath, Include, Job, Spec, Variable, Where
from flux_batch.spec.words import code, did_you_mean, fix_of, quoted


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
        known = _known(spec, (job,))
        found = [problem for text, at in _templates(job) for problem in _template_errors(spec, text, at, known, used)]
        found += [problem for where in job.where if not where.shared for problem in _where_errors(spec, where, known)]
        found += [] if found else _include_errors(spec, job)
        used.update(way for where in job.where for way in _names_in(where))
        errors.update(dict.fromkeys(found))
        broken.update([job.name] if found or not all(_is_readable(where) for where in job.where) else [])
    errors.update(dict.fromkeys(_shared_errors(spec)))
    if spec.naming is not None:
        errors.update(dict.fromkeys(_template_errors(spec, spec.naming, ("naming",), _known(spec, spec.jobs), used)))
    return Checked(errors=tuple(errors), broken=frozenset(broken), notes=() if errors else _unused(spec, used))


def with_misspellings(error: InvalidSpec) -> InvalidSpec:
    """Add what is surely wrong with the templates of a spec that is invalid anyway, so that one round shows all.

    Of the names only near misses count: one that nothing is like may be defined in the part that could not be read.
    The columns of a table are known once it is read, and a template that cannot be read is wrong by itself.
    """
    if not isinstance(error.draft, Spec):
        return error
    lines = {problem.line for problem in error.problems}
    more = [each for each in check_templates(error.draft).errors if each.line not in lines]
    sure = [each for each in more if _is_sure(each, error.draft)]
    return InvalidSpec(tuple(sorted([*error.problems, *sure], key=lambda each: (each.line, each.column))))


def _is_sure(problem: Problem, draft: Spec) -> bool:
    tables = {variable.name for job in draft.jobs for variable in job.variables if variable.columns}
    return (
        problem.hint.startswith("did you mean")
        or problem.message.startswith((UNREADABLE, "the column "))
        or any(problem.message.startswith(f"`{name}` has no field ") for name in tables)
    )


def names_for(spec: Spec, job: Job) -> frozenset[str]:
    """What a job's templates may use: its variables, the axes, and the axes it has from its parents."""
    lineage = list(ancestors(job, {each.name: each for each in spec.jobs}))
    names = {*AXES, *(variable.name for each in lineage for variable in each.variables)}
    for child, parent in itertools.pairwise(lineage):
        own = [*own_axes(child), *(variable.name for variable in child.variables if writes(child, variable))]
        names.update(axis_of(parent.name, axis) for axis in own)
    return frozenset(names)


Known = Mapping[str, tuple[Variable, ...]]
"""What templates may name: every axis and variable, with the variables it may stand for (none for an axis)."""


def _known(spec: Spec, jobs: Iterable[Job]) -> Known:
    by_name = {each.name: each for each in spec.jobs}
    found: dict[str, tuple[Variable, ...]] = {}
    for job in jobs:
        found = {**dict.fromkeys(names_for(spec, job), ()), **found}
        for variable in (variable for each in ancestors(job, by_name) for variable in each.variables):
            found[variable.name] = (*found.get(variable.name, ()), variable)
    return found


def _template_errors(spec: Spec, text: str, at: FilePath, known: Known, used: set[str]) -> list[Problem]:
    try:
        ways = compile_template(text).ways
    except TemplateProblem:
        return [*_unreadable(spec, text, at, known), *_way_errors(spec, sound_ways(text), at, known)]
    used.update(way[0] for way in ways)
    found = [_leftover(spec, brace, at)] if (brace := leftover(literals(text), frozenset(known))) else []
    return found + _way_errors(spec, ways, at, known)


def _unreadable(spec: Spec, text: str, at: FilePath, known: Known) -> list[Problem]:
    """Why a template cannot be read: headings where fields belong, or else in the words of the parser."""

    def columns(name: str) -> set[str]:
        return {column for variable in known.get(name, ()) for column in variable.columns}

    found = []
    for fix, heading in headings_in(text, columns):
        message = f"the column {quoted(heading)} is written {code(fix.new)}"
        found.append(spec.source.problem_at(spec.source.find(at, fix.old), message, HINT, fix))
        text = text.replace(fix.old, fix.new)
    try:
        compile_template(text)
    except TemplateProblem as left:
        place = spec.source.find(at, left.needle, last=left.at_its_end)
        found.append(spec.source.problem_at(place, left.message, left.hint))
    return found


def _way_errors(spec: Spec, ways: Iterable[tuple[str, ...]], at: FilePath, known: Known) -> list[Problem]:
    """Names that are no variables, each once, and fields that no value of a variable has."""
    strangers = {way[0]: None for way in ways if way[0] not in known}
    found = [
        spec.source.problem_at(
            spec.source.find(at, name),
            f"`{{{{ {name} }}}}` is not a variable here",
            did_you_mean(name, sorted(known)),
            fix_of(name, known),
        )
        for name in strangers
    ]
    return found + [problem for way in ways if len(way) > 1 and (problem := _field_error(spec, way, at, known))]


def _field_error(spec: Spec, way: tuple[str, ...], at: FilePath, known: Known) -> Problem | None:
    variables = known.get(way[0])
    if variables is None:
        return None
    fields = {inner: None for each in variables for value in each.values for inner in fields_of(value.value)}
    fields |= {(column,): None for each in variables for column in each.columns}
    if way[1:] in fields:
        return None
    depth = next(depth for depth in range(1, len(way)) if way[1 : depth + 1] not in fields)
    beside = tuple(inner[depth - 1] for inner in fields if len(inner) == depth and inner[: depth - 1] == way[1:depth])
    message, hint = no_such_field(".".join(way[:depth]), way[depth], beside)
    meant = fix_of(way[depth], beside)
    fix = Fix(".".join(way), ".".join((*way[:depth], meant.new, *way[depth + 1 :]))) if meant else None
    return spec.source.problem_at(spec.source.find(at, ".".join(way)), message, hint, fix)


def _where_errors(spec: Spec, where: Where, known: Known) -> list[Problem]:
    try:
        ways = condition_ways(where.text)
    except TemplateProblem as error:
        message = f"this condition cannot be used: {error.message.removeprefix('cannot be read: ')}"
        return [spec.source.problem(where.at, message, error.hint or "write for instance: ratio != '9:16'")]
    found = [
        spec.source.problem_at(
            spec.source.find(where.at, name), f"`{name}` is not an axis here", _meant(name, where.text, known)
        )
        for name in dict.fromkeys(way[0] for way in ways)
        if name not in known
    ]
    return found + [problem for way in ways if len(way) > 1 and (problem := _field_error(spec, way, where.at, known))]


def _meant(name: str, condition: str, known: Known) -> str:
    """What a name that is no axis was probably meant to be: an axis, or a text that lost its quotes."""
    behind = re.search(rf"(?:[=<>]|\bin\b)[^'\"]*?(?<![\w.]){re.escape(name)}(?!\w)", condition)
    return f"a text stands in quotes: '{name}'" if behind else did_you_mean(name, sorted(known))


def _names_in(where: Where) -> tuple[str, ...]:
    return tuple(way[0] for way in condition_ways(where.text)) if _is_readable(where) else ()


def _is_readable(where: Where) -> bool:
    try:
        condition_ways(where.text)
    except TemplateProblem:
        return False
    return True


def _shared_errors(spec: Spec) -> list[Problem]:
    """What stands at the top for all jobs must be about one of them at least."""
    everything = _known(spec, spec.jobs)
    wheres = dict.fromkeys(where for job in spec.jobs for where in job.where if where.shared)
    found = [problem for where in wheres for problem in _where_errors(spec, where, everything)]
    about = {rule.at: frozenset(rule.axes) for job in spec.jobs for rule in job.include if rule.shared}
    about |= {where.at: frozenset(_names_in(where)) for where in wheres} if not found else {}
    axes = [_axes_of(spec, job) for job in spec.jobs]
    return found + [
        spec.source.problem(at, "no job has all of these axes", "write it into the job it is about")
        for at, names in about.items()
        if not any(names <= each for each in axes)
    ]


def _axes_of(spec: Spec, job: Job) -> frozenset[str]:
    """What the images of a job are told apart by: not the variables that neither it nor its parents read."""
    lineage = list(ancestors(job, {each.name: each for each in spec.jobs}))
    variables = {variable.name for each in lineage for variable in each.variables}
    return (names_for(spec, job) - variables) | {name for each in lineage for name in used_names(each)}


def _include_errors(spec: Spec, job: Job) -> list[Problem]:
    """A combination cannot differ in what the job does not read."""
    return [
        spec.source.problem(
            (*rule.at, axis), f"`{axis}` is read by no prompt of job `{job.name}`", "it would change nothing", key=True
        )
        for rule in job.include
        if not rule.shared
        for axis in _unused_axes(spec, job, rule)
    ]


def _unused_axes(spec: Spec, job: Job, rule: Include) -> list[str]:
    read = _axes_of(spec, job)
    return [axis for axis in rule.axes if axis not in read]


def _leftover(spec: Spec, brace: str, at: FilePath) -> Problem:
    hint = f"a variable is written {{{{ {brace.strip('{}% ') or 'name'} }}}}"
    return spec.source.problem_at(spec.source.find(at, brace), f"`{brace}` is not filled in", hint)


def _templates(job: Job) -> list[tuple[str, FilePath]]:
    reference = [] if job.reference is None else [(job.reference, job.reference_at)]
    ratios = [(ratio, (*job.ratios_at, index)) for index, ratio in enumerate(job.ratios) if "{{" in ratio]
    options = [
        (value, job.options_at[name]) for name, value in job.options.items() if isinstance(value, str) and "{{" in value
    ]
    return [(job.prompt, job.prompt_at), *reference, *ratios, *options]


def _unused(spec: Spec, used: set[str]) -> tuple[Problem, ...]:
    variables = {variable.at: variable for job in spec.jobs for variable in job.variables}
    return tuple(
        spec.source.problem(at, f"variable `{variable.name}` is used in no prompt", "it multiplies nothing", key=True)
        for at, variable in variables.items()
        if variable.name not in used
    )
