"""The combinations of a job as a table of numbers, one for each value: a million rows weigh what ten megabytes do."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from flux_batch.plan.templates.seen import seen
from flux_batch.spec.building.fields import Field
from flux_batch.spec.records import Value

Row = tuple[int, ...]
"""The numbers of one combination: a value for every axis, then ASKED."""

ASKED: Final = 4
"""Cells behind the axes: what goes into the request as model, size and variation, and the parent's row from 1."""

Rows = tuple[tuple[str, ...], Iterable[Row]]
"""Axes, and rows that have them."""


class Values:
    """Every value of a plan once, with a number; ``labels`` has their labels by it."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._all: list[Value] = []
        self._numbers: dict[int, int] = {}
        self._own: dict[str | int, int] = {}
        self._seen: dict[int, Field] = {}

    def __getitem__(self, number: int) -> Value:
        """The value with a number."""
        return self._all[number]

    def number(self, value: Value) -> int:
        """The number of a value of the spec."""
        found = self._numbers.get(id(value))
        if found is None:
            found = self._numbers[id(value)] = len(self._all)
            self._all.append(value)
            self.labels.append(value.label)
        return found

    def plain(self, number: int) -> Field:
        """A value as templates see it."""
        return self._all[number].value

    def seen(self, number: int) -> Field:
        """A value as conditions see it."""
        found = self._seen.get(number)
        if found is None:
            found = self._seen[number] = seen(self._all[number])
        return found

    def own(self, value: str | int) -> int:
        """The number of a job, model, ratio or variation, which are values without a place in the spec."""
        found = self._own.get(value)
        if found is None:
            found = self._own[value] = self.number(Value(label=str(value), value=value))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Combo:
    """One combination: a label and a value for every axis, and what of it goes into the request.

    ``n`` is the job's own variation number, which an axis ``n`` inherited from the parent may differ from.
    """

    values: Mapping[str, Value]
    model: str
    size: str
    n: int


@dataclass(frozen=True, slots=True)
class Block:
    """Rows with the same axes, cell after cell."""

    axes: tuple[str, ...]
    cells: array[int] = field(default_factory=lambda: array("I"), repr=False)

    @property
    def width(self) -> int:
        """Cells of a row."""
        return len(self.axes) + ASKED

    def __len__(self) -> int:
        """How many rows."""
        return len(self.cells) // self.width

    def __iter__(self) -> Iterator[Row]:
        """Every row."""
        return zip(*[iter(self.cells)] * self.width, strict=True)

    def __getitem__(self, number: int) -> Row:
        """One row."""
        return tuple(self.cells[number * self.width : (number + 1) * self.width])

    def column(self, place: int) -> array[int]:
        """One cell of every row; ASKED are counted from behind."""
        return self.cells[place % self.width :: self.width]


class Table(Sequence[tuple[Block, Row]]):
    """All combinations of a job, in order; few jobs have more than one block."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.blocks: list[Block] = []

    def add(self, axes: tuple[str, ...], rows: Iterable[Row]) -> None:
        """Put rows behind those that are there."""
        if not self.blocks or self.blocks[-1].axes != axes:
            self.blocks.append(Block(axes))
        self.blocks[-1].cells.extend(chain.from_iterable(rows))
        if not self.blocks[-1]:
            self.blocks.pop()

    def combo(self, axes: tuple[str, ...], row: Row) -> Combo:
        """A row as the values that it stands for."""
        model, size, n, _ = row[-ASKED:]
        return Combo(
            values={axis: self.values[number] for axis, number in zip(axes, row, strict=False)},
            model=self.values[model].label,
            size=self.values[size].label,
            n=int(self.values[n].label),
        )

    def seen(self, axes: tuple[str, ...], row: Row) -> dict[str, Field]:
        """A row as conditions see it."""
        return {axis: self.values.seen(number) for axis, number in zip(axes, row, strict=False)}

    def __len__(self) -> int:
        """How many combinations."""
        return sum(map(len, self.blocks))

    def __getitem__(self, number: int) -> tuple[Block, Row]:  # type: ignore[override]
        """A row by its number, and the block it is in."""
        for block in self.blocks:
            if number < len(block):
                return block, block[number]
            number -= len(block)
        raise IndexError(number)
