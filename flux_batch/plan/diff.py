"""The difference between a plan and what is already done, with a reason per task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flux_batch.plan.differences import differences, in_words
from flux_batch.plan.nearest import Nearest, place_of
from flux_batch.plan.records import Action, Change, Known, Plan, Task

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


def diff(plan: Plan, known: Mapping[str, Known], *, retry_failed: bool = False) -> tuple[Change, ...]:
    """One change per purchase of the plan's selection, then one per image no longer wanted."""
    purchases = plan.purchases()
    earlier = _Earlier(plan.tasks, purchases, known)
    changes = [
        _change(task, known.get(key), earlier, retry_failed) for key, task in purchases.items() if key in plan.selected
    ]
    return (*changes, *_removed(known.values(), purchases))


def _change(task: Task, known: Known | None, earlier: _Earlier, retry_failed: bool) -> Change:
    phase = known.phase if known else "planned"
    if phase in _DONE:
        return _as(task, Action.REUSED, "the same request is already stored")
    if phase in _UNDER_WAY:
        return _as(task, Action.RESUME, _UNDER_WAY[phase])
    if phase in _LOST and not retry_failed:
        return _as(task, Action.FAILED, f"{phase} before; --retry-failed asks again")
    if phase in _LOST:
        return _as(task, Action.NEW, f"{phase} before, asked again")
    return _as(task, Action.NEW, earlier.reason(task))


class _Earlier:
    """What was bought before, to say of a new image what changed: at its place, or else the nearest that is retired."""

    def __init__(self, tasks: Sequence[Task], purchases: Mapping[str, Task], known: Mapping[str, Known]) -> None:
        begun = [entry for entry in known.values() if entry.phase in _BEGUN]
        retired = [entry.task for entry in begun if entry.wanted and entry.task.key not in purchases]
        wanted = [entry.task for entry in begun if entry.wanted]
        self._at = {place_of(entry.task): entry.task for entry in begun}  # the newest of every place
        self._nearest = Nearest(retired, wanted, tasks) if retired else None
        self._before = {key: entry.task for key, entry in known.items()}
        self._after = purchases

    def reason(self, task: Task) -> str:
        """Why an image is bought, or that it simply is not there yet."""
        before = self._at.get(place_of(task))
        if before is None and self._nearest is not None:
            before = self._nearest(task)
        if before is None or before.key == task.key:
            return "not bought yet"
        found = in_words(differences(before, task, self._before, self._after))
        return found or "its place in the matrix changed"


def _removed(known: Iterable[Known], purchases: Mapping[str, Task]) -> list[Change]:
    """What the spec wanted until now; what it stopped wanting earlier is no news."""
    return [
        _as(entry.task, Action.REMOVED, "no longer wanted; " + _KEPT[entry.phase])
        for entry in known
        if entry.wanted and entry.phase in _KEPT and entry.task.key not in purchases
    ]


def _as(task: Task, action: Action, reason: str) -> Change:
    return Change(id=task.id, key=task.key, action=action, reason=reason)
