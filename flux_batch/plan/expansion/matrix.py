"""The product of a job's axes: which combinations are wanted, before any prompt is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from flux_batch.plan.expansion.choices import Fixed, choices, tracks, used_variables
from flux_batch.plan.expansion.table import ASKED, Block, Row, Rows, Table, Values
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.template import compile_condition, compile_template, condition_ways
from flux_batch.spec.building.ratios import not_a_ratio
from flux_batch.spec.records import Include, Job, Value, Variable
from flux_batch.spec.vocabulary import DEFAULT_RATIO, MATCH_INPUT, MODELS, RATIOS

CHEAPEST = MODELS[0]
OWN_AXES = ("model", "ratio", "n")


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


def combos(job: Job, values: Values) -> Table:
    """The combinations of a job without a parent, in the order of the spec: variables, model, ratio, variation.

    What ``include`` adds comes last. Raises BadRatio.
    """
    variables = used_variables(job)
    axes = ("job", *_in_order(variables, job), *OWN_AXES)
    ratios = job.ratios or (DEFAULT_RATIO if job.reference is None else MATCH_INPUT,)
    this = (values.own(job.name),)

    def rows(fixed: Fixed) -> Iterator[Row]:
        for choice in choices(job, variables, job.models or (CHEAPEST,), ratios, fixed, values):
            row = this + choice
            if "{" in values.labels[row[-2]]:
                row = (*row[:-2], _size(job, values, dict(zip(axes, row[:-3], strict=False)), row[-2]), row[-1])
            yield row + row[-3:] + _NO_PARENT

    return _wanted(job, Table(values), {*axes}, lambda fixed: iter([(axes, rows(fixed))]))


_NO_PARENT = (0,)


def edit_combos(job: Job, parents: Table) -> Table:
    """One combination per parent, times what the edit itself varies.

    An edit follows its parent: the same model, the size of the input, the same labels. Where it writes its own models,
    ratios, repeats or variables, the parent's label stays visible as an axis ``<parent>_model`` and so on. Raises
    BadRatio and AddsNothing.
    """
    axes = {"job", *OWN_AXES, *chain.from_iterable(block.axes for block in parents.blocks)}
    axes |= {variable.name for block in parents.blocks[:1] for variable in used_variables(job, block.axes)}

    def combinations(fixed: Fixed) -> Iterator[Rows]:
        before = 0
        for block in parents.blocks:
            edit = _Edit(job, block, fixed, parents.values)
            yield edit.axes, edit.rows(before)
            before += len(block)

    return _wanted(job, Table(parents.values), axes, combinations)


class _Edit:
    """The edits of the images in one block of the parent's table."""

    def __init__(self, job: Job, parents: Block, fixed: Fixed, values: Values) -> None:
        self.job, self.parents, self.fixed, self.values = job, parents, fixed, values
        self.variables = used_variables(job, parents.axes)
        self.here = {axis: place for place, axis in enumerate(parents.axes)}
        names = _in_order(self.variables, job)
        cells = self._cells(names)
        self.axes, self.cells = tuple(cells), tuple(cells.values())
        self.meant = {
            axis: frozenset(value.label for value in fixed[axis]) for axis in fixed if axis not in (*names, *OWN_AXES)
        }
        paired = {name for pair in job.pairs for name in pair}
        self._paired = [axis for axis in parents.axes if axis in paired]
        self._choices: dict[Row, list[Row]] = {}

    def _cells(self, names: Sequence[str]) -> dict[str, int]:
        """Where each axis comes from: its place in the parent's row, then the choice, then the job."""
        width = self.parents.width
        own = [axis for axis in OWN_AXES if axis in own_axes(self.job) or (axis in self.fixed and axis != "n")]
        choice = {axis: width + place for place, axis in enumerate((*names, *OWN_AXES))}
        cells = {"job": width + len(choice)} | _inherited(self.job, self.here, (*names, *own))
        cells |= {name: choice[name] for name in names}
        return cells | {axis: choice[axis] if axis in own else self.here[axis] for axis in OWN_AXES}

    def rows(self, before: int) -> Iterator[Row]:
        """Every edit of every image; ``before`` are the parents in earlier blocks."""
        this = (self.values.own(self.job.name),)
        for number, parent in enumerate(self.parents, start=before + 1):
            if not self._is_meant(parent):
                continue
            for choice in self._choices_for(parent):
                cells = parent + choice + this
                model, size, n = choice[-3:]
                if "{" in self.values.labels[size]:
                    seen = {axis: cells[cell] for axis, cell in zip(self.axes[:-3], self.cells, strict=False)}
                    size = _size(self.job, self.values, seen, size)
                    cells = (*parent, *choice[:-2], size, n, *this)
                yield (*[cells[cell] for cell in self.cells], model, size, n, number)

    def _is_meant(self, parent: Row) -> bool:
        """Whether an image has one of the labels that a rule names, on every axis."""
        return all(
            axis in self.here and self.values.labels[parent[self.here[axis]]] in labels
            for axis, labels in self.meant.items()
        )

    def _choices_for(self, parent: Row) -> list[Row]:
        """What the edit itself varies; the same for all parents of one model and of the same paired values."""
        told = (parent[-ASKED], *[parent[self.here[axis]] for axis in self._paired])
        if told not in self._choices:
            job, models = self.job, self.job.models or (self.values.labels[told[0]],)
            given = {axis: self.values[number] for axis, number in zip(self._paired, told[1:], strict=True)}
            self._choices[told] = list(
                choices(job, self.variables, models, job.ratios or (MATCH_INPUT,), self.fixed, self.values, given)
            )
        return self._choices[told]


