"""The product of a job's axes: which combinations are wanted, before any prompt is rendered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Container, Iterator, Mapping, Sequence
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

    @property
    def seen(self) -> dict[str, Scalar]:
        """Axis → value, as conditions see it."""
        return {axis: _seen(value) for axis, value in self.values.items()}


class Labelled(str):
    """A text that a condition may also call by its label: ``scene == 'linen'`` for ``linen: rumpled natural linen``."""

    __slots__ = ("label",)
    label: str

    def __eq__(self, other: object) -> bool:
        """The text or its label."""
        return super().__eq__(other) or self.label == other

    def __ne__(self, other: object) -> bool:
        """Neither the text nor its label."""
        return not self == other

    __hash__ = str.__hash__


def writes(job: Job, variable: Variable) -> bool:
    """Whether a job wrote a variable itself, rather than taking it from the top of the file."""
    return job.at != () and variable.at[: len(job.at)] == job.at


def own_axes(job: Job) -> tuple[str, ...]:
    """Those of model, ratio and n that an edit does not take from its parent."""
    own = {"model": bool(job.models), "ratio": any(ratio != MATCH_INPUT for ratio in job.ratios), "n": job.repeat > 1}
    return tuple(axis for axis in OWN_AXES if own[axis])


def axis_of(parent: str, axis: str) -> str:
    """What a parent's axis is called in an edit that has its own: ``hero_model``."""
    return f"{parent.replace('-', '_')}_{axis}"


def used_variables(job: Job, inherited: Container[str] = ()) -> tuple[Variable, ...]:
    """The variables a job multiplies over, in the spec's order: those its prompt or reference names.

    What an edit has ``inherited`` from its parents' images does not multiply again, unless the job itself writes it.
    """
    names = set(compile_template(job.prompt).names)
    if job.reference is not None:
        names.update(compile_template(job.reference).names)
    return tuple(
        variable
        for variable in job.variables
        if variable.name in names and (variable.name not in inherited or writes(job, variable))
    )


def size_before_excludes(job: Job, parents: int, variables: Sequence[Variable]) -> int:
    """How many combinations a job's product over ``variables`` has; ``parents`` is the parent's count, 1 without."""
    values = math.prod(len(variable.values) for variable in variables)
    return parents * values * max(1, len(job.models)) * max(1, len(job.ratios)) * job.repeat


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

    An edit follows its parent: the same model, the size of the input, the same labels. Where it writes its own models,
    ratios, repeats or variables, the parent's label stays visible as an axis ``<parent>_model`` and so on.
    """
    own = own_axes(job)
    sizes = job.ratios or (MATCH_INPUT,)
    for index, parent in enumerate(parents):
        variables = used_variables(job, parent.values)
        inherited = _inherited(job, parent, [*(variable.name for variable in variables), *own])
        for chosen, model, size, n in _product(variables, job.models or (parent.model,), sizes, job.repeat):
            wanted = {"model": _value(model), "ratio": _value(size), "n": _value(n)}
            values = inherited | _named(variables, chosen)
            values |= {axis: wanted[axis] if axis in own else parent.values[axis] for axis in OWN_AXES}
            combo = Combo(values=values, model=model, size=size, n=n, parent=index)
            if not excluded(job, combo):
                yield combo


def excluded(job: Job, combo: Combo) -> bool:
    """Whether any ``exclude`` rule names this combination; the spec stage made labels of what was written."""
    return any(
        all(axis in combo.values and combo.values[axis].label in labels for axis, labels in rule.axes.items())
        for rule in job.exclude
    )


def _product(
    variables: Sequence[Variable], models: Sequence[str], sizes: Sequence[str], repeat: int
) -> Iterator[tuple[tuple[Value, ...], str, str, int]]:
    choices = itertools.product(*(variable.values for variable in variables))
    return itertools.product(choices, models, sizes, range(1, repeat + 1))


def _inherited(job: Job, parent: Combo, own: Sequence[str]) -> dict[str, Value]:
    """The parent's axes for an edit: renamed where the edit has its ``own``."""
    source = parent.values["job"].label
    values = {"job": _value(job.name)}
    values |= {axis: value for axis, value in parent.values.items() if axis not in ("job", *OWN_AXES, *own)}
    values |= {axis_of(source, axis): parent.values[axis] for axis in own if axis in parent.values}
    return values


def _named(variables: Sequence[Variable], chosen: Sequence[Value]) -> dict[str, Value]:
    return {variable.name: value for variable, value in zip(variables, chosen, strict=True)}


def _seen(value: Value) -> Scalar:
    if not isinstance(value.value, str) or value.value == value.label:
        return value.value
    seen = Labelled(value.value)
    seen.label = value.label
    return seen


def _value(value: str | int) -> Value:
    return Value(label=str(value), value=value)
