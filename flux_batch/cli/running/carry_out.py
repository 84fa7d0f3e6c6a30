"""Carrying a plan out and telling how it ended: what run and rehearse share."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from flux_batch.api.settings import ApiSettings
from flux_batch.cli.running.asking import suspect_lines
from flux_batch.cli.running.failed import failure_lines, support_lines
from flux_batch.cli.terminal.output import clean, one_line, plural, print_json, say, unheard
from flux_batch.cli.terminal.showing import showing
from flux_batch.errors import ConsentMissing
from flux_batch.plan.records import CURRENCY, Change
from flux_batch.plan.totals.estimate import Estimate
from flux_batch.plan.totals.money import decimal_text, usd
from flux_batch.report.write import ReportPaths, write_report
from flux_batch.run.after.suspects import suspects_of
from flux_batch.run.asked import Asked
from flux_batch.run.options import RunOptions
from flux_batch.run.outcome import Outcome
from flux_batch.run.records import Phase, RunView
from flux_batch.run.session import run_asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that came to its end, however it did: its outcome and its report."""

    outcome: Outcome
    view: RunView
    report: ReportPaths
    command: str

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do; a breaker that tripped on the last answer stopped nothing."""
        phases = self.outcome.phases
        doubts = phases.get(Phase.UNCERTAIN, 0) + phases.get(Phase.HELD, 0)
        return not (self.outcome.left or _pending(phases) or doubts)

    @property
    def exit_code(self) -> int:
        """0 all stored · 1 some failed · 4 more to do · 128 + signal."""
        phases, outcome = self.outcome.phases, self.outcome
        if outcome.signal is not None:
            return 128 + outcome.signal
        if not self.finished:
            return 4
        return 1 if _lost(phases) else 0


def carry_out(asked: Asked, settings: ApiSettings, options: RunOptions, *, yes: bool, command: str) -> Ended:
    """Run what is asked for, then write its report; ``command`` is what to type to go on."""

    def approve(cost: Estimate, changes: Sequence[Change]) -> None:
        _approve(cost, changes, yes=yes, command=command)

    reports: list[tuple[RunView, ReportPaths]] = []

    with showing(options.folder, rehearsal=options.rehearsal) as shown:

        def at_end(read: Callable[[], RunView]) -> None:
            shown.end()
            view = read()
            reports.append((view, write_report(view, options.folder)))

        outcome = run_asked(
            asked, settings, options, approve=approve, at_start=shown.begin, at_end=at_end, watcher=shown
        )
    view, report = reports[-1]
    return Ended(outcome=outcome, view=view, report=report, command=command)


def tell(ended: Ended, *, as_json: bool) -> None:
    """Say how it ended: one JSON object, or a few lines; whoever does not listen changes no exit code."""
    try:
        _tell(ended, as_json=as_json)
    except BrokenPipeError:
        unheard(sys.stdout)
    for line in next_lines(ended):
        say(line)


def _tell(ended: Ended, *, as_json: bool) -> None:
    if as_json:
        print_json(outcome_json(ended))
        return
    for line in outcome_lines(ended):
        click.echo(clean(line))


def outcome_json(ended: Ended) -> dict[str, Any]:
    """The contract's fields first; money as decimal strings."""
    phases, outcome = ended.outcome.phases, ended.outcome
    return {
        "tasks": sum(phases.values()),
        "stored": phases.get(Phase.STORED, 0),
        "failed": phases.get(Phase.FAILED, 0),
        "refused": phases.get(Phase.REFUSED, 0),
        "uncertain": phases.get(Phase.UNCERTAIN, 0),
        "held": phases.get(Phase.HELD, 0),
        "pending": _pending(phases),
        "spent": decimal_text(outcome.spent),
        "currency": CURRENCY,
        "manifest": str(ended.report.manifest),
        "report": str(ended.report.page),
        "skipped": phases.get(Phase.SKIPPED, 0),
        "spent_now": decimal_text(outcome.spent_now),
        "observed": decimal_text(outcome.observed),
        "observed_unit": decimal_text(outcome.observed_unit),
        "rehearsal": ended.view.rehearsal,
        "stopped": outcome.stopped,
        "left": outcome.left,
        "suspect": len(suspects_of(ended.view)),
        "exit_code": ended.exit_code,
    }