def _in_order(variables: Sequence[Variable], job: Job) -> list[str]:
    """The names of variables as their tracks have them."""
    return [variable.name for track in tracks(variables, job) for variable in track]


def _inherited(job: Job, here: Mapping[str, int], own: Sequence[str]) -> dict[str, int]:
    """The parent's axes for an edit: renamed where the edit has its ``own``."""
    cells = {axis: cell for axis, cell in here.items() if axis not in ("job", *OWN_AXES, *own)}
    return cells | {axis_of(job.edit or "", axis): here[axis] for axis in own if axis in here}


def _wanted(job: Job, table: Table, axes: set[str], combinations: Callable[[Fixed], Iterator[Rows]]) -> Table:
    """What ``exclude`` and ``where`` leave of the product, then what ``include`` adds and is not there yet.

    A ratio that a variable decides may be one that the job also writes; it is drawn once. Raises AddsNothing.
    """
    rules = [rule for rule in job.include if _concerns(rule, axes)]
    may_repeat = rules or any("{" in ratio for ratio in job.ratios)
    once = _Once(table.values)
    for own, rows in combinations({}):
        for keeps in (*_exclusions(job, table, own), *_conditions(job, axes, table, own)):
            rows = filter(keeps, rows)
        table.add(own, once.of(own, rows) if may_repeat else rows)
    for rule in rules:
        added = [(own, list(rows)) for own, rows in combinations(rule.axes)]
        if not any(rows for _, rows in added) and not rule.shared:
            raise AddsNothing(rule)
        for own, rows in added:
            table.add(own, once.of(own, rows))
    return table


@dataclass(frozen=True, slots=True)
class _Once:
    """Lets every combination of labels through once."""

    values: Values
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def of(self, axes: tuple[str, ...], rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that are new."""
        for row in rows:
            labels = (*axes, *[self.values.labels[number] for number in row[: len(axes)]])
            if labels not in self.seen:
                self.seen.add(labels)
                yield row


def _concerns(rule: Include, axes: set[str]) -> bool:
    """A rule from the top of the file is about the jobs that have all of its axes."""
    return set(rule.axes) <= axes


def _exclusions(job: Job, table: Table, axes: tuple[str, ...]) -> Iterator[Callable[[Row], bool]]:
    """Those of the job's ``exclude`` that can match; the spec stage made labels of what was written."""
    for rule in job.exclude:
        if set(rule.axes) <= set(axes):
            yield partial(_is_kept, table.values, {axes.index(axis): labels for axis, labels in rule.axes.items()})


def _is_kept(values: Values, excluded: Mapping[int, Sequence[str]], row: Row) -> bool:
    return not all(values.labels[row[place]] in labels for place, labels in excluded.items())


def _conditions(job: Job, axes: set[str], table: Table, own: tuple[str, ...]) -> Iterator[Callable[[Row], bool]]:
    """Those of the job's ``where`` that are about it."""
    for where in job.where:
        if not where.shared or {way[0] for way in condition_ways(where.text)} <= axes:
            yield partial(_meets, compile_condition(where.text), table, own)


def _meets(holds: Callable[[Mapping[str, object]], bool], table: Table, axes: tuple[str, ...], row: Row) -> bool:
    return holds(table.seen(axes, row))


def _size(job: Job, values: Values, cells: Mapping[str, int], ratio: int) -> int:
    """The ratio that a variable decides, filled in; ``cells`` are the axes before it. Raises BadRatio."""
    written = values.labels[ratio]
    index, named = job.ratios.index(written), {axis: values[number] for axis, number in cells.items()}
    try:
        size = compile_template(written).render({axis: value.value for axis, value in named.items()}).strip()
    except TemplateProblem as error:
        raise BadRatio(index, named, error.message, error.hint) from None
    if size == MATCH_INPUT and job.edit is None and job.reference is None:
        message = f"{MATCH_INPUT} takes its size from another image, and there is none"
        raise BadRatio(index, named, message, 'write a ratio, like "1:1", or add a reference')
    if size not in (*RATIOS, MATCH_INPUT):
        raise BadRatio(index, named, *not_a_ratio(int(size) if size.isdecimal() else size))
    return values.own(size)
