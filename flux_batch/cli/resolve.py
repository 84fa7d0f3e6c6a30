"""``flux-batch resolve``: requests in doubt, and a person's word on them."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option, out_option, run_argument, run_folder
from flux_batch.cli.terminal.output import clean, plural, print_json
from flux_batch.errors import ConsentMissing, UsageError

if TYPE_CHECKING:
    from flux_batch.run.records import Entry, RunView
    from flux_batch.run.resolve import Decision, Resolved
    from flux_batch.run.store.state import StateFile

EXAMPLE = """
    flux-batch resolve specs/quickstart.yaml                            what is in doubt
    flux-batch resolve specs/quickstart.yaml --adopt 1f6a52b90c3d=task_01abc
    flux-batch resolve specs/quickstart.yaml --resend 1f6a52b90c3d --yes
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@click.option("--adopt", multiple=True, metavar="TASK=REMOTE_ID", help="It is at the provider, under this id.")
@click.option("--resend", multiple=True, metavar="TASK", help="It never arrived: send it once more, now. Costs money.")
@click.option("--abandon", multiple=True, metavar="TASK", help="Give it up; its price may be paid, or is.")
@click.option("--yes", is_flag=True, help="Spend without asking; needed off a terminal.")
@out_option
@json_option
@click.pass_context
def resolve(
    ctx: click.Context,
    run_or_spec: Path,
    adopt: tuple[str, ...],
    resend: tuple[str, ...],
    abandon: tuple[str, ...],
    yes: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Decide about requests whose answer was lost for good; without a verb, list them.

    It also lists what is paid and could not be fetched, with a message for the provider's support.
    Adopting and sending once more need TOAPIS_API_KEY.
    """
    from flux_batch.cli.running.support import unfetched_json, unfetched_lines
    from flux_batch.cli.tracing.questions import decision_json, question_json, question_lines
    from flux_batch.report.write import write_report
    from flux_batch.run.folder.lock import run_lock
    from flux_batch.run.resolve import questions, unfetched
    from flux_batch.run.store.state import FILE, StateFile

    folder, looking = run_folder(run_or_spec, out), not (adopt or resend or abandon)
    done: list[Resolved] = []
    with run_lock(folder), StateFile(folder / FILE, read_only=looking) as state:
        view, answers = state.view(), state.odd_answers()
        decisions = _decisions(view, adopt, resend, abandon)
        if decisions:
            _approve(decisions, yes=yes)
            try:
                asyncio.run(_carry_out(state, decisions, done, quiet=as_json))
            finally:
                view, answers = state.view(), state.odd_answers()
                write_report(view, folder)
    code = 0 if all(each.clear for each in done) else 4
    if as_json:
        opened = [question_json(entry, answers) for entry in questions(view)]
        resolved = [decision_json(each) for each in done]
        paid = [unfetched_json(entry) for entry in unfetched(view)]
        print_json(
            {"run_folder": str(folder), "resolved": resolved, "open": opened, "unfetched": paid, "exit_code": code}
        )
    elif not decisions:
        asked, paid_lines = questions(view), unfetched_lines(unfetched(view), view, folder)
        lines = question_lines(asked, view, folder, answers) if asked or not paid_lines else []
        click.echo(clean("\n".join([*lines, *([""] if lines and paid_lines else []), *paid_lines])))
    ctx.exit(code)


def _decisions(
    view: RunView, adopt: tuple[str, ...], resend: tuple[str, ...], abandon: tuple[str, ...]
) -> list[Decision]:
    """What was typed, checked whole before anything is done."""
    from flux_batch.run.resolve import Decision, Verb, named

    if view.rehearsal and (adopt or resend or abandon):
        raise UsageError("a rehearsal starts its lost requests again by itself: there is nothing to decide")
    found = [Decision(verb=Verb.ADOPT, entry=entry, remote_id=known) for entry, known in _adoptions(view, adopt)]
    found += [Decision(verb=Verb.RESEND, entry=named(view.entries, name)) for name in resend]
    found += [Decision(verb=Verb.ABANDON, entry=named(view.entries, name, Verb.ABANDON)) for name in abandon]
    keys = [each.entry.task.key for each in found]
    if len(set(keys)) < len(keys):
        raise UsageError("one task is named twice")
    return found


def _adoptions(view: RunView, adopt: tuple[str, ...]) -> list[tuple[Entry, str]]:
    from flux_batch.run.resolve import named

    pairs = [typed.partition("=") for typed in adopt]
    for name, _, remote_id in pairs:
        if not remote_id.strip():
            raise UsageError(f"--adopt {name}: write TASK=REMOTE_ID, with the provider's id of the task")
    return [(named(view.entries, name), remote_id.strip()) for name, _, remote_id in pairs]


def _approve(decisions: list[Decision], *, yes: bool) -> None:
    """Sending once more may buy twice, so it is asked for by its price."""
    from flux_batch.cli.tracing.questions import price_of

    again = [each.entry for each in decisions if each.verb == "resend"]
    if not again or yes:
        return
    what = f"{plural(len(again), 'request')} once more, for {price_of(again)}"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConsentMissing(f"this would send {what}; off a terminal say so with --yes. Nothing was changed")
    if not click.confirm(f"Send {what}? If it did arrive the first time, it is billed twice", err=True):
        raise ConsentMissing("nothing was sent, nothing was changed")


async def _carry_out(state: StateFile, decisions: list[Decision], done: list[Resolved], *, quiet: bool) -> None:
    """One after the other; each is committed before the next begins."""
    from flux_batch.api.client import ApiClient
    from flux_batch.api.settings import settings_from
    from flux_batch.run.folder.identity import claim_identity
    from flux_batch.run.pace.clock import SystemClock
    from flux_batch.run.resolve import Verb, abandon, adopt, budget, resend

    def note(resolved: Resolved) -> None:
        done.append(resolved)
        if not quiet:
            click.echo(clean(f"{resolved.decision.entry.task.id}  {resolved.purchase.phase}: {resolved.said}"))

    remote = [each for each in decisions if each.verb is not Verb.ABANDON]
    if remote:
        settings, clock = settings_from(os.environ), SystemClock()
        claim_identity(state, settings, rehearsal=False)
        async with ApiClient(settings) as api:
            for each in remote:
                if each.verb is Verb.ADOPT:
                    note(await adopt(state, api, each, clock))
                else:
                    note(await resend(state, api, each, clock, cap=budget(state)))
    for each in decisions:
        if each.verb is Verb.ABANDON:
            note(abandon(state, each))
