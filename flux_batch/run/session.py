"""The run stage on one screen: lock, state, consent, and then the work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict, Unpack

from flux_batch.api.settings import ApiSettings
from flux_batch.errors import LocalFailure, RefusedToSpend, Resumable
from flux_batch.plan.records import Change, Plan
from flux_batch.plan.totals.estimate import Estimate
from flux_batch.run.asked import Asked, Fresh
from flux_batch.run.budget import budget_cap
from flux_batch.run.folder.drive import drive_warning
from flux_batch.run.folder.identity import claim_identity, keep_apart, under_way
from flux_batch.run.folder.lock import run_lock
from flux_batch.run.folder.place import claim_place
from flux_batch.run.folder.prepare import prepare_folder, refuse_without_state
from flux_batch.run.folder.strangers import refuse_strangers
from flux_batch.run.options import RunOptions
from flux_batch.run.outcome import Outcome
from flux_batch.run.pace.clock import Clock, SystemClock
from flux_batch.run.plane.choose import check_plane
from flux_batch.run.records import RunView
from flux_batch.run.store.applied import note_applied
from flux_batch.run.store.registry import forget_unfinished
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.run.watch import Nobody, Watcher
from flux_batch.run.work import Session
from flux_batch.spec.records import Spec

Approve = Callable[[Estimate, Sequence[Change]], None]
"""Asked once before money is spent; raises ConsentMissing to refuse. The changes may be looked at until it returns."""

AtEnd = Callable[[Callable[[], RunView]], None]
"""Called once with what reads a view of the run: it is large, and best read when nothing else is held any more."""


class Others(TypedDict, total=False):
    """What ``run_asked`` may be given besides."""

    at_start: Callable[[], None]
    at_end: AtEnd
    watcher: Watcher | None
    clock: Clock | None


def run_plan(
    plan: Plan,
    spec: Spec,
    settings: ApiSettings,
    options: RunOptions,
    *,
    approve: Approve,
    **others: Unpack[Others],
) -> Outcome:
    """Buy and store what the plan selects and the run folder does not have; as ``run_asked``."""
    return run_asked(Fresh(plan=plan, spec=spec), settings, options, approve=approve, **others)


def run_asked(
    asked: Asked,
    settings: ApiSettings,
    options: RunOptions,
    *,
    approve: Approve,
    at_start: Callable[[], None] = lambda: None,
    at_end: AtEnd = lambda _: None,
    watcher: Watcher | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Buy and store what is asked for and the run folder does not have; safe to end and to repeat at any instant.

    ``at_start`` is called when there is something to do, before anything is sent, which waits for it;
    ``at_end`` with what reads the run folder as it is then, still under its lock, also when the run cannot go on.
    Raises RefusedToSpend before anything is sent, Resumable when it cannot go on; images that fail are no exception.
    """
    check_plane(options.dask)
    prepare_folder(options.folder)
    with run_lock(options.folder), _state_of(options.folder) as state:
        asked = asked.settled(state, retry_failed=options.retry_failed)
        keep_apart(state, rehearsal=options.rehearsal)
        watcher = watcher or Nobody()
        if warning := drive_warning(options.folder):
            watcher.say(warning)
        images = claim_place(state, options.images)
        _mend(state, asked, options, watcher)
        if options.rehearsal:
            forget_unfinished(state)
        again = options.retry_failed
        cost = asked.estimate(state, retry_failed=again, resend=options.rules.resend)
        if cost.new or under_way(state):
            claim_identity(state, settings, rehearsal=options.rehearsal)
        session = Session(
            asked, settings, options, state, cost, None, watcher, clock or SystemClock(), at_start, images
        )
        try:
            session.cap = budget_cap(asked, cost, state.committed(), options.max_cost)
        except RefusedToSpend as refusal:
            session.refuse(refusal)
        else:
            if cost.new:
                approve(cost, asked.changes(state, retry_failed=again))
            _take_over(session)
            _look_for_strangers(session)
        return _carried_out(session, at_end)


def _state_of(folder: Path) -> StateFile:
    """Open the state file, or begin one where no run has been before."""
    refuse_without_state(folder, folder / FILE)
    return StateFile(folder / FILE)


def _take_over(session: Session) -> None:
    """Make the plan what this folder is about, with all it was made from; a saved plan learns where it was applied."""
    options, state, now = session.options, session.state, session.clock.now().wall
    session.asked.take_over(state, session.cost, now=now, retry_failed=options.retry_failed)
    if options.saved is not None and session.cost.new:
        note_applied(options.saved, options.folder, state.meta("run_id") or "", now=now)


def _look_for_strangers(session: Session) -> None:
    """Buy nothing that stands there already; a rehearsal draws its pictures anew."""
    if session.options.rehearsal or not session.cost.new:
        return
    try:
        refuse_strangers(session.state, session.options.folder)
    except RefusedToSpend as refusal:
        session.refuse(refusal)


def _carried_out(session: Session, at_end: AtEnd) -> Outcome:
    """Work, and show what the folder holds then, whatever came of it."""
    try:
        outcome = asyncio.run(session.execute())
    except (Resumable, RefusedToSpend):
        with suppress(LocalFailure):
            at_end(session.state.view)
        raise
    at_end(session.state.view)
    return outcome


def _mend(state: StateFile, asked: Asked, options: RunOptions, watcher: Watcher) -> None:
    """What is gone from the disk is brought home once more; a rehearsal draws it anew."""
    if lost := asked.mended(state, options.folder):
        how = "drawn again" if options.rehearsal else "fetched again, not bought again"
        watcher.say(f"{lost} stored {'image is' if lost == 1 else 'images are'} missing or changed: {how}")
