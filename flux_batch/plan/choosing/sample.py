"""``--sample N``: a few images that show as much as so few can.

Every image is chosen to show values not shown yet, then pairs of values not shown yet, then what was shown least. The
choice of one does not depend on how many follow: a smaller sample is the beginning of a larger one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, islice
from typing import Final

from flux_batch.plan.records import Task

COMPARED: Final = 64
"""Values of one axis that are compared for one image; of more, those that were shown longest ago."""

Values = tuple[int, ...]
"""A task as numbers, one for each pair of axis and label, in the order in which values are chosen."""

_News = tuple[Callable[[Values], int], Iterator[int]]
"""What counts as news, and the tasks that were not asked for it yet."""


def balanced(tasks: Sequence[Task], count: int) -> list[Task]:
    """``count`` tasks, in their own order; every value, then every pair of values, appears as early as it can."""
    return [tasks[place] for place in sorted(islice(_choices(tasks), count))]


def _choices(tasks: Sequence[Task]) -> Iterator[int]:
    """Places of tasks, the most telling first, until all are told."""
    numbered, axes = _numbered(tasks)
    tree, shown = _Node(), _Shown(axes)
    for place, values in enumerate(numbered):
        tree.add(values, place)
    # Where rules leave holes, a walk down the tree may miss what only a few images show: then one of those is next.
    # What has nothing new now never will have, so no task is asked twice.
    news = [(telling, iter(range(len(tasks)))) for telling in (shown.new_values, shown.new_pairs)]
    while tree.left:
        place = _most_telling(_walks(tree, shown), news, numbered)
        tree.remove(numbered[place], place)
        shown.note(numbered[place])
        yield place


def _most_telling(walked: Sequence[int], news: Sequence[_News], numbered: Sequence[Values]) -> int:
    """The first that shows a new value; where there is none left a new pair; else what was shown least."""
    for telling, others in news:
        for place in chain(walked, others):
            if telling(numbered[place]):
                return place
    return walked[0]


def _numbered(tasks: Sequence[Task]) -> tuple[list[Values], list[str]]:
    """Every task's values as numbers, and every number's axis.

    First stands the shape (the job and its axes), then the axis with the most values: while one of these is unseen, all
    others are free to choose.
    """
    labels: dict[str, set[str]] = {}
    for task in tasks:
        for axis, label in task.axes.items():
            labels.setdefault(axis, set()).add(label)
    rank = {axis: (-len(found), axis) for axis, found in labels.items()}
    order: dict[tuple[str, ...], list[str]] = {}
    numbers: dict[tuple[str, object], int] = {}
    made = []
    for task in tasks:
        axes = tuple(task.axes)
        if axes not in order:
            order[axes] = sorted((axis for axis in axes if axis != "job"), key=lambda axis: rank[axis])
        said = [("", (task.job, axes)), *((axis, task.axes[axis]) for axis in order[axes])]
        made.append(tuple(numbers.setdefault(each, len(numbers)) for each in said))
    return made, [axis for axis, _ in numbers]


@dataclass(slots=True)
class _Node:
    """What can still be chosen below some values: a tree of values, with the tasks' places at its leaves."""

    left: int = 0
    below: dict[int, _Node] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)

    def add(self, values: Values, place: int) -> None:
        node = self
        node.left += 1
        for value in values:
            node = node.below.setdefault(value, _Node())
            node.left += 1
        node.places.append(place)

    def remove(self, values: Values, place: int) -> None:
        node = self
        node.left -= 1
        for value in values:
            above, node = node, node.below[value]
            node.left -= 1
            if not node.left:
                del above.below[value]
        node.places.remove(place)


class _Shown:
    """How often every value and every pair of values was shown; ``order`` has what was shown longest ago first."""

    def __init__(self, axes: Sequence[str]) -> None:
        self.axes = axes
        self.times = [0] * len(axes)
        self.pairs: dict[tuple[int, int], int] = {}
        self.order: dict[str, OrderedDict[int, None]] = {}
        for value, axis in enumerate(axes):
            self.order.setdefault(axis, OrderedDict())[value] = None

    def note(self, values: Values) -> None:
        """A task that was chosen."""
        for value in values:
            self.times[value] += 1
            self.order[self.axes[value]].move_to_end(value)
        for pair in combinations(values, 2):
            self.pairs[pair] = self.pairs.get(pair, 0) + 1

    def new_values(self, values: Values) -> int:
        """How many of a task's values were never shown."""
        return sum(not self.times[value] for value in values)

    def new_pairs(self, values: Values) -> int:
        """How many of its pairs were never shown."""
        return sum(pair not in self.pairs for pair in combinations(values, 2))

    def preference(self, value: int, before: Sequence[int]) -> tuple[bool, int, int, int]:
        """Less is better: shown never, with new pairs, seldom, in pairs that are seldom."""
        paired = [self.pairs.get((earlier, value), 0) for earlier in before]
        return self.times[value] > 0, -paired.count(0), self.times[value], sum(paired)


def _walks(tree: _Node, shown: _Shown) -> list[int]:
    """The best place of every shape, the shape that was shown least first."""
    return [_walk(tree, shape, shown) for shape in sorted(tree.below, key=lambda shape: (shown.times[shape], shape))]


def _walk(tree: _Node, shape: int, shown: _Shown) -> int:
    """Down the tree by the best value of every axis, each in the light of those before; the place it ends at."""
    node, chosen = tree.below[shape], [shape]
    while node.below:
        best = min(_candidates(node, shown), key=lambda value: shown.preference(value, chosen))
        chosen.append(best)
        node = node.below[best]
    return node.places[0]


def _candidates(node: _Node, shown: _Shown) -> Iterable[int]:
    """The values that can be chosen here: all of a few, of many those that were shown longest ago."""
    if len(node.below) <= COMPARED:
        return node.below
    axis = shown.axes[next(iter(node.below))]
    return islice((value for value in shown.order[axis] if value in node.below), COMPARED)
