"""The images that did not come, one line each: which, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flux_batch.run.records import Entry, Phase

MOST = 10


def failure_lines(entries: Iterable[Entry], left: Mapping[str, str] | None = None) -> list[str]:
    """One line for each image that will not come, or that a run had to leave for the reason in ``left`` (by id)."""
    reasons = [(entry, _reason(entry, left or {})) for entry in entries if entry.wanted]
    lines = [
        f"! {entry.task.id}  {' '.join(entry.task.axes.values())}: {reason}" for entry, reason in reasons if reason
    ]
    more = len(lines) - MOST
    return [*lines[:MOST], f"  and {more} more: see the manifest"] if more > 0 else lines


def _reason(entry: Entry, left: Mapping[str, str]) -> str:
    failure = entry.purchase.failure
    if entry.purchase.phase is Phase.STORED:
        return ""
    return f"{failure.code}: {failure.message}" if failure else left.get(entry.task.id, "")
