"""What a plan says, in words: shared by the terminal, by Markdown and by the sheet of placeholders."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from flux_batch.cli.planning.prepare import Planned
from flux_batch.cli.terminal.output import plural
from flux_batch.plan.records import Action
from flux_batch.plan.totals.money import usd
from flux_batch.plan.totals.timing import ORDINARY_RATE, Pace

SIGNS: Final = {Action.NEW: "+", Action.RESUME: ">", Action.FAILED: "!", Action.REMOVED: "-"}
"""How each kind of change is marked where the reason for it is said; an image that is there needs none."""

TITLES: Final = {"n": "variation"}
"""Axes that people call otherwise."""

_PLAIN: Final = frozenset({"not bought yet", "no longer wanted; its image is kept"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A line about money: what it is, how much, and what to know about it."""

    title: str
    amount: str
    remark: str


def wanted(planned: Planned) -> str:
    """``66 images wanted``, or with a selection ``6 of 66 images wanted``."""
    selected, every = planned.wanted, len(planned.plan.tasks)
    return f"{plural(selected, 'image')} wanted" if selected == every else f"{selected:,} of {every:,} images wanted"


def counts(planned: Planned) -> list[str]:
    """How many images there are of each kind, each with its sign."""
    cost = planned.estimate
    repeats = planned.wanted - len(planned.changes.places)
    parts = [f"+ {cost.new:,} to buy" if cost.new else "nothing to buy"]
    parts += [f"> {cost.resumed:,} to finish"] if cost.resumed else []
    parts += [f"= {cost.reused:,} already stored"] if cost.reused else []
    parts += [f"{repeats:,} repeat another"] if repeats else []
    parts += [f"! {cost.failed:,} failed before"] if cost.failed else []
    return [*parts, f"- {cost.removed:,} no longer wanted"] if cost.removed else parts


def reasons(planned: Planned) -> list[tuple[Action, int, str]]:
    """Why, where it is not plain, with how often: what is bought first, the commonest reasons first."""
    told = planned.changes.counts().most_common()
    counted = [(said, times) for said, times in told if said[0] in SIGNS and said[1] not in _PLAIN]
    order = list(SIGNS)
    counted.sort(key=lambda each: order.index(each[0][0]))
    return [(action, count, reason) for (action, reason), count in counted]


def amounts(planned: Planned) -> list[Amount]:
    """The three prices of a plan: this run, everything from nothing, and the worst that this run can come to."""
    cost, every = planned.estimate, plural(len(planned.changes.places), "image")
    reuse = f"for the {plural(cost.new, 'image')} to buy" if cost.new else "nothing is left to buy"
    unpriced = f"; no price is known for {', '.join(cost.unpriced)}" if cost.unpriced else ""
    return [
        Amount(title="This run", amount=usd(cost.cost), remark=reuse + unpriced),
        Amount(title="From scratch", amount=usd(cost.from_scratch), remark=f"for {every}, if you had none of them"),
        Amount(title="Worst case", amount=usd(cost.worst_case), remark=_worst(planned)),
    ]


def _worst(planned: Planned) -> str:
    cost, held, limit = planned.estimate, planned.spent + planned.reserved, planned.spec.budget.max
    if not cost.new:
        return "nothing is sent"
    if planned.spec.execution.when_uncertain != "resend":
        return "no request is ever sent twice (when_uncertain: hold)"
    words = "every request lost, billed all the same, and sent again"
    capped = limit is not None and total(planned) <= limit < held + cost.worst_case
    return f"{words}; the budget stops it at {usd(limit)}" if limit is not None and capped else words


def so_far(planned: Planned) -> str:
    """What the run folder has cost and what this run makes of it: ``Spent $0.40 + this run $0.48 = $0.88``."""
    cost = planned.estimate.cost
    parts = [f"{'Simulated' if planned.rehearsal else 'Spent'} {usd(planned.spent)}"]
    parts += [f"reserved {usd(planned.reserved)}"] if planned.reserved else []
    return f"{' + '.join([*parts, f'this run {usd(cost)}'])} = {usd(total(planned))}"


def total(planned: Planned) -> Decimal:
    """USD in the run folder once this run is done: spent, reserved and new."""
    return planned.spent + planned.reserved + planned.estimate.cost


def over_budget(planned: Planned) -> str:
    """What is to be said of a plan that does not fit its budget; empty when it fits."""
    limit = planned.spec.budget.max
    if limit is None or total(planned) <= limit or not planned.estimate.new:
        return ""
    return f"Over the budget of {usd(limit)} by {usd(total(planned) - limit)}: run will refuse"


def duration(planned: Planned) -> str:
    """``about 4 min (16 at a time, 5 requests a second, 12 s an image, learned from 96)``; empty for nothing to do."""
    it = planned.timing
    if not it.longest_chain:
        return ""
    chain = f", chains of {it.longest_chain}" if it.longest_chain > 1 else ""
    return f"about {_spoken(it.seconds)} ({_pace(it.pace)}{chain})"


def _pace(pace: Pace) -> str:
    learned = f", learned from {pace.learned_from:,}" if pace.learned_from else " is assumed"
    more = f" where an ordinary account may send {ORDINARY_RATE:g}" if pace.rate > ORDINARY_RATE else ""
    image = f"{_brief(pace.image_seconds)} an image{learned}"
    return f"{pace.concurrency} at a time, {pace.rate:g} requests a second{more}, {image}"


def _brief(seconds: float) -> str:
    return f"{seconds:.1g} s" if seconds < 1 else f"{seconds:.0f} s"


def _spoken(seconds: float) -> str:
    """A time no more exact than a guess may be."""
    if seconds < 95:
        return f"{max(10, round(seconds, -1)):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(round(minutes / 10) * 10, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
