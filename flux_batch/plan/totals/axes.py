"""What every value of every axis costs: pure adding up, so that somebody can see what to leave out."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import compress
from operator import and_

from flux_batch.plan.totals.columns import Columns, Labels

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


def axis_costs(tasks: Columns, chosen: Iterable[int], new: Iterable[int]) -> tuple[AxisCost, ...]:
    """Jobs first, then the variables in the spec's order, model, ratio and variation; only what varies.

    ``chosen`` says for every task whether it counts, ``new`` whether its key would be bought. Images that share a key
    are bought once, where the first of them stands.
    """
    wanted = bytes(chosen)
    bought = bytes(map(and_, map(and_, wanted, new), tasks.firsts()))
    offers = array("I", tasks.offers())
    places: dict[str, dict[str, _Tally]] = {"job": {}}
    for group in tasks.groups():
        here = slice(group.start, group.start + group.size)
        for axis in group.axes:
            _count(places.setdefault(axis, {}), group.label(axis), wanted[here], bought[here], offers[here])
    order = sorted(places, key=lambda axis: _LAST.index(axis) + 1 if axis in _LAST else 0)
    return tuple(
        AxisCost(axis=axis, values=tuple(_value(label, tally, tasks) for label, tally in places[axis].items()))
        for axis in order
        if len(places[axis]) > 1
    )


@dataclass(slots=True)
class _Tally:
    """How many images have a label, and how many of them would be bought for each offer."""

    images: int = 0
    new: Counter[int] = field(default_factory=Counter)


def _count(places: dict[str, _Tally], labels: Labels, wanted: bytes, bought: bytes, offers: Sequence[int]) -> None:
    numbers, label_of = labels
    for number, times in Counter(compress(numbers, wanted)).items():
        places.setdefault(label_of(number), _Tally()).images += times
    for (number, offer), times in Counter(compress(zip(numbers, offers, strict=True), bought)).items():
        places[label_of(number)].new[offer] += times


def _value(label: str, tally: _Tally, tasks: Columns) -> ValueCost:
    prices = [(tasks.offer(number)[1], times) for number, times in tally.new.items()]
    known = [price * times for price, times in prices if price is not None]
    cost = sum(known, Decimal(0)) if len(known) == len(prices) else None
    return ValueCost(label=label, images=tally.images, new=tally.new.total(), cost=cost)
