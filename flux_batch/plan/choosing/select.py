"""Which of the planned images a run is about: ``--only``, ``--limit`` and ``--sample``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from flux_batch.errors import UsageError
from flux_batch.plan.choosing.sample import balanced
from flux_batch.plan.records import Task
from flux_batch.plan.templates.meant import meant_by, texts_at
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.template import compile_condition, condition_ways
from flux_batch.plan.totals.columns import AllKeys, Columns, columns_of
from flux_batch.spec.building.fields import Field, fields_of, no_such_field
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


def select(
    tasks: Sequence[Task],
    values: Sequence[Mapping[str, Field]],
    selection: Selection,
    columns: Mapping[str, Iterable[str]] | None = None,
) -> AbstractSet[str]:
    """The keys a run is about, with the parents that chains need.

    ``columns`` are those of the tables that axes are from: a column may be asked for although no row fills it in.
    Raises UsageError for an expression that cannot be read or that fits no image.
    """
    if selection.everything:
        return AllKeys(columns_of(tasks))
    chosen = tasks if selection.only is None else _matching(tasks, values, selection.only, columns or {})
    if selection.sample is not None:
        chosen = balanced(list(chosen), selection.sample)
    if selection.limit is not None:
        chosen = chosen[: selection.limit]
    return _with_parents(chosen, columns_of(tasks))


def _matching(
    tasks: Sequence[Task], values: Sequence[Mapping[str, Field]], only: str, columns: Mapping[str, Iterable[str]]
) -> list[Task]:
    try:
        holds, ways = compile_condition(only), condition_ways(only)
    except TemplateProblem as error:
        raise UsageError(f"--only {quoted(only)}: {error.message}; write for instance: ratio == '1:1'") from None
    if stranger := _stranger(ways, values, columns):
        raise UsageError(f"--only {quoted(only)}: {stranger}")
    chosen = [task for task, seen in zip(tasks, values, strict=True) if holds(seen)]
    if not chosen:
        hint = _nearest(only, ways, tasks, values)
        raise UsageError(f"--only {quoted(only)} fits none of the {len(tasks):,} images{hint}")
    return chosen


def _stranger(
    ways: Iterable[tuple[str, ...]], values: Sequence[Mapping[str, Field]], columns: Mapping[str, Iterable[str]]
) -> str | None:
    """The first name that is no axis, or field that no value of its axis has, with what was probably meant."""
    axes = dict.fromkeys(itertools.chain.from_iterable(values))
    for axis, *way in ways:
        if axis not in axes:
            return f"`{axis}` is no axis; {did_you_mean(axis, axes)}"
        if way and (wrong := _wrong_field(axis, tuple(way), values, columns.get(axis, ()))):
            return wrong
    return None


def _nearest(
    only: str, ways: Iterable[tuple[str, ...]], tasks: Sequence[Task], values: Sequence[Mapping[str, Field]]
) -> str:
    asked = [way[0] for way in ways if len(way) == 1]
    labels = dict.fromkeys({"job": task.job, **task.axes}.get(axis, "") for axis in asked for task in tasks)
    pairs = itertools.chain.from_iterable(seen.items() for seen in values)
    hint = meant_by(only, labels | texts_at(ways, pairs))
    return f"; {hint}" if hint else ""


def _wrong_field(
    axis: str, way: tuple[str, ...], values: Sequence[Mapping[str, Field]], columns: Iterable[str]
) -> str | None:
    found = {id(seen[axis]): seen[axis] for seen in values if axis in seen}.values()  # each row of a table once
    fields = {inner: None for value in found for inner in fields_of(value)} | {(name,): None for name in columns}
    if way in fields:
        return None
    depth = next(depth for depth in range(len(way)) if way[: depth + 1] not in fields)
    beside = tuple(inner[depth] for inner in fields if len(inner) == depth + 1 and inner[:depth] == way[:depth])
    message, hint = no_such_field(".".join((axis, *way[:depth])), way[depth], beside)
    return f"{message}; {hint}" if beside else message


def _with_parents(chosen: Iterable[Task], tasks: Columns) -> frozenset[str]:
    keys = {task.key for task in chosen}
    chains = {place: parent for place, parent in enumerate(tasks.parents()) if parent is not None}
    waiting = [parent for place, parent in chains.items() if tasks.key_at(place) in keys]
    while waiting:
        place = waiting.pop()
        if (key := tasks.key_at(place)) not in keys and place in chains:
            waiting.append(chains[place])
        keys.add(key)
    return frozenset(keys)
