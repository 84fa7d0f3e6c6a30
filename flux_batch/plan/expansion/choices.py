"""What a job can choose between: its variables, in step where they are paired, models, ratios and variations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence

from flux_batch.plan.expansion.table import Row, Values
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.template import compile_template, condition_ways
from flux_batch.spec.records import Job, Value, Variable

Fixed = Mapping[str, tuple[Value, ...]]
"""Axes that an ``include`` rule names, with its values."""

Track = tuple[Variable, ...]
"""Variables that go in step; most go alone."""


def choices(
    job: Job,
    variables: Sequence[Variable],
    models: Sequence[str],
    ratios: Sequence[str],
    fixed: Fixed,
    values: Values,
    given: Mapping[str, Value] | None = None,
) -> Iterator[Row]:
    """The product, with what is ``fixed`` in the place of what the job says; the last of it moves fastest.

    A row has the variables in the order of their tracks, then model, ratio (which may still be a template) and
    variation. ``given`` are the values of the image that is edited: what is paired with one of them goes in step with
    it.
    """
    steps = [
        [tuple(values.number(value) for value in step.values()) for step in _steps(track, job, fixed, given or {})]
        for track in tracks(variables, job)
    ]
    own = (_labels(fixed.get("model"), models), _labels(fixed.get("ratio"), ratios), range(1, job.repeat + 1))
    ends = list(itertools.product(*([values.own(value) for value in axis] for axis in own)))
    for chosen in itertools.product(*steps):
        head = tuple(itertools.chain.from_iterable(chosen))
        for end in ends:
            yield head + end


Labels = Mapping[str, frozenset[str]]
"""The labels that an axis of the images that are edited may have."""


def count(job: Job, parents: int, variables: Sequence[Variable], inherited: Labels) -> int:
    """How many combinations there are before any is left out, at most; ``parents`` is 1 for a job without."""
    found = tracks(variables, job)
    axes = {"model", "ratio", *inherited, *(variable.name for variable in variables)}
    rules: list[Fixed] = [{}, *(rule.axes for rule in job.include if set(rule.axes) <= axes)]
    return parents * sum(_count(job, found, inherited, fixed) for fixed in rules)


def labels_of(job: Job, variables: Sequence[Variable], inherited: Labels) -> dict[str, frozenset[str]]:
    """The labels that each axis of a job's images may have; ``variables`` are those it multiplies over."""
    known: dict[str, frozenset[str]] = dict(inherited)
    for variable in variables:
        added = [value for rule in job.include for value in rule.axes.get(variable.name, ())]
        known[variable.name] = frozenset(value.label for value in (*variable.values, *added))
    return known


def _count(job: Job, found: Sequence[Track], inherited: Labels, fixed: Fixed) -> int:
    sizes = [_size(track, job, inherited, fixed) for track in found]
    models = len(fixed.get("model", job.models)) or 1
    ratios = len(fixed.get("ratio", job.ratios)) or 1
    return math.prod(sizes) * models * ratios * job.repeat


def _size(track: Track, job: Job, inherited: Labels, fixed: Fixed) -> int:
    """How many steps a track has, at most."""
    named = [variable for variable in track if variable.name in fixed]
    if named:
        are_known = all(_place(variable, value) is not None for variable in named for value in fixed[variable.name])
        others = [] if are_known else [len(variable.values) for variable in track if variable not in named]
        return math.prod([*(len(fixed[variable.name]) for variable in named), *others])
    for partner in _partners(track, job, inherited):
        if inherited[partner.name] <= {value.label for value in partner.values}:
            return 1
    return len(track[0].values)


def writes(job: Job, variable: Variable) -> bool:
    """Whether a job wrote a variable itself, rather than taking it from the top of the file."""
    return job.at != () and variable.at[: len(job.at)] == job.at


def used_variables(job: Job, inherited: Container[str] = ()) -> tuple[Variable, ...]:
    """The variables a job multiplies over, in the spec's order: those that any of its templates or conditions name.

    What an edit has ``inherited`` from its parents' images does not multiply again, unless the job itself writes it.
    """
    names = used_names(job)
    return tuple(
        variable
        for variable in job.variables
        if variable.name in names and (variable.name not in inherited or writes(job, variable))
    )


def used_names(job: Job) -> set[str]:
    """What a job's prompt, reference, ratios, options and own conditions read."""
    names = {way[0] for text in templates_of(job) for way in _ways(text, _template_ways)}
    return names | {way[0] for where in job.where if not where.shared for way in _ways(where.text, condition_ways)}


Ways = tuple[tuple[str, ...], ...]


def _ways(text: str, read: Callable[[str], Ways]) -> Ways:
    try:
        return read(text)
    except TemplateProblem:  # reported where the templates are checked
        return ()


def _template_ways(text: str) -> Ways:
    return compile_template(text).ways


def templates_of(job: Job) -> Iterator[str]:
    """Every text of a job that is filled in for each image."""
    yield job.prompt
    yield from () if job.reference is None else (job.reference,)
    yield from job.ratios
    yield from (value for value in job.options.values() if isinstance(value, str))


def tracks(variables: Sequence[Variable], job: Job) -> list[Track]:
    """The variables, those that are paired together, each where its first one stands."""
    found: dict[object, list[Variable]] = {}
    for variable in variables:
        group = next((pair for pair in job.pairs if variable.name in pair), variable.name)
        found.setdefault(group, []).append(variable)
    return [tuple(track) for track in found.values()]


def _steps(track: Track, job: Job, fixed: Fixed, given: Mapping[str, Value]) -> list[dict[str, Value]]:
    """What a track can be: one value of each of its variables."""
    steps = [
        {variable.name: value for variable, value in zip(track, values, strict=True)}
        for values in zip(*(variable.values for variable in track), strict=True)
    ]
    named = [variable for variable in track if variable.name in fixed]
    if named:
        return list(_fixed_steps(track, steps, fixed))
    for partner in _partners(track, job, given):
        place = _place(partner, given[partner.name])
        if place is not None:
            return [steps[place]]
    return steps


def _fixed_steps(track: Track, steps: list[dict[str, Value]], fixed: Fixed) -> Iterator[dict[str, Value]]:
    """The steps that a rule names; a value that is new goes with whatever the rule says of the others, or with all."""
    names = [variable.name for variable in track]
    named = [name for name in names if name in fixed]
    by_labels: dict[tuple[str, ...], list[dict[str, Value]]] = {}
    for step in steps:
        by_labels.setdefault(tuple(step[name].label for name in named), []).append(step)
    for chosen in itertools.product(*(fixed[name] for name in named)):
        matching = by_labels.get(tuple(value.label for value in chosen))
        if matching:
            yield from matching
            continue
        said = dict(zip(named, chosen, strict=True))
        values = [(said[variable.name],) if variable.name in said else variable.values for variable in track]
        yield from (dict(zip(names, step, strict=True)) for step in itertools.product(*values))


def _partners(track: Track, job: Job, given: Container[str]) -> list[Variable]:
    """Variables that are given already and that the track goes in step with."""
    group: set[str] = {name for pair in job.pairs for name in pair if any(each.name in pair for each in track)}
    mine = {variable.name for variable in track}
    return [each for each in job.variables if each.name in group - mine and each.name in given]


def _place(variable: Variable, value: Value) -> int | None:
    return next((index for index, each in enumerate(variable.values) if each.label == value.label), None)


def _labels(fixed: tuple[Value, ...] | None, otherwise: Sequence[str]) -> Sequence[str]:
    return otherwise if fixed is None else [value.label for value in fixed]
