"""Images that are paid and could not be fetched, with a message that can be sent to the provider as it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flux_batch.cli.terminal.options import command_again
from flux_batch.cli.terminal.output import one_line, plural
from flux_batch.plan.totals.money import decimal_text, usd
from flux_batch.report.redact import without_queries
from flux_batch.report.words import iso
from flux_batch.run.records import Entry, RunView


def unfetched_lines(entries: Sequence[Entry], view: RunView, folder: Path) -> list[str]:
    """Each image with its ids, its times and what was tried; the message; and what can be done besides."""
    if not entries:
        return []
    them, they = ("it", "is") if len(entries) == 1 else ("them", "are")
    return [
        f"{plural(len(entries), 'image')} {they} paid and could not be fetched; nothing is bought for {them}.",
        *(line for entry in entries for line in ("", *_known(entry))),
        "",
        "A message for the provider's support, to copy:",
        "",
        *(f"    {line}".rstrip() for line in message(entries)),
        "",
        f"`{command_again(view, folder)}` asks for {them} again by itself. If you have given up hope:",
        "",
        "  --abandon TASK  no run asks for it any more; what was paid stays spent, only --retry-failed buys it anew",
    ]


def message(entries: Sequence[Entry]) -> list[str]:
    """What to write to the provider: ids and times, no key and no prompt."""
    tasks = plural(len(entries), "image task")
    return [
        f"Subject: {tasks} billed, results cannot be downloaded",
        "",
        f"{tasks} of ours {'was' if len(entries) == 1 else 'were'} accepted and billed, but the result cannot be",
        "downloaded. Please give us a working address for each image, or refund it. All times are UTC.",
        *(line for number, entry in enumerate(entries, 1) for line in ("", *_for_support(number, entry))),
    ]


def unfetched_json(entry: Entry) -> dict[str, Any]:
    """One image that is paid and could not be fetched."""
    purchase = entry.purchase
    return {
        "id": entry.task.id,
        "status": str(purchase.phase),
        "axes": dict(entry.task.axes),
        "wanted": entry.wanted,
        "remote_id": purchase.remote_id,
        "business_id": purchase.business_id,
        "price": decimal_text(purchase.price),
        "sent": iso(purchase.times.intent),
        "accepted": iso(purchase.times.submitted),
        "ready": iso(purchase.times.ready),
        "tried": tried(entry),
    }


def tried(entry: Entry) -> str:
    """What the last run did for it and what came of that, on one line and without what signs an address."""
    failure = entry.purchase.failure
    return one_line(without_queries(failure.message)) if failure else ""


def _known(entry: Entry) -> list[str]:
    purchase = entry.purchase
    price = "a price nobody has published" if purchase.price is None else usd(purchase.price)
    return [
        f"  {entry.task.id}  {purchase.phase}  {' '.join(entry.task.axes.values())}",
        f"    paid         {price}",
        f"    remote id    {purchase.remote_id}",
        f"    business id  {purchase.business_id}",
        f"    tried        {tried(entry)}",
    ]


def _for_support(number: int, entry: Entry) -> list[str]:
    purchase, times = entry.purchase, entry.purchase.times
    moments = (("sent", times.intent), ("accepted", times.submitted), ("completed", times.ready))
    return [
        f"{number}. task id: {purchase.remote_id}",
        f"   client_business_id: {purchase.business_id}",
        f"   model: {entry.task.model}",
        *(f"   {word}: {iso(at)}" for word, at in moments if at is not None),
        *([f"   result file: {without_queries(purchase.result_url)}"] if purchase.result_url else []),
        f"   what happens: {tried(entry)}",
    ]
