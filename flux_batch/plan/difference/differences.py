"""What makes two images two purchases: every difference between two tasks, with the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, Literal

from flux_batch.plan.records import Reference, Task
from flux_batch.plan.totals.money import usd
from flux_batch.spec.words import plain

What = Literal["prompt", "model", "size", "options", "reference", "parent", "price"]

HUNKS_SHOWN: Final = 3
"""Places of a prompt that are told; one that differs in more is another prompt."""

WORDS_COMPARED: Final = 120
"""Longer changes are told as one: comparing them word by word is slow, and nobody reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not the same: ``what`` for scripts, ``text`` for people."""

    what: What
    text: str


def differences(
    before: Task,
    after: Task,
    earlier: Mapping[str, Task] | None = None,
    later: Mapping[str, Task] | None = None,
) -> tuple[Difference, ...]:
    """Everything in which two tasks ask for another image; ``earlier`` and ``later`` hold their parents by key.

    A change of the parent is told once: what the task itself changed in the same way is not told again of its parent.
    """
    own = (
        _prompt(before, after),
        _plainly("model", before.model, after.model),
        _plainly("size", before.size, after.size),
        _options(before.options, after.options),
        _reference(before, after),
    )
    found = tuple(each for each in own if each is not None)
    if not _other_parent(before, after):
        return found
    return (*found, *_parent(before, after, found, earlier or {}, later or {}))


def in_words(found: tuple[Difference, ...]) -> str:
    """All differences on one line."""
    return "; ".join(each.text for each in found)


def price_difference(before: Task, after: Task) -> Difference | None:
    """Another price for one request; None where it is the same."""
    if before.price == after.price:
        return None
    told = ["unknown" if task.price is None else usd(task.price) for task in (before, after)]
    return Difference(what="price", text=f"price changed: {told[0]} → {told[1]}")


def _prompt(before: Task, after: Task) -> Difference | None:
    if before.prompt == after.prompt:
        return None
    return Difference(what="prompt", text="prompt changed: " + changed_words(before.prompt, after.prompt))


def _plainly(what: Literal["model", "size"], before: str, after: str) -> Difference | None:
    return None if before == after else Difference(what=what, text=f"{what} changed: {before} → {after}")


def _options(before: Mapping[str, object], after: Mapping[str, object]) -> Difference | None:
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not names:
        return None
    told = (f"{name} {plain(before.get(name, 'unset'))} → {plain(after.get(name, 'unset'))}" for name in names)
    return Difference(what="options", text=f"option{'s' * (len(names) > 1)} changed: {', '.join(told)}")


def _reference(before: Task, after: Task) -> Difference | None:
    """Another picture to start from; a parent in a chain is told by what changed about it."""
    old, new = before.reference, after.reference
    if _identity(old) == _identity(new) or (before.parent and after.parent):
        return None
    if old is not None and new is not None and (old.kind, old.source) == (new.kind, new.source):
        return Difference(what="reference", text=f"reference changed: {new.source} has other content")
    return Difference(what="reference", text=f"reference changed: {_named(old)} → {_named(new)}")


def _identity(reference: Reference | None) -> object:
    return None if reference is None else (reference.kind, reference.sha256 or reference.source)


def _named(reference: Reference | None) -> str:
    if reference is None:
        return "none"
    return "another image of this run" if reference.kind == "parent" else reference.source


def _other_parent(before: Task, after: Task) -> bool:
    return bool(before.parent and after.parent and before.parent != after.parent)


def _parent(
    before: Task,
    after: Task,
    own: tuple[Difference, ...],
    earlier: Mapping[str, Task],
    later: Mapping[str, Task],
) -> tuple[Difference, ...]:
    old, new = earlier.get(before.parent or ""), later.get(after.parent or "")
    if old is None or new is None:
        return (Difference(what="parent", text="its parent changed"),)
    # A chain says what changed where it began: "its parent changed" once, however long the way there is.
    above = [each.text.removeprefix(_ABOVE) for each in differences(old, new, earlier, later)]
    if not above:
        return (Difference(what="parent", text="its parent changed"),)
    said = {each.text for each in own}
    fresh = [text for text in dict.fromkeys(above) if text not in said]
    return (Difference(what="parent", text=_ABOVE + "; ".join(fresh)),) if fresh else ()


_ABOVE: Final = "its parent changed: "


@lru_cache(maxsize=4096)
def changed_words(before: str, after: str) -> str:
    """The words in which two prompts differ, place by place."""
    old, new = before.split(), after.split()
    start, end = _shared_ends(old, new)
    gone, come = old[start : len(old) - end], new[start : len(new) - end]
    return _told(tuple(gone), tuple(come))


def _shared_ends(old: list[str], new: list[str]) -> tuple[int, int]:
    """How many words are the same at the beginning and at the end."""
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, end


@lru_cache(maxsize=4096)
def _told(gone: tuple[str, ...], come: tuple[str, ...]) -> str:
    whole = _hunk(gone, come)
    if min(len(gone), len(come)) < 2 or max(len(gone), len(come)) > WORDS_COMPARED:
        return whole
    matcher = SequenceMatcher(None, gone, come, autojunk=False)
    hunks = [
        _hunk(gone[first:last], come[start:end])
        for tag, first, last, start, end in matcher.get_opcodes()
        if tag != "equal"
    ]
    return ", ".join(dict.fromkeys(hunks)) if len(hunks) <= HUNKS_SHOWN else whole


def _hunk(gone: tuple[str, ...], come: tuple[str, ...]) -> str:
    if not gone:
        return f"“{_brief(come)}” added"
    return f"“{_brief(gone)}” → “{_brief(come)}”" if come else f"“{_brief(gone)}” left out"


def _brief(words: tuple[str, ...]) -> str:
    text = " ".join(words)
    return text if len(text) <= 60 else text[:57] + "…"
