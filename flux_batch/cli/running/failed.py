"""The images that did not come: which, and why, and for what is paid all that helps to ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flux_batch.cli.terminal.output import one_line, plural
from flux_batch.run.records import Entry, Phase, RunView

MOST = 10


def failure_lines(entries: Iterable[Entry], left: Mapping[str, str] | None = None) -> list[str]:
    """What is said of each image that will not come, or that a run had to leave for the reason in ``left`` (by id)."""
    reasons = [(entry, _reason(entry, left or {})) for entry in entries if entry.wanted]
    missing = [(entry, reason) for entry, reason in reasons if reason]
    lines = [line for entry, reason in missing[:MOST] for line in _lines(entry, reason)]
    more = len(missing) - MOST
    return [*lines, f"  and {more} more: see the manifest"] if more > 0 else lines


def support_lines(view: RunView, folder: str) -> list[str]:
    """Where to find a message for the provider about what is paid and could not be fetched."""
    from flux_batch.run.resolve import unfetched

    count = len(unfetched(view))
    if not count:
        return []
    return [
        f"Paid and not fetched: {plural(count, 'image')}. For a message to the provider: flux-batch resolve {folder}"
    ]


def _lines(entry: Entry, reason: str) -> list[str]:
    said, purchase = f"! {entry.task.id}  {' '.join(entry.task.axes.values())}: {reason}", entry.purchase
    if not purchase.unfetched:
        return [said]
    return [said, f"    paid; the provider's id {purchase.remote_id}, ours {purchase.business_id}"]


def _reason(entry: Entry, left: Mapping[str, str]) -> str:
    failure = entry.purchase.failure
    if entry.purchase.phase is Phase.STORED:
        return ""
    return one_line(f"{failure.code}: {failure.message}" if failure else left.get(entry.task.id, ""))
