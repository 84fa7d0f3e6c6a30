"""The top of the sheet: what this run is, how far it got, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flux_batch.plan.totals.money import usd
from flux_batch.report.page.brand import accent_css
from flux_batch.report.page.phrases import disclosure
from flux_batch.report.summary import Totals, totals
from flux_batch.report.words import day, iso
from flux_batch.run.records import RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a bar: ``start`` and ``width`` in percent, ``kind`` for its colour, ``label`` for its legend."""

    kind: str
    label: str
    start: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """``spent_word`` and ``money_note`` frame the money honestly; both bars may be empty.

    ``logo`` is a ``data:`` address, ``accent`` a line of style; both empty for none.
    """

    title: str
    name: str
    date: str
    date_iso: str
    disclosure: str
    rehearsal: bool
    stored: int
    tasks: int
    retired: int
    progress: tuple[Part, ...]
    spent_word: str
    spent: str
    money_note: str
    money: tuple[Part, ...]
    logo: str = ""
    accent: str = ""


def header(view: RunView) -> Header:
    """Say it in words and shares."""
    count = totals(view)
    return Header(
        title=view.report.title or view.name,
        name=view.name,
        date=day(view.updated),
        date_iso=iso(view.updated) or "",
        disclosure=disclosure(view.rehearsal),
        rehearsal=view.rehearsal,
        stored=count.stored,
        tasks=count.tasks,
        retired=count.retired,
        progress=_progress(count),
        spent_word="Would have cost" if view.rehearsal else "Spent",
        spent=usd(count.spent),
        money_note=money_said(count.budget_max, count.reserved),
        money=money_bar(count.budget_max, count.spent, count.reserved),
        accent=accent_css(view.report.accent),
    )


def _progress(count: Totals) -> tuple[Part, ...]:
    doubts, lost = count.uncertain + count.held, count.failed + count.refused + count.skipped
    return progress_bar(count.stored, count.pending, doubts, lost)


def progress_bar(stored: int, wait: int, doubts: int, lost: int) -> tuple[Part, ...]:
    """Where the wanted images stand."""
    parts = [
        ("stored", "stored", stored),
        ("wait", "on the way", wait),
        ("ask", "uncertain", doubts),
        ("bad", "failed", lost),
    ]
    whole = stored + wait + doubts + lost
    return _bar([(kind, f"{number} {word}", number) for kind, word, number in parts if number], whole)


def money_bar(budget: Decimal | None, spent: Decimal, reserved: Decimal = Decimal(0)) -> tuple[Part, ...]:
    """Spent and reserved as shares of the budget; no bar without a budget."""
    if not budget:
        return ()
    parts = [("spent", "spent", spent), ("reserved", "reserved", reserved)]
    return _bar([(kind, f"{usd(amount)} {word}", amount) for kind, word, amount in parts if amount], budget)


def money_said(budget: Decimal | None, reserved: Decimal = Decimal(0)) -> str:
    """What stands beside the sum spent: USD."""
    notes = [f"of {usd(budget)} budget"] if budget is not None else []
    if reserved:
        notes.append(f"{usd(reserved)} reserved")
    return ", ".join(notes)


def _bar(parts: list[tuple[str, str, int]] | list[tuple[str, str, Decimal]], whole: int | Decimal) -> tuple[Part, ...]:
    made, start = [], 0.0
    for kind, label, amount in parts:
        width = min(100.0 - start, round(float(amount) / float(whole) * 100, 3))
        made.append(Part(kind=kind, label=label, start=round(start, 3), width=width))
        start += width
    return tuple(made)
