"""A person's word on requests of which nobody could find out whether they arrived: adopt, send once more, give up.

What is paid and cannot be fetched may be given up as well.

Every decision is one transaction, made under the run lock; what it means is the protocol's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from flux_batch.api.client import ApiClient
from flux_batch.api.wire import TaskSnapshot
from flux_batch.errors import (
    AccountRejected,
    ApiError,
    NotSent,
    OverBudget,
    Rejected,
    TaskNotFound,
    Throttled,
    Unclear,
    UsageError,
)  # fmt: skip
from flux_batch.run.pace.clock import Clock
from flux_batch.run.protocol.events import Accepted, Doubtful, RefusedBy, Seen
from flux_batch.run.protocol.machine import Rules, State, step
from flux_batch.run.records import ABANDONED as ABANDONED_CODE
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView
from flux_batch.run.store.state import StateFile

OPEN: Final = frozenset({Phase.INTENT, Phase.UNCERTAIN, Phase.HELD})
"""Phases in which it is not known whether a request arrived; without a process at work an intent is one of them."""

ABANDONED: Final = Failure(code=ABANDONED_CODE, message="given up by hand; the provider may have billed it")
GIVEN_UP: Final = Failure(code=ABANDONED_CODE, message="given up by hand: paid, and never fetched; it stays spent")
_RULES: Final = Rules()
"""Only for the first steps after a decision; a run has the spec's own."""


