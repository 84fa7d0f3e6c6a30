"""Which of the earlier images a new one stands for, where a value, a job or an axis was edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from flux_batch.plan.records import Task
from flux_batch.plan.totals.columns import columns_of

Place = tuple[tuple[str, str], ...]
_Axes = Mapping[str, Mapping[str, None]]

ALIGNED: Final = 400
"""Values of an axis that are aligned by their order; more are paired as they come."""


def place_of(task: Task) -> Place:
    """Axis and label, in the order of the spec: where an image stands in the matrix."""
    return tuple(task.axes.items())


class Nearest:
    """Finds the image that a new one replaces, by the values that were edited.

    A label that is no longer there is held against the one that came in its place on the same axis; a label that
    is still there was not edited, so an image that was only added is compared with none.
    ``before`` and ``after`` are all images of both sides, ``gone`` those of ``before`` that are free to be replaced.
    """

    def __init__(self, gone: Iterable[Task], before: Iterable[Task], after: Iterable[Task]) -> None:
        old, new = _labels(before), _labels(after)
        jobs = _edited(old, new)
        self._moves = {
            job: _Move.between(earlier, old[earlier], axes)
            for job, axes in new.items()
            if (earlier := jobs.get(job, job)) in old
        }
        kept = {move.job: move.kept for move in self._moves.values()}
        self._places: dict[object, Task] = {}
        for task in gone:
            self._places.setdefault(_key(task.job, task.axes, kept.get(task.job, frozenset())), task)

    def __call__(self, task: Task) -> Task | None:
        """The image that this one stands for now."""
        move = self._moves.get(task.job)
        return None if move is None else self._places.get(_key(move.job, move.back(task.axes), move.kept))


@dataclass(frozen=True, slots=True)
class _Move:
    """How a job was edited: its earlier name, and its axes and labels by the present ones."""

    job: str
    axes: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]
    kept: frozenset[str]

    @classmethod
    def between(cls, job: str, before: _Axes, after: _Axes) -> _Move:
        """The least that makes the earlier axes of the present ones."""
        axes = _edited(before, after)
        names = {axis: axes.get(axis, axis) for axis in after}
        labels = {axis: _edited(before[name], after[axis]) for axis, name in names.items() if name in before}
        return cls(job, axes, labels, frozenset(names.values()) & before.keys() - {"job"})

    def back(self, axes: Mapping[str, str]) -> dict[str, str]:
        """A present place as it was called before."""
        return {
            self.axes.get(axis, axis): self.labels[axis].get(label, label) if axis in self.labels else label
            for axis, label in axes.items()
        }


def _key(job: str, axes: Mapping[str, str], kept: frozenset[str]) -> object:
    """A place by the axes that both sides have."""
    return job, *sorted(item for item in axes.items() if item[0] in kept)


def _labels(tasks: Iterable[Task]) -> dict[str, dict[str, dict[str, None]]]:
    """Job → axis → its labels, in order."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for group in columns_of(tasks).groups():
        job = found.setdefault(group.job, {})
        for axis in group.axes:
            numbers, label_of = group.label(axis)
            job.setdefault(axis, {}).update(dict.fromkeys(map(label_of, dict.fromkeys(numbers))))
    return found


def _edited(before: Iterable[str], after: Iterable[str]) -> dict[str, str]:
    """What came instead of what, by the order of both: first where a run of values was replaced, then the rest."""
    old, new = list(before), list(after)
    gone, come = set(old) - set(new), set(new) - set(old)
    if not gone or not come:
        return {}
    pairs: dict[str, str] = {}
    if max(len(old), len(new)) <= ALIGNED:
        for tag, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "replace":
                pairs |= _in_step(old[first:last], new[start:end], gone, come)
    left = [label for label in old if label not in pairs.values()]
    return pairs | _in_step(left, [label for label in new if label not in pairs], gone, come)


def _in_step(old: Iterable[str], new: Iterable[str], gone: set[str], come: set[str]) -> dict[str, str]:
    """The labels that came with those that are gone, the first with the first."""
    return dict(zip((each for each in new if each in come), (each for each in old if each in gone), strict=False))
