"""The top of the sheet: what this run is, how far it got, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from flux_batch.plan.money import usd
from flux_batch.report.phrases import disclosure
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
    """``spent_word`` and ``money_note`` frame the money honestly; both bars may be empty."""

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
        money_note=_money_note(count),
        money=_money(count),
    )


def _progress(count: Totals) -> tuple[Part, ...]:
    parts = [
        ("stored", "stored", count.stored),
        ("wait", "on the way", count.pending),
        ("ask", "uncertain", count.uncertain + count.held),
        ("bad", "failed", count.failed + count.refused + count.skipped),
    ]
    return _bar([(kind, f"{number} {word}", number) for kind, word, number in parts if number], count.tasks)


def _money(count: Totals) -> tuple[Part, ...]:
    """Spent and reserved as shares of the budget; no bar without a budget."""
    if not count.budget_max:
        return ()
    parts = [("spent", "spent", count.spent), ("reserved", "reserved", count.reserved)]
    return _bar([(kind, f"{usd(amount)} {word}", amount) for kind, word, amount in parts if amount], count.budget_max)


def _money_note(count: Totals) -> str:
    return money_said(count.budget_max, count.reserved)


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