class Verb(StrEnum):
    """What a person can say of a request in doubt."""

    ADOPT = "adopt"
    RESEND = "resend"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One verb for one image; ``remote_id`` is the provider's id, for ADOPT."""

    verb: Verb
    entry: Entry
    remote_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What came of a decision; ``clear`` is False while the request is still in doubt."""

    decision: Decision
    purchase: Purchase
    said: str

    @property
    def clear(self) -> bool:
        """Whether the doubt is over."""
        return self.purchase.phase not in OPEN


def questions(view: RunView) -> tuple[Entry, ...]:
    """Every request in doubt, once, in the order of the plan."""
    return _once(entry for entry in view.entries if entry.purchase.phase in OPEN)


def unfetched(view: RunView) -> tuple[Entry, ...]:
    """Every image that is paid and could not be brought home, once; a rehearsal, which paid nothing, has none."""
    return () if view.rehearsal else _once(entry for entry in view.entries if entry.purchase.unfetched)


def _once(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    first: dict[str, Entry] = {}
    for entry in entries:
        first.setdefault(entry.task.key, entry)
    return tuple(first.values())


def named(entries: Sequence[Entry], name: str, verb: Verb | None = None) -> Entry:
    """The image that a task id or a business id means; raises UsageError for none that ``verb`` can be said of.

    Every verb is for what is in doubt; only ABANDON is also for what is paid and cannot be fetched.
    """
    found = [entry for entry in entries if name in (entry.task.id, entry.purchase.business_id)]
    if not found:
        raise UsageError(f"{name}: no such task of this run")
    purchase = found[0].purchase
    if purchase.phase in OPEN or (purchase.unfetched and verb is Verb.ABANDON):
        return found[0]
    if purchase.unfetched:
        raise UsageError(f"{name} is paid, as {purchase.remote_id}: a run fetches it, or --abandon gives it up")
    raise UsageError(f"{name} is {purchase.phase}: there is nothing to decide")


async def adopt(state: StateFile, api: ApiClient, decision: Decision, clock: Clock) -> Resolved:
    """Take the provider's task for ours, after asking that it exists and is not another's; nothing is bought."""
    try:
        found = await api.status(decision.remote_id)
    except TaskNotFound:
        raise UsageError(f"the provider knows no task {decision.remote_id} of this key; nothing was changed") from None
    _check_ours(state, decision.entry.purchase, found)
    return _seen(state, decision, found, clock, f"adopted as {found.id}")


async def resend(
    state: StateFile, api: ApiClient, decision: Decision, clock: Clock, *, cap: Decimal | None
) -> Resolved:
    """Send the stored bytes once more, unless one last lookup finds them; the money is reserved first.

    Raises OverBudget when ``cap`` has no room, ApiError when the lookup brought no answer: then nothing was sent.
    """
    before = decision.entry.purchase
    if not decision.entry.wanted:
        raise UsageError(f"{decision.entry.task.id} is no longer in the spec; adopt or abandon it")
    found = await _lookup(api, before)
    if found is not None:
        return _seen(state, decision, found, clock, f"nothing was sent: it is there after all, as {found.id}")
    intent = replace(before, phase=Phase.INTENT, sends=before.sends + 1)
    if not state.save([intent], cap)[0]:
        raise OverBudget(f"the budget of ${cap} has no room for another ${before.price}; nothing was sent")
    return await _send(state, api, decision, intent, clock)


def abandon(state: StateFile, decision: Decision) -> Resolved:
    """Give the image up; what it edits into is skipped. What was in doubt frees its money, what is paid stays spent."""
    before = decision.entry.purchase
    failure = GIVEN_UP if before.paid else ABANDONED
    purchase = replace(before, phase=Phase.FAILED, failure=failure)
    state.save([purchase], None)
    return Resolved(decision=decision, purchase=purchase, said=failure.message)


def budget(state: StateFile) -> Decimal | None:
    """The USD that the spec allows this folder, as the last run noted it."""
    limit = state.meta("budget_max")
    return Decimal(limit) if limit else None


async def _lookup(api: ApiClient, purchase: Purchase) -> TaskSnapshot | None:
    try:
        found = await api.status(purchase.business_id or "")
    except TaskNotFound:
        return None
    if found.business_id not in (None, purchase.business_id):
        raise Unclear("the lookup was answered with another task; nothing was sent")
    return found


async def _send(state: StateFile, api: ApiClient, decision: Decision, intent: Purchase, clock: Clock) -> Resolved:
    """POST once; whatever the answer, it is written down before anything else."""
    event: Accepted | RefusedBy | Doubtful
    try:
        found = await api.submit(intent.body or b"")
        event, said = Accepted(snapshot=found), f"sent once more; the provider took it as {found.id}"
    except Rejected as error:
        failure = Failure(code=error.code or str(error.status), message=error.message)
        event = RefusedBy(failure=failure, account=isinstance(error, AccountRejected))
        said = f"refused this time ({error}); the first request stays in doubt"
    except (NotSent, Throttled) as error:
        state.save([decision.entry.purchase], None)
        return Resolved(
            decision=decision, purchase=decision.entry.purchase, said=f"not sent ({error}); all is as it was"
        )
    except ApiError as error:
        answer = error.answer if isinstance(error, Unclear) else None
        event, said = Doubtful(reason=str(error), answer=answer), f"sent once more without a clear answer ({error})"
    return _take(state, decision, State(purchase=intent), event, clock, said)


def _seen(state: StateFile, decision: Decision, found: TaskSnapshot, clock: Clock, said: str) -> Resolved:
    before = State(purchase=decision.entry.purchase)
    return _take(state, decision, before, Seen(snapshot=found), clock, said)


def _take(
    state: StateFile,
    decision: Decision,
    before: State,
    event: Accepted | RefusedBy | Doubtful | Seen,
    clock: Clock,
    said: str,
) -> Resolved:
    """What the protocol makes of it, committed."""
    purchase = step(before, event, clock.now(), _RULES).state.purchase
    odd = event.answer if isinstance(event, Doubtful) else None
    state.save([purchase], None, {purchase.key: odd} if odd else None)
    return Resolved(decision=decision, purchase=purchase, said=said)


def _check_ours(state: StateFile, purchase: Purchase, found: TaskSnapshot) -> None:
    if found.business_id not in (None, purchase.business_id):
        raise UsageError(f"task {found.id} is another request ({found.business_id}); nothing was changed")
    if state.db.rows("SELECT key FROM purchase WHERE remote_id = ? AND key != ?", (found.id, purchase.key)):
        raise UsageError(f"task {found.id} is another image of this run already; nothing was changed")
