"""The wanted file name of every task of a plan: the spec's own ``naming``, or else ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import compress
from typing import Final

from flux_batch.errors import InvalidSpec
from flux_batch.plan.expansion.matrix import OWN_AXES
from flux_batch.plan.expansion.naming import (
    apart,
    describe,
    file_of,
    folder_of,
    part_of,
    renamed,
    same_place,
    slug,
    stem_problem,
)
from flux_batch.plan.expansion.table import Block, Row, Values
from flux_batch.plan.expansion.tasks import Batch, Tasks
from flux_batch.plan.templates.fill import Fill
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.template import compile_template
from flux_batch.spec.building.edits import ancestors
from flux_batch.spec.building.fields import Field, Record, has_text, text_of
from flux_batch.spec.records import Spec, Value
from flux_batch.spec.words import quoted


def name_all(spec: Spec, tasks: Tasks) -> None:
    """Give the tasks their file names, unique but for those that share a key.

    Raises InvalidSpec when the spec's own ``naming`` gives a bad name, or one name to two images.
    """
    if spec.naming is not None:
        theirs = _TheirNames(spec, spec.naming)
        theirs.check(tasks)
        tasks.name_by(theirs)
    else:
        tasks.name_by(_OurNames.of(tasks))


def _stems(names: Callable[[int, Batch, Block, Row], str], tasks: Tasks) -> Iterator[str]:
    place = 0
    for batch in tasks.batches:
        for block, _, row in batch.rows():
            yield names(place, batch, block, row)
            place += 1


class _OurNames:
    """``job/value-value-model-ratio-n``, with ``others`` in the place of those that would meet.

    Axes with one value in their job tell no two images apart, so they are left out; the last three stay.
    """

    def __init__(self, values: Values) -> None:
        self.others: Mapping[int, str] = {}
        self._parts = _Parts(values.labels)
        self._telling: dict[int, tuple[str, list[int]]] = {}

    @classmethod
    def of(cls, tasks: Tasks) -> _OurNames:
        """Find out which would meet."""
        ours, firsts = cls(tasks.batches[0].table.values), tasks.firsts()
        wanted = compress(zip(_stems(ours, tasks), tasks.keys(), strict=True), firsts)
        places = list(compress(range(len(tasks)), firsts)) if tasks.repeats else range(len(tasks))
        ours.others = {places[number]: name for number, name in renamed(wanted).items()}
        return ours

    def __call__(self, place: int, batch: Batch, block: Block, row: Row) -> str:
        """The name of the task at a place."""
        if place in self.others:
            return self.others[place]
        folder, telling = self._telling.get(id(block)) or self._learn(batch, block)
        return f"{folder}/{file_of([self._parts[row[cell]] for cell in telling])}"

    def _learn(self, batch: Batch, block: Block) -> tuple[str, list[int]]:
        """The folder, and the cells that tell images apart, for a block of a batch."""
        several = {axis for axis, labels in _labels_of(batch).items() if len(labels) > 1}
        told = [place for place, axis in enumerate(block.axes) if axis in several or axis in OWN_AXES]
        found = folder_of(batch.job), [place for place in told if block.axes[place] != "job"]
        self._telling[id(block)] = found
        return found


class _Parts(dict[int, str]):
    """Number of a value → what it is in a name."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        self._labels = labels

    def __missing__(self, number: int) -> str:
        part = self[number] = part_of(self._labels[number])
        return part


def _labels_of(batch: Batch) -> dict[str, set[str]]:
    """Axis → its labels in a batch."""
    labels: dict[str, set[str]] = {}
    for block in batch.table.blocks:
        for place, axis in enumerate(block.axes):
            numbers = set(block.column(place))
            labels.setdefault(axis, set()).update(batch.table.values.labels[number] for number in numbers)
    return labels


class _TheirNames:
    """What the user's template makes of an image's labels, and of the fields of tables."""

    def __init__(self, spec: Spec, naming: str) -> None:
        self._spec, self._naming = spec, naming
        self._constants = _constants(spec)
        self._fills: dict[int, Fill] = {}

    def __call__(self, _: int, batch: Batch, block: Block, row: Row) -> str:
        """The name of a task; raises InvalidSpec for one that cannot be a file's."""
        fill = self._fills.get(id(block))
        if fill is None:
            values = batch.table.values
            constants = {name: _in_names(value) for name, value in self._constants[batch.job].items()}
            fill = Fill(self._naming, block.axes, cache(lambda number: _in_names(values[number])), constants)
            self._fills[id(block)] = fill
        try:
            stem = fill(row)
        except TemplateProblem as error:
            raise self._unfilled(error, batch, block, row) from None
        if reason := stem_problem(stem):
            raise self._bad(f"{quoted(stem)} cannot be a file name: {reason}", _RENAME)
        return stem

    def check(self, tasks: Tasks) -> None:
        """Refuse a name that two images would get."""
        owners: dict[str, int] = {}
        for place, (stem, is_first) in enumerate(zip(_stems(self, tasks), tasks.firsts(), strict=True)):
            if is_first and owners.setdefault(same_place(stem), place) != place:
                other, task = tasks[owners[same_place(stem)]].axes, tasks[place].axes
                what = f"two images would get the name {quoted(stem)}: {apart(other, task)}, and {apart(task, other)}"
                raise self._bad(what, "add an axis that tells them apart")

    def _unfilled(self, error: TemplateProblem, batch: Batch, block: Block, row: Row) -> InvalidSpec:
        axes = batch.table.combo(block.axes, row).values
        values = {**self._constants[batch.job], **axes}
        read = {name: axes[name].label for name in compile_template(self._naming).names if name in axes}
        place = values[name].place if (name := error.needle.partition(".")[0]) in values else ""
        message = f"for {describe(read) or batch.job}{f' ({place})' if place else ''}: {error.message}"
        return self._bad(message, error.hint or f"no prompt of job `{batch.job}` uses it", error.needle)

    def _bad(self, message: str, hint: str, needle: str = "") -> InvalidSpec:
        source = self._spec.source
        return InvalidSpec((source.problem_at(source.find(("naming",), needle), message, hint),))


_RENAME: Final = "name the images by other axes or fields"


def _in_names(value: Value) -> Field:
    """A value as file names have it: by its label, and its fields as parts of a name."""
    if isinstance(value.value, Record):
        return Record(_slugged(value.value), value.label, slug(value.label))
    return slug(value.label)


def _slugged(record: Record) -> dict[str, Field]:
    return {
        name: Record(_slugged(field)) if isinstance(field, Record) else slug(text_of(field))
        for name, field in record.fields.items()
        if isinstance(field, Record) or has_text(field)
    }


def _constants(spec: Spec) -> dict[str, dict[str, Value]]:
    """By job, every variable with one value, the job's own or its parents'."""
    jobs = {job.name: job for job in spec.jobs}
    return {
        job.name: {
            variable.name: variable.values[0]
            for each in reversed(list(ancestors(job, jobs)))
            for variable in each.variables
            if len(variable.values) == 1
        }
        for job in spec.jobs
    }
