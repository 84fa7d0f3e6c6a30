"""What every value of every axis costs: pure adding up, so that somebody can see what to leave out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flux_batch.plan.records import Task

_LAST = ("model", "ratio", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCost:
    """One value: its ``images``, how many of them would be bought (``new``), and their USD.

    ``cost`` is None when one of them has no known price.
    """

    label: str
    images: int
    new: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisCost:
    """An axis with at least two values, each once."""

    axis: str
    values: tuple[ValueCost, ...]


def axis_costs(tasks: Sequence[Task], new: Collection[str]) -> tuple[AxisCost, ...]:
    """Jobs first, then the variables in the spec's order, model, ratio and variation; only what varies.

    ``new`` are the keys that would be bought. Images that share a key are bought once, where the first of them stands.
    """
    places: dict[str, dict[str, list[Task]]] = {"job": {}}
    for task in tasks:
        for axis, label in {"job": task.job, **task.axes}.items():
            places.setdefault(axis, {}).setdefault(label, []).append(task)
    bought = _first_ids(tasks, new)
    order = sorted(places, key=lambda axis: _LAST.index(axis) + 1 if axis in _LAST else 0)
    return tuple(
        AxisCost(axis=axis, values=tuple(_value(label, found, bought) for label, found in places[axis].items()))
        for axis in order
        if len(places[axis]) > 1
    )


def _first_ids(tasks: Sequence[Task], new: Collection[str]) -> frozenset[str]:
    """The images that carry the price of what is bought."""
    first: dict[str, str] = {}
    for task in tasks:
        first.setdefault(task.key, task.id)
    return frozenset(first[key] for key in new if key in first)


def _value(label: str, tasks: Sequence[Task], bought: Collection[str]) -> ValueCost:
    prices = [task.price for task in tasks if task.id in bought]
    known = [price for price in prices if price is not None]
    cost = sum(known, Decimal(0)) if len(known) == len(prices) else None
    return ValueCost(label=label, images=len(tasks), new=len(prices), cost=cost)
