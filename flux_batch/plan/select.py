"""Which of the planned images a run is about: ``--only``, ``--limit`` and ``--sample``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flux_batch.errors import UsageError
from flux_batch.plan.checks import closest
from flux_batch.plan.records import Task
from flux_batch.plan.template import TemplateProblem, compile_condition, condition_names
from flux_batch.spec.records import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """``only`` is an expression over the axes; ``limit`` the first N; ``sample`` N balanced over the axes."""

    only: str | None = None
    limit: int | None = None
    sample: int | None = None

    @property
    def everything(self) -> bool:
        """Nothing was left out on purpose."""
        return self.only is None and self.limit is None and self.sample is None


def select(tasks: Sequence[Task], values: Sequence[Mapping[str, Scalar]], selection: Selection) -> frozenset[str]:
    """The keys a run is about, with the parents that chains need; raises UsageError for a bad expression."""
    chosen = list(tasks) if selection.only is None else _matching(tasks, values, selection.only)
    if selection.sample is not None:
        chosen = _balanced(chosen, selection.sample)
    if selection.limit is not None:
        chosen = chosen[: selection.limit]
    return _with_parents(chosen, {task.key: task for task in tasks})


def _matching(tasks: Sequence[Task], values: Sequence[Mapping[str, Scalar]], only: str) -> list[Task]:
    known = set(itertools.chain.from_iterable(values))
    try:
        holds = compile_condition(only)
        strangers = [name for name in condition_names(only) if name not in known]
    except TemplateProblem as error:
        raise UsageError(f"--only {only!r}: {error.message}; write for instance: ratio == '1:1'") from None
    if strangers:
        raise UsageError(f"--only {only!r}: `{strangers[0]}` is no axis: {closest(strangers[0], known)}")
    return [task for task, seen in zip(tasks, values, strict=True) if holds(seen)]


def _balanced(tasks: Sequence[Task], count: int) -> list[Task]:
    """``count`` tasks, each next one showing the most values, then pairs of values, not yet shown."""
    left = list(tasks)
    chosen: list[Task] = []
    values: set[object] = set()
    pairs: set[object] = set()
    while left and len(chosen) < count:
        best = max(left, key=lambda task: (len(_values(task) - values), len(_pairs(task) - pairs)))
        left.remove(best)
        chosen.append(best)
        values |= _values(best)
        pairs |= _pairs(best)
    places = {id(task): place for place, task in enumerate(tasks)}
    return sorted(chosen, key=lambda task: places[id(task)])


def _values(task: Task) -> set[object]:
    return set(task.axes.items())


def _pairs(task: Task) -> set[object]:
    return set(itertools.combinations(task.axes.items(), 2))


def _with_parents(chosen: Iterable[Task], by_key: Mapping[str, Task]) -> frozenset[str]:
    keys: set[str] = set()
    for task in chosen:
        current: Task | None = task
        while current is not None and current.key not in keys:
            keys.add(current.key)
            current = by_key[current.parent] if current.parent else None
    return frozenset(keys)
