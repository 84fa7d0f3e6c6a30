"""The difference between a plan and what is already done, with a reason per task."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from itertools import compress
from operator import and_

from flux_batch.plan.changes import Changes
from flux_batch.plan.columns import chosen, columns_of
from flux_batch.plan.differences import differences, in_words
from flux_batch.plan.nearest import Nearest, Place, place_of
from flux_batch.plan.records import Action, Change, Known, Plan, Task, phases_of

_DONE = frozenset({"stored"})
_UNDER_WAY = {
    "intent": "perhaps sent, will be looked up",
    "uncertain": "perhaps sent, will be looked up",
    "held": "perhaps sent, waits for a decision",
    "submitted": "already paid, not stored yet",
    "ready": "already paid, not stored yet",
}
_LOST = frozenset({"failed", "refused"})
_BEGUN = _DONE | _LOST | _UNDER_WAY.keys()
_KEPT = {"stored": "its image is kept"} | dict.fromkeys(_UNDER_WAY, "already sent, not stored yet")


def diff(plan: Plan, known: Mapping[str, Known], *, retry_failed: bool = False) -> Changes:
    """One change per purchase of the plan's selection, then one per image no longer wanted."""
    tasks = columns_of(plan.tasks)
    wanted = map(and_, tasks.firsts(), chosen(tasks, plan.selected))
    changes = Changes(tasks, array("I", compress(range(len(tasks)), wanted)))
    phases = phases_of(known)
    if not phases:
        changes.say_all(Action.NEW, _NOT_YET)
        return changes
    earlier = _Earlier(plan, known)
    for key, place in zip(changes.keys(), changes.places, strict=True):
        changes.say(*_change(phases.get(key, "planned"), partial(earlier.reason, plan.tasks, place), retry_failed))
    changes.removed = _removed(known, phases, set(tasks.keys()))
    return changes


_NOT_YET = "not bought yet"


def _change(phase: str, reason: Callable[[], str], retry_failed: bool) -> tuple[Action, str]:
    if phase in _DONE:
        return Action.REUSED, "the same request is already stored"
    if phase in _UNDER_WAY:
        return Action.RESUME, _UNDER_WAY[phase]
    if phase in _LOST and not retry_failed:
        return Action.FAILED, f"{phase} before; --retry-failed asks again"
    if phase in _LOST:
        return Action.NEW, f"{phase} before, asked again"
    return Action.NEW, reason()


class _Earlier:
    """What was bought before, to say of a new image what changed: at its place, or else the nearest that is retired.

    Nothing is read before a new image asks.
    """

    def __init__(self, plan: Plan, known: Mapping[str, Known]) -> None:
        self._plan, self._known = plan, known

    def reason(self, tasks: Sequence[Task], place: int) -> str:
        """Why the image at a place is bought, or that it simply is not there yet."""
        task = tasks[place]
        before = self._at.get(place_of(task))
        if before is None and self._nearest is not None:
            before = self._nearest(task)
        if before is None or before.key == task.key:
            return _NOT_YET
        found = in_words(differences(before, task, self._before, self._after))
        return found or "its place in the matrix changed"

    @cached_property
    def _begun(self) -> list[Known]:
        return [entry for entry in self._known.values() if entry.phase in _BEGUN]

    @cached_property
    def _at(self) -> dict[Place, Task]:
        return {place_of(entry.task): entry.task for entry in self._begun}  # the newest of every place

    @cached_property
    def _nearest(self) -> Nearest | None:
        wanted = [entry.task for entry in self._begun if entry.wanted]
        retired = [task for task in wanted if task.key not in self._after]
        return Nearest(retired, wanted, self._plan.tasks) if retired else None

    @cached_property
    def _before(self) -> dict[str, Task]:
        return {key: entry.task for key, entry in self._known.items()}

    @cached_property
    def _after(self) -> dict[str, Task]:
        return self._plan.purchases()


def _removed(known: Mapping[str, Known], phases: Mapping[str, str], present: AbstractSet[str]) -> tuple[Change, ...]:
    """What the spec wanted until now; what it stopped wanting earlier is no news."""
    if all(key in present for key, phase in phases.items() if phase in _KEPT):
        return ()
    return tuple(
        Change(
            id=entry.task.id,
            key=entry.task.key,
            action=Action.REMOVED,
            reason="no longer wanted; " + _KEPT[entry.phase],
        )
        for entry in known.values()
        if entry.wanted and entry.phase in _KEPT and entry.task.key not in present
    )
