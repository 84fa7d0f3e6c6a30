"""Requests in doubt, as a person and as a script read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from flux_batch.cli.terminal.options import command_again
from flux_batch.cli.terminal.output import plural
from flux_batch.errors import RawAnswer
from flux_batch.plan.totals.money import decimal_text, usd
from flux_batch.report.redact import without_queries
from flux_batch.run.records import Entry, RunView
from flux_batch.run.resolve import Resolved

_LONGEST = 300
_LONGEST_BODY = 4000
"""Characters of an answer for a script; the state file has all that was kept."""


def question_lines(
    entries: Sequence[Entry], view: RunView, folder: Path, answers: Mapping[str, RawAnswer]
) -> list[str]:
    """Each request with all that helps to find it at the provider, then what can be said of it.

    ``answers`` has, by business id, what came back and could not be understood.
    """
    if not entries:
        return ["No request is in doubt: there is nothing to decide."]
    again = command_again(view, folder)
    return [
        f"{plural(len(entries), 'request')} in doubt: sent, and nobody knows whether {_it(entries)} arrived.",
        *(line for entry in entries for line in ("", *_question(entry, _answer_to(entry, answers)))),
        "",
        f"`{again}` looks {_it(entries, 'it', 'them')} up once more by itself. If you know better:",
        "",
        "  --adopt TASK=REMOTE_ID  you found it at the provider: nothing is bought, the next run fetches it",
        "  --resend TASK           it never arrived: it is sent once more, now; billed twice if you are wrong",
        "  --abandon TASK          give it up: its money is free again, though the provider may have billed it",
    ]


def question_json(entry: Entry, answers: Mapping[str, RawAnswer]) -> dict[str, Any]:
    """One request in doubt."""
    purchase, answer = entry.purchase, _answer_to(entry, answers)
    return {
        "id": entry.task.id,
        "status": str(purchase.phase),
        "axes": dict(entry.task.axes),
        "prompt": entry.task.prompt,
        "wanted": entry.wanted,
        "business_id": purchase.business_id,
        "sent": _moment(entry),
        "attempts": purchase.sends,
        "price": decimal_text(purchase.price),
        "answer": None if answer is None else _answer_json(answer),
    }


def decision_json(resolved: Resolved) -> dict[str, Any]:
    """What came of one decision."""
    return {
        "id": resolved.decision.entry.task.id,
        "verb": str(resolved.decision.verb),
        "status": str(resolved.purchase.phase),
        "remote_id": resolved.purchase.remote_id,
        "message": resolved.said,
    }


def price_of(entries: Sequence[Entry]) -> str:
    """What sending them once costs."""
    prices = [entry.purchase.price for entry in entries]
    known = sum((price for price in prices if price is not None), Decimal(0))
    return usd(known) if None not in prices else "a price nobody has published"


def _question(entry: Entry, answer: RawAnswer | None) -> list[str]:
    task, purchase = entry.task, entry.purchase
    prompt = task.prompt if len(task.prompt) <= _LONGEST else f"{task.prompt[:_LONGEST]}…"
    times = "once" if purchase.sends == 1 else f"{purchase.sends} times"
    return [
        f"  {task.id}  {purchase.phase}  {' '.join(task.axes.values())}",
        f"    sent         {times}, first at {_moment(entry) or 'an unknown time'}, {price_of([entry])} each",
        f"    business id  {purchase.business_id}",
        f"    prompt       {' '.join(prompt.split())}",
        *([] if answer is None else [f"    answer       the provider answered {answer.status} with: {_shown(answer)}"]),
    ]


def _answer_to(entry: Entry, answers: Mapping[str, RawAnswer]) -> RawAnswer | None:
    return answers.get(entry.purchase.business_id or "")


def _answer_json(answer: RawAnswer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "content_type": answer.content_type,
        "at": _iso(answer.at),
        "bytes": len(answer.body),
        "body": _text(answer)[:_LONGEST_BODY],
    }


def _shown(answer: RawAnswer) -> str:
    """One line of it."""
    text = " ".join(_text(answer).split()) or "nothing"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _text(answer: RawAnswer) -> str:
    """An answer as text, without what signs a URL."""
    return without_queries(answer.body.decode("utf-8", "replace"))


def _moment(entry: Entry) -> str | None:
    return _iso(entry.purchase.times.intent)


def _iso(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _it(entries: Sequence[Entry], one: str = "it", many: str = "they") -> str:
    return one if len(entries) == 1 else many
