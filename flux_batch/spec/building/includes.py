"""``include:`` rules → ``Include`` records, every value looked up among those known or taken as a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from flux_batch.spec.building.desk import Desk, Layer, items
from flux_batch.spec.building.edits import ancestors
from flux_batch.spec.building.fields import Record, has_text, text_of
from flux_batch.spec.building.jobs import no_size
from flux_batch.spec.building.ratios import not_a_ratio, ratio_fix
from flux_batch.spec.building.variables import field_of
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.records import Include, Job, Value, Variable
from flux_batch.spec.vocabulary import MATCH_INPUT, MODELS, RATIOS
from flux_batch.spec.words import code, did_you_mean, plain, quoted

FIXED: Final = {
    "n": "for more variations use `repeat`",
    "job": "write the rule into the job it is about",
}
"""Axes that a rule cannot add to, and what to do instead."""


def with_includes(jobs: tuple[Job, ...], top: Layer, desk: Desk) -> tuple[Job, ...]:
    """The jobs with their rules: those at the top of the file, then their own."""
    by_name = {job.name: job for job in jobs}
    known = {job.name: _variables(job, by_name) for job in jobs}
    everything = {name: variable for variables in known.values() for name, variable in variables.items()}
    shared = _rules(top, everything, desk, shared=len(jobs) > 1 or any(job.at for job in jobs))
    own = {job.name: _rules(_layer(job, top), known[job.name], desk) if job.at else () for job in jobs}
    found = tuple(replace(job, include=_for(job, shared) + own[job.name]) for job in jobs)
    for job in found:
        _check_sizes(job, desk)
    return found


def _for(job: Job, shared: tuple[Include, ...]) -> tuple[Include, ...]:
    """An edit follows its parent: models and ratios at the top are about pictures made from nothing."""
    return tuple(rule for rule in shared if job.edit is None or not {"model", "ratio"} & set(rule.axes))


def _check_sizes(job: Job, desk: Desk) -> None:
    """No image can take its size from another one that is not there."""
    if job.edit is not None or job.reference is not None or desk.is_lost("reference", "edit"):
        return
    for value in (value for rule in job.include for value in rule.axes.get("ratio", ())):
        if value.label == MATCH_INPUT:
            desk.report(value.at, *no_size(job))


def _layer(job: Job, top: Layer) -> Layer:
    return Layer(top.values["jobs"][job.name], job.at)


def _variables(job: Job, jobs: dict[str, Job]) -> dict[str, Variable]:
    """By name, the nearest first: an edit also has those of the jobs it starts from."""
    found: dict[str, Variable] = {}
    for each in ancestors(job, jobs):
        for variable in each.variables:
            found.setdefault(variable.name, variable)
    return found


def _rules(layer: Layer, variables: Mapping[str, Variable], desk: Desk, *, shared: bool = False) -> tuple[Include, ...]:
    places = items(layer.values.get("include"), (*layer.at, "include"))
    return tuple(Include(axes=_rule(rule, at, variables, desk), at=at, shared=shared) for rule, at in places)


def _rule(
    rule: dict[str, Any], at: FilePath, variables: Mapping[str, Variable], desk: Desk
) -> dict[str, tuple[Value, ...]]:
    found = {}
    for axis, written in rule.items():
        place = (*at, axis)
        if axis in FIXED:
            desk.report(place, f"`include` cannot add to {code(axis)}", FIXED[axis], key=True)
        elif axis not in variables and axis not in ("model", "ratio"):
            if not desk.is_missing_from("variables"):
                hint = did_you_mean(axis, ("model", "ratio", *variables))
                desk.report(place, f"{code(axis)} is not an axis here", hint, key=True)
        else:
            pairs = items(written, place) if isinstance(written, list) else iter([(written, place)])
            values = [_value(axis, item, where, variables, desk) for item, where in pairs]
            found[axis] = tuple(value for value in values if value is not None)
    return found


def _value(axis: str, item: object, at: FilePath, variables: Mapping[str, Variable], desk: Desk) -> Value | None:
    if axis == "model":
        return _one_of(item, at, MODELS, (f"{quoted(item)} is not a model", did_you_mean(plain(item), MODELS)), desk)
    if axis == "ratio":
        return _one_of(item, at, (*RATIOS, MATCH_INPUT), not_a_ratio(item), desk)
    return _of_variable(variables[axis], item, at, desk)


def _one_of(item: object, at: FilePath, known: tuple[str, ...], problem: tuple[str, str], desk: Desk) -> Value | None:
    if item in known:
        return Value(label=plain(item), value=plain(item), at=at)
    desk.report(at, *problem, fix=ratio_fix(item) if MATCH_INPUT in known else None)
    return None


def _of_variable(variable: Variable, item: object, at: FilePath, desk: Desk) -> Value | None:
    """A value of the variable, by its label or its text; a new one where the values are plain texts."""
    for value in variable.values:
        if plain(item) == value.label or (has_text(value.value) and plain(item) == text_of(value.value)):
            return value
    if any(isinstance(value.value, Record) for value in variable.values):
        labels = [value.label for value in variable.values]
        hint = did_you_mean(plain(item), labels, mark='"')
        desk.report(at, f"{code(variable.name)} has no {quoted(item)}, and its fields cannot be told from a name", hint)
        return None
    label = " ".join(plain(item).split())
    if not label:
        desk.report(at, "an empty value has no name to show", "write a value")
        return None
    return Value(label=label, value=field_of(item), at=at)
