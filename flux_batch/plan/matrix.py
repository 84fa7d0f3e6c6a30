"""The product of a job's axes: which combinations are wanted, before any prompt is rendered."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flux_batch.plan.template import compile_template
from flux_batch.spec.records import Job, Scalar, Value, Variable
from flux_batch.spec.vocabulary import DEFAULT_RATIO, MATCH_INPUT, MODELS

CHEAPEST = MODELS[0]
OWN_AXES = ("model", "ratio", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Combo:
    """One combination: a label and a value for every axis, and what of it goes into the request.

    ``parent`` is the index of the parent's task for an edit. ``n`` is the job's own variation number, which an axis
    ``n`` inherited from the parent may differ from.
    """

    values: Mapping[str, Value]
    model: str
    size: str
    n: int
    parent: int | None = None

    @property
    def labels(self) -> dict[str, str]:
        """Axis → label."""
        return {axis: value.label for axis, value in self.values.items()}

    @property
    def plain(self) -> dict[str, Scalar]:
        """Axis → value, as templates see it."""
        return {axis: value.value for axis, value in self.values.items()}


def used_variables(job: Job) -> tuple[Variable, ...]:
    """The variables a job multiplies over: those its prompt or reference names, in the spec's order."""
    names = set(compile_template(job.prompt).names)
    if job.reference is not None:
        names.update(compile_template(job.reference).names)
    return tuple(variable for variable in job.variables if variable.name in names)


def size_before_excludes(job: Job, parents: int) -> int:
    """How many combinations a job's product has; ``parents`` is the parent's count, 1 without one."""
    count = parents * job.repeat * max(1, len(job.models)) * max(1, len(job.ratios))
    for variable in used_variables(job):
        count *= len(variable.values)
    return count


def combos(job: Job) -> Iterator[Combo]:
    """The combinations of a job without a parent, in the order of the spec: variables, model, ratio, variation."""
    variables = used_variables(job)
    sizes = job.ratios or (DEFAULT_RATIO if job.reference is None else MATCH_INPUT,)
    models = job.models or (CHEAPEST,)
    for chosen, model, size, n in _product(variables, models, sizes, job.repeat):
        values = {"job": _value(job.name), **_named(variables, chosen)}
        values |= {"model": _value(model), "ratio": _value(size), "n": _value(n)}
        combo = Combo(values=values, model=model, size=size, n=n)
        if not excluded(job, combo):
            yield combo


def edit_combos(job: Job, parents: Sequence[Combo]) -> Iterator[Combo]:
    """One combination per parent, times what the edit itself varies.

    An edit follows its parent: the same model, the size of the input, the same labels. Where it names its own models,
    ratios or repeats, the parent's label stays visible as an axis ``<parent>_model`` (``_ratio``, ``_n``).
    """
    for index, parent in enumerate(parents):
        variables = [variable for variable in used_variables(job) if variable.name not in parent.values]
        models = job.models or (parent.model,)
        sizes = job.ratios or (MATCH_INPUT,)
        for chosen, model, size, n in _product(variables, models, sizes, job.repeat):
            values = _inherited(job, parent) | _named(variables, chosen)
            values |= {
                "model": _value(model) if job.models else parent.values["model"],
                "ratio": _value(size) if _has_own_ratios(job) else parent.values["ratio"],
                "n": _value(n) if job.repeat > 1 else parent.values["n"],
            }
            combo = Combo(values=values, model=model, size=size, n=n, parent=index)
            if not excluded(job, combo):
                yield combo


def excluded(job: Job, combo: Combo) -> bool:
    """Whether any ``exclude`` rule names this combination, by label or by value."""
    return any(
        all(axis in combo.values and _is_one_of(combo.values[axis], wanted) for axis, wanted in rule.axes.items())
        for rule in job.exclude
    )


def _product(
    variables: Sequence[Variable], models: Sequence[str], sizes: Sequence[str], repeat: int
) -> Iterator[tuple[tuple[Value, ...], str, str, int]]:
    choices = itertools.product(*(variable.values for variable in variables))
    return itertools.product(choices, models, sizes, range(1, repeat + 1))


def _inherited(job: Job, parent: Combo) -> dict[str, Value]:
    """The parent's axes for an edit: its own three renamed where the edit has its own."""
    renamed = {"model": bool(job.models), "ratio": _has_own_ratios(job), "n": job.repeat > 1}
    source = parent.values["job"].label.replace("-", "_")
    values = {"job": _value(job.name)}
    values |= {axis: value for axis, value in parent.values.items() if axis not in ("job", *OWN_AXES)}
    values |= {f"{source}_{axis}": parent.values[axis] for axis, own in renamed.items() if own}
    return values


def _has_own_ratios(job: Job) -> bool:
    return any(ratio != MATCH_INPUT for ratio in job.ratios)


def _named(variables: Sequence[Variable], chosen: Sequence[Value]) -> dict[str, Value]:
    return {variable.name: value for variable, value in zip(variables, chosen, strict=True)}


def _value(value: str | int) -> Value:
    return Value(label=str(value), value=value)


def _is_one_of(value: Value, wanted: tuple[str, ...]) -> bool:
    return value.label in wanted or str(value.value) in wanted
