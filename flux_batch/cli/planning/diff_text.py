"""A comparison as a person and as a script read it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from flux_batch.cli.planning.side import Side
from flux_batch.cli.terminal.output import plural
from flux_batch.plan.difference.compare import AxisChange, Changed, Comparison
from flux_batch.plan.difference.differences import in_words
from flux_batch.plan.records import CURRENCY, Task
from flux_batch.plan.totals.money import decimal_text, usd

SHOWN: Final = 8
"""Lines of one list; the rest is counted."""

_KINDS: Final = {"run": "run", "rehearsal": "rehearsal", "plan": "saved plan"}


def diff_lines(found: Comparison, a: Side, b: Side, width: int) -> list[str]:
    """The comparison in ``width`` columns, long lists cut."""
    blocks = [
        [_side("A", a), _side("B", b), _counts(found)],
        _money(found, a, b),
        _axes(found.axes),
        _changed(found.changed),
        _alone("Only in A", "-", found.only_a),
        _alone("Only in B", "+", found.only_b),
    ]
    folded = [line for block in blocks if block for line in (*_folded(block, width), "")]
    return folded[:-1]


def _side(letter: str, side: Side) -> str:
    words = [_KINDS[side.kind], plural(len(side.tasks), "image")]
    words += [] if side.kind == "plan" else [f"{side.stored:,} stored"]
    return f"{letter}  {side.where}: {', '.join(words)}"


def _counts(found: Comparison) -> str:
    counts = f"= {len(found.same):,} same   ~ {len(found.changed):,} changed"
    return f"   {counts}   - {len(found.only_a):,} only in A   + {len(found.only_b):,} only in B"


def _money(found: Comparison, a: Side, b: Side) -> list[str]:
    lines = [f"   Price of the images   {_amounts(found.cost_a, found.cost_b)}"]
    if a.spent is not None and b.spent is not None:
        lines.append(f"   Spent so far          {_amounts(a.spent, b.spent)}")
    elif (spent := a.spent if a.spent is not None else b.spent) is not None:
        lines.append(f"   Spent so far          {'A' if a.spent is not None else 'B'} {usd(spent)}")
    note = "   In a rehearsal nothing was really spent."
    return [*lines, note] if "rehearsal" in (a.kind, b.kind) else lines


def _amounts(a: Decimal, b: Decimal) -> str:
    return f"A {usd(a)}   B {usd(b)}   {_signed(b - a)}"


def _signed(amount: Decimal) -> str:
    return "the same" if not amount else f"{'+' if amount > 0 else '-'}{usd(abs(amount))}"


def _axes(axes: Sequence[AxisChange]) -> list[str]:
    """Every axis with more than one value, and every one that changed."""
    told = [axis for axis in axes if axis.gone or axis.come or len(axis.after) > 1]
    return ["Axes", *(f"   {each.axis}: {_values(each)}" for each in told)] if told else []


def _values(change: AxisChange) -> str:
    counts = dict.fromkeys(str(len(labels)) for labels in (change.before, change.after))
    changes = [f"- {_listed(change.gone)}"] if change.gone else []
    changes += [f"+ {_listed(change.come)}"] if change.come else []
    many = len(change.after) if change.after else len(change.before)
    return "   ".join([f"{' → '.join(counts)} value{'' if many == 1 else 's'}", *changes])


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - SHOWN:,} more" if len(labels) > SHOWN else ""
    return ", ".join(labels[:SHOWN]) + more


def _changed(changed: Sequence[Changed]) -> list[str]:
    """By reason, the commonest first, each with an image for example."""
    reasons = Counter(in_words(each.differences) for each in changed)
    example = {in_words(each.differences): each.after.stem for each in reversed(changed)}
    lines = [f"   ~ {count:,}  {reason}  ({example[reason]})" for reason, count in reasons.most_common(SHOWN)]
    return ["Changed", *lines, *_more(len(reasons), "reason")] if lines else []


def _alone(title: str, sign: str, tasks: Sequence[Task]) -> list[str]:
    lines = [f"   {sign} {task.stem}" for task in tasks[:SHOWN]]
    return [title, *lines, *_more(len(tasks), "image")] if lines else []


def _more(count: int, word: str) -> list[str]:
    return [f"     and {count - SHOWN:,} more {word}{'' if count == SHOWN + 1 else 's'} (see --json)"] * (count > SHOWN)


def _folded(lines: Iterable[str], width: int) -> list[str]:
    return [part for line in lines for part in _fold(line, width)]


def _fold(line: str, width: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True) or [""]


def diff_json(found: Comparison, a: Side, b: Side) -> dict[str, Any]:
    """Everything, uncut; money as decimal strings."""
    return {
        "a": _side_json(a, found.cost_a),
        "b": _side_json(b, found.cost_b),
        "same": len(found.same),
        "changed": len(found.changed),
        "only_a": len(found.only_a),
        "only_b": len(found.only_b),
        "cost_difference": decimal_text(found.cost_b - found.cost_a),
        "currency": CURRENCY,
        "axes": [{"axis": each.axis, "a": list(each.before), "b": list(each.after)} for each in found.axes],
        "images": {
            "changed": [_changed_json(each) for each in found.changed],
            "only_a": [_image(task) for task in found.only_a],
            "only_b": [_image(task) for task in found.only_b],
            "same": [_image(task) for task in found.same],
        },
    }


def _side_json(side: Side, cost: Decimal) -> dict[str, Any]:
    return {
        "kind": side.kind,
        "name": side.name,
        "where": side.where,
        "images": len(side.tasks),
        "stored": None if side.kind == "plan" else side.stored,
        "cost": decimal_text(cost),
        "spent": decimal_text(side.spent),
    }


def _changed_json(changed: Changed) -> dict[str, Any]:
    return {
        "a": _image(changed.before),
        "b": _image(changed.after),
        "what": [each.what for each in changed.differences],
        "reason": in_words(changed.differences),
    }


def _image(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "key": task.key,
        "stem": task.stem,
        "axes": dict(task.axes),
        "price": decimal_text(task.price),
    }
