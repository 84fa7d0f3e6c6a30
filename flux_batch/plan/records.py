"""What a plan is made of: frozen, ordered, and the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Literal

from flux_batch.errors import Problem
from flux_batch.spec.records import InputFile, ReferenceFile

CURRENCY = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The image an edit starts from.

    ``kind`` says what ``source`` is: a ``file`` path relative to the spec, a ``url``, or the key of the
    ``parent`` task in a chain. ``sha256`` is the file's content hash, None for the other two.
    """

    kind: Literal["file", "url", "parent"]
    source: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One wanted image.

    ``key`` says what is really bought (see ``identity``): two tasks with the same key are bought once and shown
    twice. ``id`` is short and unique in the plan. ``axes`` maps axis to label in the order of the spec, always
    ending with ``model``, ``ratio`` and ``n``. ``stem`` is the wanted file name below ``images/`` without its
    extension. ``price`` is USD for one accepted request, None when unknown. ``line`` is where the prompt stands.
    """

    key: str
    id: str
    job: str
    axes: Mapping[str, str]
    model: str
    prompt: str
    size: str
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    reference: Reference | None = None
    n: int = 1
    stem: str = ""
    price: Decimal | None = None
    line: int = 1

    @property
    def parent(self) -> str | None:
        """The key of the task whose image this one edits."""
        return self.reference.source if self.reference and self.reference.kind == "parent" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD for one accepted request; ``note`` says what is not certain about it."""

    model: str
    amount: Decimal
    source: str
    date: str
    note: str = ""


class Action(StrEnum):
    """What a run would do about one task."""

    NEW = "new"
    """Not bought yet."""
    RESUME = "resume"
    """Already sent or paid, not stored yet: finishing it costs nothing more."""
    REUSED = "reused"
    """Already stored."""
    FAILED = "failed"
    """Failed or refused before; bought again only with ``--retry-failed``."""
    REMOVED = "removed"
    """No longer wanted; its image is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A task the state file already holds: its phase's name, and whether the last spec still wanted it."""

    task: Task
    phase: str
    wanted: bool = True


class Remembered(Mapping[str, Known]):
    """What is known, by key: the ``phases`` at once, the tasks only when somebody asks for them."""

    def __init__(self, phases: Mapping[str, str], read: Callable[[], Mapping[str, Known]]) -> None:
        self.phases = phases
        self._read = read

    @cached_property
    def _all(self) -> Mapping[str, Known]:
        return self._read()

    def __getitem__(self, key: str) -> Known:
        """What is known of a key."""
        return self._all[key]

    def __iter__(self) -> Iterator[str]:
        """Every key, what is still wanted last."""
        return iter(self._all)

    def __len__(self) -> int:
        """How many keys."""
        return len(self.phases)


def phases_of(known: Mapping[str, Known]) -> Mapping[str, str]:
    """The phase of every key."""
    return known.phases if isinstance(known, Remembered) else {key: entry.phase for key, entry in known.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One task's line in the difference to what is already done."""

    id: str
    key: str
    action: Action
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A spec, expanded and priced.

    ``tasks`` stand in the spec's order and may share keys; in a plan of a spec each is made anew whenever it is asked
    for, and ``columns`` tell what totals need of all of them. ``selected`` holds the keys this run is about, parents of
    chains included. ``references`` are the local files to upload, once per content. ``spec_file`` and
    ``spec_sha256`` name the text it was made from, ``inputs`` the other files. ``notes`` are worth saying and stop
    nothing. ``opened`` has the SHA-256 of every local reference by its path as it is written.
    """

    name: str
    spec_file: str
    spec_sha256: str
    tasks: Sequence[Task]
    selected: AbstractSet[str]
    references: tuple[ReferenceFile, ...]
    prices: tuple[Price, ...]
    notes: tuple[Problem, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    opened: Mapping[str, str] = field(default_factory=dict)

    def purchases(self) -> dict[str, Task]:
        """The first task of every key, in order: what is really bought."""
        first: dict[str, Task] = {}
        for task in self.tasks:
            first.setdefault(task.key, task)
        return first
