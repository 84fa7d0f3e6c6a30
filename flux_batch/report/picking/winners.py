"""Which word, model or ratio wins: the pick rate of every value of every axis, with how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from flux_batch.plan.records import Task
from flux_batch.spec.beside.picks import Flag

FEW: Final = 10
"""Images below which a rate says little, however good it looks."""

_Z: Final = 1.959963984540054
"""Standard deviations that hold 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``picked`` of ``seen`` images with one value; ``low`` to ``high`` is the 95 % interval by Wilson, 0 to 1."""

    label: str
    picked: int
    seen: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The share, 0 to 1."""
        return self.picked / self.seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """An axis with its values, the best first; ``winner`` only where its interval lies above every other."""

    axis: str
    rates: tuple[Rate, ...]
    winner: str | None


def wilson(picked: int, seen: int) -> tuple[float, float]:
    """The 95 % score interval for a share; it stays within 0 and 1, and is wide where little was seen."""
    share, square = picked / seen, _Z * _Z
    middle = (share + square / (2 * seen)) / (1 + square / seen)
    reach = _Z / (1 + square / seen) * sqrt(share * (1 - share) / seen + square / (4 * seen * seen))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def contests(judged: Sequence[tuple[Task, Flag]]) -> tuple[Contest, ...]:
    """Every axis of which at least two values were judged, in the order of the spec."""
    counts: dict[str, dict[str, list[bool]]] = {}
    for task, flag in judged:
        for axis, label in ({"job": task.job} | dict(task.axes)).items():
            counts.setdefault(axis, {}).setdefault(label, []).append(flag == "pick")
    return tuple(_contest(axis, labels) for axis, labels in counts.items() if len(labels) > 1)


def _contest(axis: str, labels: Mapping[str, list[bool]]) -> Contest:
    rates = sorted(
        (_rate(label, picked) for label, picked in labels.items()), key=lambda rate: (-rate.rate, -rate.seen)
    )
    return Contest(axis=axis, rates=tuple(rates), winner=_winner(rates[0], rates[1:]))


def _rate(label: str, picked: Sequence[bool]) -> Rate:
    low, high = wilson(sum(picked), len(picked))
    return Rate(label=label, picked=sum(picked), seen=len(picked), low=low, high=high)


def _winner(first: Rate, others: Iterable[Rate]) -> str | None:
    return first.label if all(first.low > other.high for other in others) else None
