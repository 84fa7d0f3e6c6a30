"""A task's life, computed from the time: nothing runs in the background, so nothing can be late."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final

from flux_batch.simulator.contract import Order
from flux_batch.simulator.references import Reference

WORDS: Final = ("queued", "in_progress")
EARLY_WORDS: Final = ("submitted", "pending", "queued", "in_progress")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a task fails in the end."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One accepted order. Times are Unix seconds; the result file lives from ``finished_at`` to ``expires_at``.

    ``hidden_until`` and ``hidden_lookups`` keep it from being found by business id; ``variation`` counts identical
    orders before this one: the API has no seed, so each of them gets another picture.
    """

    id: str
    owner: str
    order: Order
    reference: Reference | None
    file_name: str
    variation: int
    created_at: float
    finished_at: float
    expires_at: float
    failure: Failure | None = None
    hidden_until: float = 0.0
    hidden_lookups: int = 0
    words: tuple[str, ...] = WORDS

    def status(self, now: float) -> str:
        """The status word at ``now``."""
        if now >= self.finished_at:
            return "failed" if self.failure else "completed"
        step = int(self._share(now) * len(self.words))
        return self.words[min(step, len(self.words) - 1)]

    def progress(self, now: float) -> int:
        """0 to 100; a failed task shows 0, as in the docs' sample."""
        if now >= self.finished_at:
            return 0 if self.failure else 100
        return int(self._share(now) * 100)

    def has_file(self, now: float) -> bool:
        """Whether its result can be downloaded."""
        return self.failure is None and self.finished_at <= now < self.expires_at

    def _share(self, now: float) -> float:
        life = self.finished_at - self.created_at
        return max(0.0, (now - self.created_at) / life) if life > 0 else 1.0


def identity(order: Order, reference: Reference | None) -> str:
    """What makes two orders the same one: everything but addresses, which change from run to run, and the format."""
    parts = (order.model, order.prompt, order.size, order.safety_tolerance, order.prompt_upsampling, order.business_id)
    return hashlib.sha256(repr((*parts, reference.digest if reference else "")).encode()).hexdigest()


class TaskBook:
    """Every task, found by id, by its owner's business id, or by its file."""

    def __init__(self) -> None:
        self._by_id: dict[str, Task] = {}
        self._by_file: dict[str, Task] = {}
        self._by_business: defaultdict[tuple[str, str], list[Task]] = defaultdict(list)
        self._lookups: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many tasks."""
        return len(self._by_id)

    def add(self, task: Task) -> None:
        """Keep a task."""
        self._by_id[task.id] = task
        self._by_file[task.file_name] = task
        if task.order.business_id is not None:
            self._by_business[task.owner, task.order.business_id].append(task)

    def find(self, owner: str, name: str, now: float) -> Task | None:
        """One of ``owner``'s tasks by task id, or by business id: the oldest that is not hidden."""
        task = self._by_id.get(name)
        if task is not None and task.owner == owner:
            return task
        return next((task for task in self._by_business.get((owner, name), ()) if self._shows(task, now)), None)

    def first_with(self, owner: str, business_id: str | None) -> Task | None:
        """The first task accepted under a business id, hidden or not."""
        tasks = self._by_business.get((owner, business_id)) if business_id is not None else None
        return tasks[0] if tasks else None

    def by_file(self, name: str) -> Task | None:
        """The task whose result has this file name."""
        return self._by_file.get(name)

    def _shows(self, task: Task, now: float) -> bool:
        self._lookups[task.id] += 1
        return self._lookups[task.id] > task.hidden_lookups and now >= task.hidden_until
