"""``exclude:`` rules → ``Exclude`` records, every value replaced by its label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flux_batch.spec.building.desk import Desk, Layer, items
from flux_batch.spec.building.edits import ancestors
from flux_batch.spec.building.fields import Record, text_of
from flux_batch.spec.building.ratios import not_a_ratio, ratio_fix
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.records import Exclude, Job
from flux_batch.spec.vocabulary import DEFAULT_RATIO, MATCH_INPUT, MODELS, RATIOS
from flux_batch.spec.words import code, did_you_mean, plain, quoted

Axes = dict[str, dict[str, list[str]]]
"""For each axis, what may be written for it, and the labels that means."""

WRITTEN_AS = {"model": "models", "ratio": "ratios", "n": "repeat"}
"""Where an axis comes from that is neither the job nor a variable."""


def with_excludes(jobs: dict[str, Job], top: Layer, desk: Desk) -> tuple[Job, ...]:
    """The jobs with their rules: those at the top of the file, then their own."""
    axes = {name: _axes(ancestors(job, jobs)) for name, job in jobs.items()}
    shared = _rules(top, _union(axes.values()), desk)
    own = {name: _rules(_layer(job, top), axes[name], desk) if job.at else () for name, job in jobs.items()}
    return tuple(replace(job, exclude=shared + own[name]) for name, job in jobs.items())


def _layer(job: Job, top: Layer) -> Layer:
    return Layer(top.values["jobs"][job.name], job.at)


def _axes(lineage: Iterable[Job]) -> Axes:
    """What the axes of a job can be; an edit also has those of the jobs it starts from."""
    axes: Axes = {}
    chain = list(lineage)
    for job in chain:
        _add(axes, "model", job.models or (() if job.edit else MODELS))
        _add(axes, "ratio", _ratios(job))
        _add(axes, "n", [str(number) for number in range(1, job.repeat + 1)])
        for variable in job.variables:
            for value in variable.values:
                _add(axes, variable.name, (value.label,))
                if not isinstance(value.value, Record) or value.value.shown is not None:
                    _add(axes, variable.name, (text_of(value.value),), label=value.label)
    _add(axes, "job", (chain[0].name,))
    return axes


def _ratios(job: Job) -> tuple[str, ...]:
    """A ratio that a variable decides may be any."""
    if any("{{" in ratio for ratio in job.ratios):
        return (*RATIOS, MATCH_INPUT)
    return job.ratios or ((MATCH_INPUT,) if job.edit or job.reference else (DEFAULT_RATIO,))


def _add(axes: Axes, axis: str, texts: Iterable[str], label: str | None = None) -> None:
    known = axes.setdefault(axis, {})
    for text in texts:
        labels = known.setdefault(text, [])
        if (label or text) not in labels:
            labels.append(label or text)


def _union(several: Iterable[Axes]) -> Axes:
    union: Axes = {}
    for axes in several:
        for axis, known in axes.items():
            for text, labels in known.items():
                for label in labels:
                    _add(union, axis, (text,), label)
    return union


def _rules(layer: Layer, axes: Axes, desk: Desk) -> tuple[Exclude, ...]:
    places = items(layer.values.get("exclude"), (*layer.at, "exclude"))
    return tuple(Exclude(axes=_rule(rule, at, axes, desk), at=at) for rule, at in places)


def _rule(rule: dict[str, Any], at: FilePath, axes: Axes, desk: Desk) -> dict[str, tuple[str, ...]]:
    found = {}
    for axis, value in rule.items():
        if axis in axes:
            found[axis] = _labels(axis, value, (*at, axis), axes[axis], desk)
        elif not desk.is_missing_from("variables"):
            desk.report((*at, axis), f"{code(axis)} is not an axis here", did_you_mean(axis, axes), key=True)
    return found


def _labels(axis: str, value: Any, at: FilePath, known: dict[str, list[str]], desk: Desk) -> tuple[str, ...]:
    labels: list[str] = []
    places = items(value, at) if isinstance(value, list) else iter([(value, at)])
    for item, place in places:
        if plain(item) in known:
            labels.extend(known[plain(item)])
        elif not _is_lost(axis, desk):
            fix = ratio_fix(item) if axis == "ratio" else None
            desk.report(place, *_no_such_value(axis, item, known), fix=fix)
    return tuple(dict.fromkeys(labels))


def _is_lost(axis: str, desk: Desk) -> bool:
    """Whether a value that is not there may have been meant to be."""
    if axis == "job":
        return desk.is_missing_from("jobs")
    return desk.is_lost(WRITTEN_AS.get(axis, axis)) or desk.is_missing_from("variables")


def _no_such_value(axis: str, item: object, known: dict[str, list[str]]) -> tuple[str, str]:
    if axis == "ratio" and plain(item) not in (*RATIOS, MATCH_INPUT):
        return not_a_ratio(item)
    return f"no image here has {code(axis)} {quoted(item)}", did_you_mean(plain(item), known, mark='"')
