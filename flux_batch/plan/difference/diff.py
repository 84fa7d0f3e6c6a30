"""The difference between a plan and what is already done, with a reason per task."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import compress
from operator import and_

from flux_batch.plan.difference.changes import Changes
from flux_batch.plan.difference.differences import differences, in_words
from flux_batch.plan.difference.nearest import Nearest, Place, place_of
from flux_batch.plan.records import Action, Change, Known, Plan, Task, phases_of
from flux_batch.plan.totals.columns import ByKey, chosen, columns_of

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


def diff(plan: Plan, known: Mapping[str, Known], *, retry_failed: bool = False, explain: bool = True) -> Changes:
    """One change per purchase of the plan's selection, then one per image no longer wanted.

    Without ``explain`` nobody reads why an image is new, and what was bought before is not read back for it.
    """
    tasks = columns_of(plan.tasks)
    wanted = bytes(map(and_, tasks.firsts(), chosen(tasks, plan.selected)))
    changes = Changes(tasks, array("I", compress(range(len(tasks)), wanted)))
    phases = phases_of(known)
    if not phases:
        changes.say_all(Action.NEW, _NOT_YET)
        return changes
    earlier, said = _Earlier(plan, known) if explain else None, _said(retry_failed=retry_failed)
    for place, key in zip(changes.places, compress(tasks.keys(), wanted), strict=True):
        phase = phases.get(key)
        changes.say(
            *(said.get(phase) if phase else None) or (Action.NEW, earlier.reason(place) if earlier else _NOT_YET)
        )
    changes.removed = _removed(known, phases.keys() - tasks.keys())
    return changes


def action_of(phase: str) -> Action:
    """What would be done about an image in a phase, unless what failed is asked for again."""
    said = _said(retry_failed=False).get(phase)
    return said[0] if said else Action.NEW


_NOT_YET = "not bought yet"


def _said(*, retry_failed: bool) -> dict[str, tuple[Action, str]]:
    """What is said of an image by its phase, where that is enough to know."""
    said = dict.fromkeys(_DONE, (Action.REUSED, "the same request is already stored"))
    said |= {phase: (Action.RESUME, words) for phase, words in _UNDER_WAY.items()}
    if retry_failed:
        return said | {phase: (Action.NEW, f"{phase} before, asked again") for phase in _LOST}
    return said | {phase: (Action.FAILED, f"{phase} before; --retry-failed asks again") for phase in _LOST}


class _Earlier:
    """What was bought before, to say of a new image what changed: at its place, or else the nearest that is retired.

    Nothing is read before a new image asks.
    """

    def __init__(self, plan: Plan, known: Mapping[str, Known]) -> None:
        self._plan, self._known = plan, known

    def reason(self, place: int) -> str:
        """Why the image at a place is bought, or that it simply is not there yet."""
        task = self._plan.tasks[place]
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
        keys = set(self._after)
        retired = [task for task in wanted if task.key not in keys]
        return Nearest(retired, wanted, self._plan.tasks) if retired else None

    @cached_property
    def _before(self) -> dict[str, Task]:
        return {key: entry.task for key, entry in self._known.items()}

    @cached_property
    def _after(self) -> ByKey:
        return ByKey(self._plan.tasks)


def _removed(known: Mapping[str, Known], gone: AbstractSet[str]) -> tuple[Change, ...]:
    """What the spec wanted until now; what it stopped wanting earlier is no news."""
    entries = [entry for entry in known.values() if entry.wanted and entry.phase in _KEPT] if gone else []
    return tuple(
        Change(
            id=entry.task.id,
            key=entry.task.key,
            action=Action.REMOVED,
            reason="no longer wanted; " + _KEPT[entry.phase],
        )
        for entry in entries
        if entry.task.key in gone
    )
