"""The tasks of a plan: kept as tables, keys and what names them apart, and made one by one when they are asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, overload

from flux_batch.plan.expansion.requests import Requests
from flux_batch.plan.expansion.table import ASKED, Block, Row, Table
from flux_batch.plan.records import Task
from flux_batch.plan.totals.columns import Columns, Group, Labels, Offer
from flux_batch.plan.totals.prices import price_of
from flux_batch.spec.building.fields import Field

ID: Final = 12
"""Hexadecimal digits of a key that are an id."""

_KEY: Final = 32
"""Bytes of a key."""


@dataclass(slots=True)
class Batch:
    """The images of one job: its combinations, the requests of each block of them, and all their keys."""

    job: str
    line: int
    table: Table
    requests: list[Requests]
    keys: bytearray = field(default_factory=bytearray, repr=False)

    def __len__(self) -> int:
        """How many images."""
        return len(self.keys) // _KEY

    def key(self, number: int) -> str:
        """The key of one image."""
        return self.keys[number * _KEY : (number + 1) * _KEY].hex()

    def digests(self) -> Iterator[bytes]:
        """Every key, as bytes."""
        keys = bytes(self.keys)
        return (keys[start : start + _KEY] for start in range(0, len(keys), _KEY))

    def rows(self) -> Iterator[tuple[Block, Requests, Row]]:
        """Every combination with what makes a request of it."""
        for block, requests in zip(self.table.blocks, self.requests, strict=True):
            for row in block:
                yield block, requests, row

    def at(self, number: int) -> tuple[Block, Requests, Row]:
        """One of them."""
        for block, requests in zip(self.table.blocks, self.requests, strict=True):
            if number < len(block):
                return block, requests, block[number]
            number -= len(block)
        raise IndexError(number)


Stem = Callable[[int, Batch, Block, Row], str]
"""The wanted file name of the combination at a place."""


class Tasks(Sequence[Task], Columns):
    """All tasks in the order of the spec. ``parents_of`` has for each batch the number of the one it edits."""

    def __init__(self, batches: Sequence[Batch], parents_of: Sequence[int | None]) -> None:
        self.batches = batches
        self._parents_of = parents_of
        self._starts = [sum(map(len, batches[:number])) for number in range(len(batches) + 1)]
        self._repeats, self._counts = _repeats(batches)
        self._stem_of: Stem | None = None

    def name_by(self, stem: Stem) -> None:
        """Give file names to the tasks; before this they have none."""
        self._stem_of = stem

    def __len__(self) -> int:
        """How many tasks."""
        return self._starts[-1]

    def __iter__(self) -> Iterator[Task]:
        """Every task, made anew."""
        place = 0
        for batch in self.batches:
            for digest, (block, requests, row) in zip(batch.digests(), batch.rows(), strict=True):
                yield self._task(place, digest.hex(), batch, block, requests, row)
                place += 1

    @overload
    def __getitem__(self, place: int) -> Task: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Task, ...]: ...
    def __getitem__(self, place: int | slice) -> Task | tuple[Task, ...]:
        """A task by its place, or several."""
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        place = range(len(self))[place]
        batch, number = self._batch(place)
        return self._task(place, batch.key(number), batch, *batch.at(number))

    def __eq__(self, other: object) -> bool:
        """Whether these are the same tasks in the same order."""
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    @property
    def repeats(self) -> Mapping[int, int]:
        """Place of a task → place of the first that buys the same; only where that is another one."""
        return self._repeats

    def keys(self) -> Iterator[str]:
        """What each of them buys."""
        return (digest.hex() for batch in self.batches for digest in batch.digests())

    def key_at(self, place: int) -> str:
        """What one of them buys."""
        batch, number = self._batch(place)
        return batch.key(number)

    def id_of(self, place: int, key: str, /) -> str:
        """The short name of one of them, which has this key."""
        count = self._counts.get(place)
        return key[:ID] if count is None else f"{key[:ID]}-{count}"

    def stems(self) -> Iterator[str]:
        """Their wanted file names."""
        place = 0
        for batch in self.batches:
            for block, _, row in batch.rows():
                yield self._stem(place, batch, block, row)
                place += 1

    def parents(self) -> Iterator[int | None]:
        """The place of the task that each of them edits."""
        for batch, parent in zip(self.batches, self._parents_of, strict=True):
            if parent is None:
                yield from (None for _ in range(len(batch)))
            else:
                before = self._starts[parent] - 1
                for block in batch.table.blocks:
                    yield from (self.repeats.get(before + number, before + number) for number in block.column(-1))

    def offers(self) -> Iterable[int]:
        """For each the number of its model, which decides its price."""
        blocks = (block for batch in self.batches for block in batch.table.blocks)
        return chain.from_iterable(block.column(-ASKED) for block in blocks)

    def offer(self, number: int) -> Offer:
        """What such a number stands for."""
        model = self.batches[0].table.values.labels[number]
        return model, price_of(model)

    def groups(self) -> Iterator[Group]:
        """All of them in groups."""
        start = 0
        for batch in self.batches:
            for block in batch.table.blocks:
                yield Group(batch.job, start, len(block), block.axes, _Labels(block, batch.table))
                start += len(block)

    def seen(self, place: int) -> dict[str, Field]:
        """The axes of a task as conditions see them."""
        batch, number = self._batch(place)
        block, _, row = batch.at(number)
        return batch.table.seen(block.axes, row)

    def _batch(self, place: int) -> tuple[Batch, int]:
        number = bisect_right(self._starts, place) - 1
        return self.batches[number], place - self._starts[number]

    def _task(self, place: int, key: str, batch: Batch, block: Block, requests: Requests, row: Row) -> Task:
        labels = batch.table.values.labels
        model, size, n = (labels[number] for number in row[-ASKED:-1])
        return Task(
            key=key,
            id=self.id_of(place, key),
            job=batch.job,
            axes=dict(zip(block.axes, map(labels.__getitem__, row), strict=False)),
            model=model,
            prompt=requests.prompt(row),
            size=size,
            options=requests.options(row),
            reference=requests.reference(row),
            n=int(n),
            stem=self._stem(place, batch, block, row),
            price=price_of(model),
            line=batch.line,
        )

    def _stem(self, place: int, batch: Batch, block: Block, row: Row) -> str:
        """A task that shares its key with an earlier one shares that one's file."""
        if self._stem_of is None:
            return ""
        first = self._repeats.get(place)
        if first is None:
            return self._stem_of(place, batch, block, row)
        batch, number = self._batch(first)
        block, _, row = batch.at(number)
        return self._stem_of(first, batch, block, row)


def _repeats(batches: Sequence[Batch]) -> tuple[dict[int, int], dict[int, int]]:
    """The places of repeats: the first of their key, and how many there are up to them, by place."""
    if len(set(_digests(batches))) == sum(map(len, batches)):
        return {}, {}
    first: dict[bytes, int] = {}
    counts: dict[bytes, int] = {}
    repeats, numbers = {}, {}
    for place, digest in enumerate(_digests(batches)):
        counts[digest] = counts.get(digest, 0) + 1
        if first.setdefault(digest, place) != place:
            repeats[place], numbers[place] = first[digest], counts[digest]
    return repeats, numbers


def _digests(batches: Sequence[Batch]) -> Iterator[bytes]:
    return chain.from_iterable(batch.digests() for batch in batches)


@dataclass(frozen=True, slots=True)
class _Labels:
    """The columns of a block as a group has them."""

    block: Block
    table: Table

    def __call__(self, axis: str) -> Labels:
        """The numbers of the values, which stand for their labels."""
        return self.block.column(self.block.axes.index(axis)), self.table.values.labels.__getitem__
