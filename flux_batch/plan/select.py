"""Which of the planned images a run is about: ``--only``, ``--limit`` and ``--sample``."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.plan.records import Task
from flux_batch.plan.template import TemplateProblem, compile_condition, condition_ways
from flux_batch.spec.fields import Field
from flux_batch.spec.words import did_you_mean, quoted


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


def select(tasks: Sequence[Task], values: Sequence[Mapping[str, Field]], selection: Selection) -> frozenset[str]:
    """The keys a run is about, with the parents that chains need.

    Raises UsageError for an expression that cannot be read or that fits no image.
    """
    chosen = list(tasks) if selection.only is None else _matching(tasks, values, selection.only)
    if selection.sample is not None:
        chosen = _balanced(chosen, selection.sample)
    if selection.limit is not None:
        chosen = chosen[: selection.limit]
    return _with_parents(chosen, {task.key: task for task in tasks})


def _matching(tasks: Sequence[Task], values: Sequence[Mapping[str, Field]], only: str) -> list[Task]:
    known = dict.fromkeys(itertools.chain.from_iterable(values))
    try:
        holds = compile_condition(only)
        strangers = [way[0] for way in condition_ways(only) if way[0] not in known]
    except TemplateProblem as error:
        raise UsageError(f"--only {quoted(only)}: {error.message}; write for instance: ratio == '1:1'") from None
    if strangers:
        hint = did_you_mean(strangers[0], known)
        raise UsageError(f"--only {quoted(only)}: `{strangers[0]}` is no axis; {hint}")
    chosen = [task for task, seen in zip(tasks, values, strict=True) if holds(seen)]
    if not chosen:
        raise UsageError(f"--only {quoted(only)} fits none of the {len(tasks):,} images")
    return chosen


def _balanced(tasks: Sequence[Task], count: int) -> list[Task]:
    """``count`` tasks: each next one shows the value shown least so far, together with others shown little.

    Where values tie, the first axis is served first, and that is the job.
    """
    values = [tuple(task.axes.items()) for task in tasks]
    axes = list(dict.fromkeys(axis for shows in values for axis, _ in shows))
    left: dict[tuple[str, str], list[int]] = {}
    for place, shows in enumerate(values):
        for value in shows:
            left.setdefault(value, []).append(place)
    shown: Counter[object] = Counter()

    def preference(place: int) -> tuple[int, int, int, int]:
        seen = [shown[value] for value in values[place]]
        return -seen.count(0), sum(seen), sum(shown[pair] for pair in itertools.combinations(values[place], 2)), place

    chosen: list[int] = []
    for _ in range(min(count, len(tasks))):
        rarest = min((value for value in left if left[value]), key=lambda value: (shown[value], axes.index(value[0])))
        place = min(_spread(left[rarest]), key=preference)
        for value in values[place]:
            left[value].remove(place)
        shown.update((*values[place], *itertools.combinations(values[place], 2)))
        chosen.append(place)
    return [tasks[place] for place in sorted(chosen)]


def _spread(places: Sequence[int]) -> Sequence[int]:
    """All of a few, and of many as many as can be compared quickly, from everywhere among them."""
    size = len(places)
    return places if size <= _COMPARED else [places[number * _PRIME % size] for number in range(_COMPARED)]


_COMPARED: Final = 200
_PRIME: Final = 7919


def _with_parents(chosen: Iterable[Task], by_key: Mapping[str, Task]) -> frozenset[str]:
    keys: set[str] = set()
    for task in chosen:
        current: Task | None = task
        while current is not None and current.key not in keys:
            keys.add(current.key)
            current = by_key[current.parent] if current.parent else None
    return frozenset(keys)
