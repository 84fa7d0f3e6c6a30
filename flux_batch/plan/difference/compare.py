"""Two sets of images side by side: what only one has, what changed, what is the same, and what each costs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flux_batch.plan.difference.differences import Difference, differences, price_difference
from flux_batch.plan.difference.nearest import Nearest, place_of
from flux_batch.plan.records import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An image that both sides have, though not as the same purchase, or not for the same price."""

    before: Task
    after: Task
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisChange:
    """What became of one axis: its values on both sides, in order."""

    axis: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def gone(self) -> tuple[str, ...]:
        """Values that only the first side has."""
        return tuple(label for label in self.before if label not in set(self.after))

    @property
    def come(self) -> tuple[str, ...]:
        """Values that only the second side has."""
        return tuple(label for label in self.after if label not in set(self.before))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every image of two sides, exactly once: alone, changed or the same. ``cost_a`` and ``cost_b`` are USD.

    A cost is that of the images bought once, those without a known price left out.
    """

    only_a: tuple[Task, ...]
    only_b: tuple[Task, ...]
    changed: tuple[Changed, ...]
    same: tuple[Task, ...]
    axes: tuple[AxisChange, ...]
    cost_a: Decimal
    cost_b: Decimal


def compare(a: Sequence[Task], b: Sequence[Task]) -> Comparison:
    """Match by what is bought, then by place in the matrix, then by the values that were edited."""
    a, b = tuple(a), tuple(b)  # a plan makes its tasks anew, and here they are told apart by identity
    twins = _take(a, b, lambda task: task.key)
    left_a, left_b = _left(a, twins, 0), _left(b, twins, 1)
    placed = _take(left_a, left_b, place_of)
    left_a, left_b = _left(left_a, placed, 0), _left(left_b, placed, 1)
    near = _nearest(left_a, left_b, a, b)
    first, second = ({task.key: task for task in side} for side in (a, b))
    pairs = [(before, after, differences(before, after, first, second)) for before, after in (*placed, *near)]
    pairs += [(before, after, (price,)) for before, after in twins if (price := price_difference(before, after))]
    order = {id(task): number for number, task in enumerate(b)}
    pairs.sort(key=lambda pair: order[id(pair[1])])
    return Comparison(
        only_a=tuple(_left(left_a, near, 0)),
        only_b=tuple(_left(left_b, near, 1)),
        changed=tuple(Changed(before=before, after=after, differences=found) for before, after, found in pairs),
        same=tuple(after for before, after in twins if price_difference(before, after) is None),
        axes=_axes(a, b),
        cost_a=cost(a),
        cost_b=cost(b),
    )


def cost(tasks: Iterable[Task]) -> Decimal:
    """USD for every key once."""
    prices = {task.key: task.price for task in tasks}
    return sum((price for price in prices.values() if price is not None), Decimal(0))


_Pairs = list[tuple[Task, Task]]


def _take(a: Sequence[Task], b: Sequence[Task], mark: Callable[[Task], object]) -> _Pairs:
    """Pairs with an equal mark, the first with the first."""
    waiting: dict[object, deque[Task]] = {}
    for task in a:
        waiting.setdefault(mark(task), deque()).append(task)
    return [(waiting[found].popleft(), task) for task in b if waiting.get(found := mark(task))]


def _nearest(left_a: Sequence[Task], left_b: Sequence[Task], a: Sequence[Task], b: Sequence[Task]) -> _Pairs:
    nearest = Nearest(left_a, a, b)
    taken: set[int] = set()
    pairs = []
    for task in left_b:
        before = nearest(task)
        if before is not None and id(before) not in taken:
            taken.add(id(before))
            pairs.append((before, task))
    return pairs


def _left(tasks: Sequence[Task], pairs: _Pairs, side: int) -> list[Task]:
    taken = {id(pair[side]) for pair in pairs}
    return [task for task in tasks if id(task) not in taken]


def _axes(a: Sequence[Task], b: Sequence[Task]) -> tuple[AxisChange, ...]:
    before, after = _values(a), _values(b)
    return tuple(
        AxisChange(axis=axis, before=tuple(before.get(axis, ())), after=tuple(after.get(axis, ())))
        for axis in {**before, **after}
    )


def _values(tasks: Iterable[Task]) -> dict[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = {}
    for task in tasks:
        for axis, label in task.axes.items():
            found.setdefault(axis, {})[label] = None
    return found
