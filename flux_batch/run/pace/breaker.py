"""When to stop buying because everything goes the same wrong way: pure, over the latest answers to submits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from flux_batch.run.protocol.events import Accepted, Doubtful, Event, RefusedBy
from flux_batch.run.records import POLICY

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many equal answers in a row end the buying: definite refusals with one code, and answers that got lost."""

    refusals: int = 8
    lost: int = 5


LIMITS: Final = Limits()


def counts(event: Event) -> bool:
    """Whether an answer to a submit says anything about the next one."""
    return _kind(event) is not None


def verdict(answers: Sequence[Event], limits: Limits = LIMITS) -> str | None:
    """Why nothing more should be sent; ``answers`` are the latest last, None means go on."""
    latest = filter(counts, reversed(answers))
    last = next(latest, None)
    if last is None or isinstance(last, Accepted):
        return None
    row = 1 + sum(1 for _ in takewhile(lambda event: _kind(event) == _kind(last), latest))
    match last:
        case RefusedBy(failure=failure) if row >= limits.refusals:
            words = f"{failure.code}: {failure.message}"[:_LONGEST]
            return f"{row} requests in a row were refused alike ({words}), so no more are sent"
        case Doubtful(reason=reason) if row >= limits.lost:
            return f"{row} requests in a row got no clear answer ({reason[:_LONGEST]}), so no more are sent"
    return None


def _kind(event: Event) -> tuple[str, str] | None:
    """What makes two answers equal; None for one that does not count: a pause, a stop, one prompt, the account."""
    match event:
        case Accepted():
            return "accepted", ""
        case RefusedBy(failure=failure, account=False) if failure.code not in POLICY:
            return "refused", failure.code
        case Doubtful():
            return "lost", ""
    return None
