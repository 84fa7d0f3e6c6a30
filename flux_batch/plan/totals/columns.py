"""What totals need of all the tasks of a plan, column by column, so that a million of them need not be made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import compress, groupby

from flux_batch.plan.records import Task

Labels = tuple[Sequence[int], Callable[[int], str]]
"""One axis of several tasks: for each a number that stands for its label, and what it stands for."""

Offer = tuple[str, Decimal | None]
"""A model and its price."""


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks of one job that follow each other from the place ``start`` on and have the same axes."""

    job: str
    start: int
    size: int
    axes: tuple[str, ...]
    label: Callable[[str], Labels]


class Columns(ABC):
    """Tasks by their places from 0 in the order of the plan."""

    @abstractmethod
    def __len__(self) -> int:
        """How many tasks."""

    @abstractmethod
    def keys(self) -> Iterator[str]:
        """What each of them buys."""

    @abstractmethod
    def key_at(self, place: int) -> str:
        """What one of them buys."""

    @abstractmethod
    def id_of(self, place: int, key: str, /) -> str:
        """The short name of one of them, which has this key."""

    @property
    @abstractmethod
    def repeats(self) -> Mapping[int, int]:
        """Place of a task → place of the first that buys the same; only where that is another one."""

    @abstractmethod
    def stems(self) -> Iterator[str]:
        """Their wanted file names."""

    @abstractmethod
    def parents(self) -> Iterator[int | None]:
        """The place of the task that each of them edits."""

    def parent_keys(self) -> Iterator[str | None]:
        """The key of the task that each of them edits."""
        return (None if parent is None else self.key_at(parent) for parent in self.parents())

    @abstractmethod
    def offers(self) -> Iterable[int]:
        """For each a number that stands for its model and its price."""

    @abstractmethod
    def offer(self, number: int) -> Offer:
        """What such a number stands for."""

    @abstractmethod
    def groups(self) -> Iterator[Group]:
        """All of them in groups."""

    def firsts(self) -> bytearray:
        """1 for the first task of every key, which is what is really bought, 0 for its repeats."""
        found = bytearray(b"\x01") * len(self)
        for place in self.repeats:
            found[place] = 0
        return found


class Listed(Columns):
    """The columns of tasks that are there one by one."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self.tasks = tuple(tasks)

    def __len__(self) -> int:
        """How many tasks."""
        return len(self.tasks)

    def keys(self) -> Iterator[str]:
        """What each of them buys."""
        return (task.key for task in self.tasks)

    def key_at(self, place: int) -> str:
        """What one of them buys."""
        return self.tasks[place].key

    def id_of(self, place: int, _: str, /) -> str:
        """The short name of one of them, which has this key."""
        return self.tasks[place].id

    @cached_property
    def _first(self) -> dict[str, int]:
        first: dict[str, int] = {}
        for place, task in enumerate(self.tasks):
            first.setdefault(task.key, place)
        return first

    @property
    def repeats(self) -> Mapping[int, int]:
        """Place of a task → place of the first that buys the same; only where that is another one."""
        first = self._first
        return {place: first[task.key] for place, task in enumerate(self.tasks) if first[task.key] != place}

    def stems(self) -> Iterator[str]:
        """Their wanted file names."""
        return (task.stem for task in self.tasks)

    def parents(self) -> Iterator[int | None]:
        """The place of the task that each of them edits."""
        return (self._first.get(task.parent or "") for task in self.tasks)

    def parent_keys(self) -> Iterator[str | None]:
        """The key of the task that each of them edits, also of one that is not here."""
        return (task.parent for task in self.tasks)

    @cached_property
    def _offers(self) -> dict[Offer, int]:
        found = dict.fromkeys((task.model, task.price) for task in self.tasks)
        return {offer: number for number, offer in enumerate(found)}

    def offers(self) -> Iterable[int]:
        """For each a number that stands for its model and its price."""
        return (self._offers[task.model, task.price] for task in self.tasks)

    def offer(self, number: int) -> Offer:
        """What such a number stands for."""
        return list(self._offers)[number]

    def groups(self) -> Iterator[Group]:
        """All of them in groups."""
        start = 0
        for (job, axes), found in groupby(self.tasks, lambda task: (task.job, ("job", *task.axes))):
            tasks = tuple(found)
            yield Group(job, start, len(tasks), tuple(dict.fromkeys(axes)), _labels(tasks))
            start += len(tasks)


def _labels(tasks: Sequence[Task]) -> Callable[[str], Labels]:
    def label(axis: str) -> Labels:
        found = [{"job": task.job, **task.axes}[axis] for task in tasks]
        return range(len(found)), found.__getitem__

    return label


def columns_of(tasks: Iterable[Task]) -> Columns:
    """The columns of a plan's tasks, or of tasks that are there one by one."""
    return tasks if isinstance(tasks, Columns) else Listed(tasks)


class AllKeys(AbstractSet[str]):
    """The keys of all tasks, without holding them a second time until somebody asks for one."""

    def __init__(self, tasks: Columns) -> None:
        self.tasks = tasks

    @cached_property
    def _held(self) -> frozenset[str]:
        return frozenset(self.tasks.keys())

    def __contains__(self, key: object) -> bool:
        """Whether some task has this key."""
        return key in self._held

    def __iter__(self) -> Iterator[str]:
        """Every key once."""
        return compress(self.tasks.keys(), self.tasks.firsts())

    def __len__(self) -> int:
        """How many keys."""
        return len(self.tasks) - len(self.tasks.repeats)


class ByKey(Mapping[str, Task]):
    """The first task of every key, made when it is asked for."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks

    @cached_property
    def _places(self) -> dict[str, int]:
        columns = columns_of(self._tasks)
        wanted = zip(columns.keys(), range(len(columns)), strict=True)
        return dict(compress(wanted, columns.firsts()))

    def __getitem__(self, key: str) -> Task:
        """The task with a key."""
        return self._tasks[self._places[key]]

    def __iter__(self) -> Iterator[str]:
        """Every key once, in order."""
        return iter(self._places)

    def __len__(self) -> int:
        """How many keys."""
        return len(self._places)


def chosen(tasks: Columns, keys: AbstractSet[str]) -> bytearray:
    """1 for every task with one of these keys, 0 for the others."""
    if isinstance(keys, AllKeys) and keys.tasks is tasks:
        return bytearray(b"\x01") * len(tasks)
    return bytearray(key in keys for key in tasks.keys())  # noqa: SIM118
