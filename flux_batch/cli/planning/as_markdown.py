"""A plan as Markdown: for the summary of a CI step, or a comment. Nobody's text can be markup in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flux_batch.cli.planning.facts import SIGNS, TITLES, amounts, counts, duration, over_budget, reasons, so_far, wanted
from flux_batch.cli.planning.prepare import Planned
from flux_batch.cli.terminal.output import plural
from flux_batch.plan.totals.axes import AxisCost, ValueCost
from flux_batch.plan.totals.estimate import ModelCost
from flux_batch.plan.totals.money import usd

MOST_VALUES: Final = 12
MOST_REASONS: Final = 20
LONGEST: Final = 1_000
"""Letters of a prompt that are shown."""

_ACTIVE: Final = re.compile(r"[&<>\"'\\`*_~\[\](){}|#@$!^=]|(?<!\d):(?=\S)|:(?![\d\s])|(?<=[wW])\.")
"""Whatever Markdown, HTML, or GitHub's own links, mentions, formulas and emoji begin with."""

_JOINER: Final = "\N{WORD JOINER}"
"""Invisible; behind these no address, mention or issue is recognised."""


def plan_markdown(planned: Planned) -> str:
    """The whole plan, each block apart from the next."""
    blocks = [
        [f"### Plan: {plain(planned.plan.name)}"],
        _head(planned),
        _warning(planned),
        _money(planned),
        _models(planned),
        *(_axis(axis) for axis in (planned.axes() if planned.estimate.new else ())),
        _reasons(planned),
        _first_prompt(planned),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def plain(text: str) -> str:
    """A text of somebody else's on one line, in which nothing is markup."""
    line = " ".join(text.split())
    return _ACTIVE.sub(lambda found: _entity(found[0]), _brief(line))


def _entity(character: str) -> str:
    return f"&#{ord(character)};" + (_JOINER if character in "@#:." else "")


def _brief(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: int) -> list[str]:
    """A table whose last ``right`` columns hold numbers."""
    lines = ["---"] * (len(titles) - right) + ["---:"] * right
    return [f"| {' | '.join(row)} |" for row in (titles, lines, *rows)]


def _head(planned: Planned) -> list[str]:
    return [f"**{wanted(planned)}**: {', '.join(count.lstrip('+>=!- ') for count in counts(planned))}"]


def _warning(planned: Planned) -> list[str]:
    over = over_budget(planned)
    return [f"> **{over}**"] if over else []


def _money(planned: Planned) -> list[str]:
    rows = [(each.title, each.amount, each.remark) for each in amounts(planned)]
    limit, took = planned.spec.budget.max, duration(planned)
    budget = "; the spec sets no budget" if limit is None else f" of {usd(limit)}"
    table = _table(("Price", "USD", ""), rows, right=0)
    return [*table, "", f"{so_far(planned)}{budget}", *(["", f"It takes {took}"] if took else [])]


def _models(planned: Planned) -> list[str]:
    if not planned.estimate.models:
        return []
    rows = [_model(row) for row in planned.estimate.models]
    sources = [
        f"{price.model}: {price.source}, {price.date}{f'; {price.note}' if price.note else ''}"
        for price in planned.plan.prices
    ]
    return [
        *_table(("Model", "To buy", "Unit price", "Estimate"), rows, right=3),
        "",
        *(f"- {line}" for line in sources),
    ]


def _model(row: ModelCost) -> tuple[str, ...]:
    unit, whole = ("unknown", "unknown") if row.unit is None else (usd(row.unit), usd(row.total))
    return plain(row.model), f"{row.images:,}", unit, whole


def _axis(axis: AxisCost) -> list[str]:
    rows = [_value(value) for value in axis.values[:MOST_VALUES]]
    more = len(axis.values) - MOST_VALUES
    rows += [(f"… and {plural(more, 'more value')}", "", "", "")] if more > 0 else []
    return _table((plain(TITLES.get(axis.axis, axis.axis)), "Images", "To buy", "Estimate"), rows, right=3)


def _value(value: ValueCost) -> tuple[str, ...]:
    cost = "unknown" if value.cost is None else usd(value.cost)
    return plain(value.label), f"{value.images:,}", f"{value.new:,}", cost


def _reasons(planned: Planned) -> list[str]:
    told = reasons(planned)
    lines = [f"- `{SIGNS[action]}` {count:,}: {plain(reason)}" for action, count, reason in told[:MOST_REASONS]]
    more = len(told) - MOST_REASONS
    return [*lines, f"- and {plural(more, 'more reason')}"] if more > 0 else lines


def _first_prompt(planned: Planned) -> list[str]:
    return ["First prompt:", "", f"> “{plain(planned.first().prompt)}”"]
