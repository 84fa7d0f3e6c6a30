"""Conditions that fit nothing: what was probably meant by a text that no value has; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from flux_batch.errors import Problem
from flux_batch.plan.templates.template import condition_ways
from flux_batch.spec.building.fields import Field, has_text, inside, text_of
from flux_batch.spec.records import Job, Spec
from flux_batch.spec.words import did_you_mean

Way = tuple[str, ...]

_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def texts_at(ways: Iterable[Way], values: Iterable[tuple[str, Field]]) -> dict[str, None]:
    """What a condition that reads ``ways`` could have named of these ``(axis, value)`` pairs."""
    by_axis: dict[str, dict[int, Field]] = {}
    for axis, value in values:
        by_axis.setdefault(axis, {})[id(value)] = value  # each row of a table once
    found = (inside(value, way[1:]) for way in ways for value in by_axis.get(way[0], {}).values())
    return {text_of(field): None for field in found if field is not None and has_text(field)}


def meant_by(condition: str, known: Iterable[str]) -> str:
    """``did you mean 'oak'?`` for the first text in quotes that is not known, or the known ones; empty for none."""
    there = dict.fromkeys(filter(None, known))
    written = (single or double for single, double in _QUOTED.findall(condition))
    unknown = next((text for text in written if text not in there), None)
    return "" if unknown is None else did_you_mean(unknown, there, mark="'")


def nothing_left(spec: Spec, job: Job) -> Problem:
    """A job of which the rules leave no image, said at the rule that is its own, or else at the one for all."""
    rules = [("exclude", (*job.at, "exclude"))] if job.exclude else []
    rules += [("where", where.at) for where in job.where]
    rule, at = rules[-1] if rules else ("edit", (*job.at, "edit"))
    names = " and ".join(f"`{name}`" for name in dict.fromkeys(name for name, _ in rules)) or f"`{rule}`"
    verb = "leaves" if " and " not in names else "leave"
    hint = "loosen it, or take the job out" if job.at else "loosen it; upper and lower case are not the same"
    hint = next(filter(None, (_meant(job, where.text) for where in job.where)), hint)
    return spec.source.problem(at, f"{names} {verb} nothing of job `{job.name}`", hint, key=True)


def _meant(job: Job, condition: str) -> str:
    """What a value in a condition was probably written for; empty where nothing is near, or another job decides."""
    ways = condition_ways(condition)
    axes = {variable.name: variable.values for variable in job.variables}
    if not {way[0] for way in ways} <= axes.keys():
        return ""
    values = [(name, value) for name, found in axes.items() for value in found]
    asked = {way[0] for way in ways if len(way) == 1}
    labels = [value.label for name, value in values if name in asked]
    hint = meant_by(condition, [*labels, *texts_at(ways, ((name, value.value) for name, value in values))])
    return hint if hint.startswith("did you mean") else ""
