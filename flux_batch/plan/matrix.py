"""The product of a job's axes: which combinations are wanted, before any prompt is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flux_batch.plan.choices import Choice, Fixed, choices, used_variables
from flux_batch.plan.template import TemplateProblem, compile_condition, compile_template, condition_ways
from flux_batch.spec.fields import Field, Figure, Record
from flux_batch.spec.ratios import not_a_ratio
from flux_batch.spec.records import Include, Job, Value
from flux_batch.spec.vocabulary import DEFAULT_RATIO, MATCH_INPUT, MODELS, RATIOS
from flux_batch.spec.words import plain

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
    def plain(self) -> dict[str, Field]:
        """Axis → value, as templates see it."""
        return {axis: value.value for axis, value in self.values.items()}

    @property
    def seen(self) -> dict[str, Field]:
        """Axis → value, as conditions see it."""
        return {axis: _seen(value) for axis, value in self.values.items()}


class Labelled(Figure):
    """A value that a condition may also call by its label: ``scene == 'linen'`` for ``linen: rumpled linen``."""

    __slots__ = ("label",)
    label: str

    def __eq__(self, other: object) -> bool:
        """The text, the number or the word that it writes, or its label."""
        written = plain(other) if isinstance(other, bool) else other
        return super().__eq__(written) is True or self.label == written

    def __ne__(self, other: object) -> bool:
        """Neither the text nor its label."""
        return not self == other

    __hash__ = str.__hash__


class BadRatio(Exception):
    """A ratio that a template made and that is none.

    ``index`` is its place among the job's, ``values`` are those of the image it was made for.
    """

    def __init__(self, index: int, values: Mapping[str, Value], message: str, hint: str = "") -> None:
        super().__init__(message)
        self.index = index
        self.values = values
        self.hint = hint


class AddsNothing(Exception):
    """An ``include`` rule about images that an edit does not start from."""

    def __init__(self, rule: Include) -> None:
        super().__init__("this rule adds nothing")
        self.rule = rule


def own_axes(job: Job) -> tuple[str, ...]:
    """Those of model, ratio and n that an edit does not take from its parent."""
    own = {"model": bool(job.models), "ratio": any(ratio != MATCH_INPUT for ratio in job.ratios), "n": job.repeat > 1}
    return tuple(axis for axis in OWN_AXES if own[axis])


def axis_of(parent: str, axis: str) -> str:
    """What a parent's axis is called in an edit that has its own: ``hero_model``."""
    return f"{parent.replace('-', '_')}_{axis}"


def combos(job: Job) -> Iterator[Combo]:
    """The combinations of a job without a parent, in the order of the spec: variables, model, ratio, variation.

    What ``include`` adds comes last. Raises BadRatio.
    """
    variables = used_variables(job)
    axes = {"job", *OWN_AXES, *(variable.name for variable in variables)}
    ratios = job.ratios or (DEFAULT_RATIO if job.reference is None else MATCH_INPUT,)

    def combinations(fixed: Fixed) -> Iterator[Combo]:
        for choice in choices(job, variables, job.models or (CHEAPEST,), ratios, fixed):
            values = {"job": _value(job.name), **choice.variables}
            size = _size(job, choice, values)
            values |= {"model": _value(choice.model), "ratio": _value(size), "n": _value(choice.n)}
            yield Combo(values=values, model=choice.model, size=size, n=choice.n)

    return _wanted(job, axes, combinations)


def edit_combos(job: Job, parents: Sequence[Combo]) -> Iterator[Combo]:
    """One combination per parent, times what the edit itself varies.

    An edit follows its parent: the same model, the size of the input, the same labels. Where it writes its own models,
    ratios, repeats or variables, the parent's label stays visible as an axis ``<parent>_model`` and so on.
    """
    axes = {"job", *OWN_AXES, *(axis for parent in parents for axis in parent.values)}
    axes |= {variable.name for parent in parents[:1] for variable in used_variables(job, parent.values)}

    def combinations(fixed: Fixed) -> Iterator[Combo]:
        for index, parent in enumerate(parents):
            yield from _edits_of(job, index, parent, fixed)

    return _wanted(job, axes, combinations)


