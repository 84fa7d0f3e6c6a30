"""The difference between a plan and what is already done, with a reason per task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flux_batch.plan.records import Action, Change, Known, Plan, Task
from flux_batch.spec.words import plain

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
    before = _by_place(known.values())
    purchases = plan.purchases()
    changes = [
        _change(task, known.get(key), before.get(_place(task)), retry_failed)
        for key, task in purchases.items()
        if key in plan.selected
    ]
    return (*changes, *_removed(known.values(), purchases))


def _change(task: Task, known: Known | None, before: Known | None, retry_failed: bool) -> Change:
    phase = known.phase if known else "planned"
    if phase in _DONE:
        return _as(task, Action.REUSED, "the same request is already stored")
    if phase in _UNDER_WAY:
        return _as(task, Action.RESUME, _UNDER_WAY[phase])
    if phase in _LOST and not retry_failed:
        return _as(task, Action.FAILED, f"{phase} before; --retry-failed asks again")
    if phase in _LOST:
        return _as(task, Action.NEW, f"{phase} before, asked again")
    if before is not None and before.task.key != task.key:
        return _as(task, Action.NEW, what_changed(before.task, task))
    return _as(task, Action.NEW, "not bought yet")


def what_changed(before: Task, after: Task) -> str:
    """Why two tasks at the same place are two purchases."""
    if before.prompt != after.prompt:
        return "prompt changed: " + changed_words(before.prompt, after.prompt)
    if before.options != after.options:
        return "options changed: " + _changed_options(before.options, after.options)
    if before.size != after.size:
        return f"size changed from {before.size} to {after.size}"
    if before.reference != after.reference:
        return "its parent changed" if after.parent else "reference image changed"
    return "its place in the matrix changed"


def changed_words(before: str, after: str) -> str:
    """The words two prompts differ in, without what they share at both ends."""
    old, new = before.split(), after.split()
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    gone, come = " ".join(old[start : len(old) - end]), " ".join(new[start : len(new) - end])
    return f"“{_brief(gone)}” → “{_brief(come)}”"


def _changed_options(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {plain(before.get(name, 'unset'))} → {plain(after.get(name, 'unset'))}" for name in names)


def _removed(known: Iterable[Known], purchases: Mapping[str, Task]) -> list[Change]:
    """What the spec wanted until now; what it stopped wanting earlier is no news."""
    return [
        _as(entry.task, Action.REMOVED, "no longer wanted; " + _KEPT[entry.phase])
        for entry in known
        if entry.wanted and entry.phase in _KEPT and entry.task.key not in purchases
    ]


def _by_place(known: Iterable[Known]) -> dict[object, Known]:
    """The newest purchase of every place in the matrix."""
    return {_place(entry.task): entry for entry in known if entry.phase in _BEGUN}


def _place(task: Task) -> object:
    return tuple(task.axes.items())


def _as(task: Task, action: Action, reason: str) -> Change:
    return Change(id=task.id, key=task.key, action=action, reason=reason)


def _brief(words: str) -> str:
    return words if len(words) <= 60 else words[:57] + "…"