def outcome_lines(ended: Ended) -> list[str]:
    """What was made, what was not and why, what it cost, and where it stands."""
    phases, outcome = ended.outcome.phases, ended.outcome
    counts = [plural(phases.get(Phase.STORED, 0), "image") + " stored"]
    counts += [f"{phases[phase]} {phase}" for phase in _UNSTORED if phases.get(phase)]
    waiting = _pending(phases)
    counts += [f"{waiting} not finished"] if waiting else []
    spent = f"{usd(outcome.spent_now)} spent now" + (
        "" if outcome.spent == outcome.spent_now else f", {usd(outcome.spent)} in all"
    )
    if ended.view.rehearsal:
        spent = f"nothing spent (it would have cost {usd(outcome.spent)})"
    return [
        f"{', '.join(counts)}; {spent}",
        *(f"  {line}" for line in failure_lines(ended.view.entries, outcome.left)),
        *_account_line(ended),
        f"  contact sheet  {ended.report.page}",
        f"  manifest       {ended.report.manifest}",
    ]


def _account_line(ended: Ended) -> list[str]:
    """What the account says it cost, in its own unit: the price table may be wrong."""
    observed, unit = ended.outcome.observed, ended.outcome.observed_unit
    if observed is None or unit is None or ended.view.rehearsal:
        return []
    return [f"  the account    was charged {decimal_text(observed)}, which is {decimal_text(unit)} an image"]


def next_lines(ended: Ended) -> list[str]:
    """What to do next."""
    outcome, phases = ended.outcome, ended.outcome.phases
    again = ended.command if ended.view.rehearsal else f"{ended.command} --retry-failed"
    lines = [f"Stopped early: {one_line(outcome.stopped)}"] if outcome.stopped and not ended.finished else []
    lines += suspect_lines(ended.view, _folder(ended))
    if ended.exit_code not in (0, 1):
        lines.append(f"Nothing is lost. To go on: {ended.command}")
        lines += [f"To ask again for what was refused, too: {again}"] if phases.get(Phase.REFUSED) else []
        return [*lines, *_about_doubts(ended), *support_lines(ended.view, _folder(ended))]
    return [*lines, f"To ask again for what failed: {again}"] if _lost(phases) else lines


def _about_doubts(ended: Ended) -> list[str]:
    """Where lookups cannot settle it, a person can; in a rehearsal there is nothing to settle."""
    phases = ended.outcome.phases
    if ended.view.rehearsal or not (phases.get(Phase.HELD) or phases.get(Phase.UNCERTAIN)):
        return []
    return [f"To decide yourself about what is in doubt: flux-batch resolve {_folder(ended)}"]


def _folder(ended: Ended) -> str:
    """The run folder as it can be typed."""
    return shlex.quote(str(ended.report.manifest.parent))


_UNSTORED = (Phase.FAILED, Phase.REFUSED, Phase.SKIPPED, Phase.UNCERTAIN, Phase.HELD)


def _approve(cost: Estimate, _: Sequence[Change], *, yes: bool, command: str) -> None:
    if yes:
        return
    what = f"{usd(cost.cost)} for {plural(cost.new, 'image')}"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConsentMissing(f"this would spend up to {what}; off a terminal say so with: {command} --yes")
    if not click.confirm(f"Spend up to {what}?", err=True):
        raise ConsentMissing("nothing was sent, nothing was spent")


def _pending(phases: dict[Phase, int]) -> int:
    return sum(phases.get(phase, 0) for phase in (Phase.PLANNED, Phase.INTENT, Phase.SUBMITTED, Phase.READY))


def _lost(phases: dict[Phase, int]) -> int:
    return sum(phases.get(phase, 0) for phase in (Phase.FAILED, Phase.REFUSED, Phase.SKIPPED))
