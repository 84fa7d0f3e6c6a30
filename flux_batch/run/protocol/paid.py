"""After the provider has the task: asked for until it is ready, fetched until it is stored, and never bought again."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.protocol.events import (
    Done,
    Effect,
    Event,
    Fetch,
    Fetched,
    Leave,
    NoAnswer,
    NotFetched,
    NotFound,
    Poll,
    Seen,
)
from flux_batch.run.protocol.steps import Moment, Rules, State, Step, backoff, later, moved, since, to
from flux_batch.run.records import NOT_FETCHED, Failure, Phase, Purchase, StoredFile

FETCH_TRIES: Final = 8
MISSING_POLLS: Final = 10
LATER_TRIES: Final = 2
"""How often a run asks for an image that an earlier one could not bring home, unless its address is a new one."""


def adopt(state: State, snapshot: TaskSnapshot, now: Moment, rules: Rules) -> Step:
    """The provider has the task: from now on there is nothing left to buy."""
    times = replace(state.purchase.times, submitted=later(state.purchase.times, now))
    known = moved(state, phase=Phase.SUBMITTED, remote_id=snapshot.id, times=times)
    known = replace(known, doubt_since=None, throttled=False, tries=0, waiting_since=now.mono)
    if snapshot.completed or snapshot.failed:
        return _progress(known, snapshot, now, rules)
    return to(known, Poll(after=rules.polls.wait(None)))


def paid(state: State, event: Event, now: Moment, rules: Rules) -> Step | None:
    """What an answer means for a task that the provider has."""
    match event:
        case Seen(snapshot=snapshot):
            return _progress(state, snapshot, now, rules)
        case NotFound():
            return _vanished(state, now, rules)
        case NoAnswer():
            return _poll_later(state, now, rules)
        case Fetched(file=file) if state.phase is Phase.READY:
            return _stored(state, file, now)
        case NotFetched(reason=reason) if state.phase is Phase.READY:
            return _not_fetched(state, reason)
    return None


def _progress(state: State, snapshot: TaskSnapshot, now: Moment, rules: Rules) -> Step:
    if snapshot.failed and state.phase is Phase.SUBMITTED:
        failure = Failure(code=snapshot.error_code or "failed", message=snapshot.error_message or "no reason given")
        return to(moved(state, phase=Phase.FAILED, failure=failure), Done())
    if snapshot.completed and snapshot.result_url:
        return to(_ready(state, snapshot, now), Fetch(url=snapshot.result_url))
    found = moved(state, failure=None) if state.phase is Phase.SUBMITTED else state
    return _poll_later(found, now, rules)


def _ready(state: State, snapshot: TaskSnapshot, now: Moment) -> State:
    """The image can be fetched; a new address is a new chance."""
    purchase, url = state.purchase, snapshot.result_url
    return moved(
        state,
        phase=Phase.READY,
        result_url=url,
        expires_at=snapshot.expires_at,
        failure=purchase.failure if url == purchase.result_url else None,
        times=replace(purchase.times, ready=purchase.times.ready or later(purchase.times, now)),
    )


def _poll_later(state: State, now: Moment, rules: Rules) -> Step:
    """However long it takes, a task that was accepted is never given up: only this process's patience ends."""
    if since(state.waiting_since, now) >= rules.patience:
        return to(state, Leave(reason="still in progress at the provider"))
    return to(state, Poll(after=rules.polls.wait(since(state.waiting_since, now))))


def _vanished(state: State, now: Moment, rules: Rules) -> Step:
    """A known id that the API does not know now: keep asking, then leave it to a later run. It is paid."""
    state = replace(state, missing=state.missing + 1)
    if state.missing >= _tries(state.purchase, MISSING_POLLS):
        reason = f"the provider does not know task {state.purchase.remote_id} now"
        kept = _unfetched(state, f"{reason}; asked {state.missing} times in the last run")
        return to(kept, Leave(reason=f"paid, but {reason}"))
    return _poll_later(state, now, rules)


def _stored(state: State, file: StoredFile, now: Moment) -> Step:
    times = replace(state.purchase.times, stored=later(state.purchase.times, now))
    return to(moved(state, phase=Phase.STORED, file=file, failure=None, times=times), Done())


def _not_fetched(state: State, reason: str) -> Step:
    """Ask for a fresh URL and try again; the image is paid, so nothing is ever bought in its place."""
    tries = state.tries + 1
    if tries >= _tries(state.purchase, FETCH_TRIES):
        kept = _unfetched(state, f"{reason}; tried {tries} times in the last run, each at the address given then")
        return to(kept, Leave(reason=f"paid, but not fetched: {reason}"))
    return to(replace(state, tries=tries), Poll(after=min(backoff(tries), 10.0)))


def _unfetched(state: State, message: str) -> State:
    """Noted for people and for later runs; the purchase stays what it is, paid and known."""
    return moved(state, failure=Failure(code=NOT_FETCHED, message=message))


def _tries(purchase: Purchase, most: int) -> int:
    """How often to ask: all is tried once, and later runs only look whether it has come back."""
    return min(most, LATER_TRIES) if purchase.unfetched else most


def fetch_or_poll(purchase: Purchase) -> Effect:
    """A result whose address is known is fetched, any other is asked for."""
    return Fetch(url=purchase.result_url) if purchase.result_url else Poll(after=0.0)