def _edits_of(job: Job, index: int, parent: Combo, fixed: Fixed) -> Iterator[Combo]:
    """The edits of one image; none where a rule is about other parents."""
    variables = used_variables(job, parent.values)
    mine = {variable.name for variable in variables}
    own = [axis for axis in OWN_AXES if axis in own_axes(job) or (axis in fixed and axis != "n")]
    if not _is_meant(parent, {axis: fixed[axis] for axis in fixed if axis not in mine and axis not in OWN_AXES}):
        return
    inherited = _inherited(job, parent, [*mine, *own])
    ratios = job.ratios or (MATCH_INPUT,)
    for choice in choices(job, variables, job.models or (parent.model,), ratios, fixed, parent.values):
        seen = inherited | choice.variables
        size = _size(job, choice, seen)
        wanted = {"model": _value(choice.model), "ratio": _value(size), "n": _value(choice.n)}
        values = seen | {axis: wanted[axis] if axis in own else parent.values[axis] for axis in OWN_AXES}
        yield Combo(values=values, model=choice.model, size=size, n=choice.n, parent=index)


def _is_meant(parent: Combo, axes: Fixed) -> bool:
    """Whether an image has one of the labels that a rule names, on every axis."""
    return all(parent.values[axis].label in {value.label for value in axes[axis]} for axis in axes)


def _wanted(job: Job, axes: set[str], combinations: Callable[[Fixed], Iterator[Combo]]) -> Iterator[Combo]:
    """What ``exclude`` and ``where`` leave of the product, then what ``include`` adds and is not there yet.

    A ratio that a variable decides may be one that the job also writes; it is drawn once. Raises AddsNothing.
    """
    meets = _conditions(job, axes)
    rules = [rule for rule in job.include if _concerns(rule, axes)]
    may_repeat = rules or any("{" in ratio for ratio in job.ratios)
    seen: set[tuple[tuple[str, str], ...]] = set()

    def is_new(combo: Combo) -> bool:
        labels = tuple(combo.labels.items())
        known = labels in seen
        seen.add(labels)
        return not known

    for combo in combinations({}):
        if not excluded(job, combo) and meets(combo) and (not may_repeat or is_new(combo)):
            yield combo
    for rule in rules:
        added = list(combinations(rule.axes))
        if not added and not rule.shared:
            raise AddsNothing(rule)
        yield from filter(is_new, added)


def _concerns(rule: Include, axes: set[str]) -> bool:
    """A rule from the top of the file is about the jobs that have all of its axes."""
    return set(rule.axes) <= axes


def _conditions(job: Job, axes: set[str]) -> Callable[[Combo], bool]:
    """All of a job's conditions as one."""
    mine = [
        compile_condition(where.text)
        for where in job.where
        if not where.shared or {way[0] for way in condition_ways(where.text)} <= axes
    ]
    return lambda combo: not mine or all(holds(combo.seen) for holds in mine)


def _size(job: Job, choice: Choice, values: Mapping[str, Value]) -> str:
    """The ratio, filled in where a variable decides; raises BadRatio."""
    if "{" not in choice.ratio:
        return choice.ratio
    index = job.ratios.index(choice.ratio)
    try:
        size = compile_template(choice.ratio).render({axis: value.value for axis, value in values.items()}).strip()
    except TemplateProblem as error:
        raise BadRatio(index, values, error.message, error.hint) from None
    if size == MATCH_INPUT and job.edit is None and job.reference is None:
        message = f"{MATCH_INPUT} takes its size from another image, and there is none"
        raise BadRatio(index, values, message, 'write a ratio, like "1:1", or add a reference')
    if size not in (*RATIOS, MATCH_INPUT):
        raise BadRatio(index, values, *not_a_ratio(int(size) if size.isdecimal() else size))
    return size


def excluded(job: Job, combo: Combo) -> bool:
    """Whether any ``exclude`` rule names this combination; the spec stage made labels of what was written."""
    return any(
        all(axis in combo.values and combo.values[axis].label in labels for axis, labels in rule.axes.items())
        for rule in job.exclude
    )


def _inherited(job: Job, parent: Combo, own: Sequence[str]) -> dict[str, Value]:
    """The parent's axes for an edit: renamed where the edit has its ``own``."""
    source = parent.values["job"].label
    values = {"job": _value(job.name)}
    values |= {axis: value for axis, value in parent.values.items() if axis not in ("job", *OWN_AXES, *own)}
    values |= {axis_of(source, axis): parent.values[axis] for axis in own if axis in parent.values}
    return values


def _seen(value: Value) -> Field:
    if type(value.value) is str and value.value == value.label:  # nearly all of them
        return value.value
    if isinstance(value.value, tuple | Record) or plain(value.value) == value.label:
        return value.value
    seen = Labelled(plain(value.value))
    seen.label = value.label
    return seen


def _value(value: str | int) -> Value:
    return Value(label=str(value), value=value)
