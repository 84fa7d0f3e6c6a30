"""``flux-batch status``: where a run stands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click

from flux_batch.cli.command import Command
from flux_batch.cli.options import json_option, out_option, run_argument, run_folder
from flux_batch.cli.output import clean, plural, print_json
from flux_batch.plan.money import usd

EXAMPLE = """
    flux-batch status quickstart-rehearsal
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@out_option
@json_option
def status(run_or_spec: Path, out: Path | None, as_json: bool) -> None:
    """Show where a run stands: what is stored, what is not and why, what was spent."""
    from flux_batch.report.summary import Totals, totals
    from flux_batch.run.records import Phase, RunView
    from flux_batch.run.state import FILE, StateFile

    folder = run_folder(run_or_spec, out)
    with StateFile(folder / FILE, read_only=True) as state:
        view = state.view()
    counted = totals(view)

    def lines(view: RunView, counted: Totals) -> list[str]:
        counts = [f"{counted.stored} of {plural(counted.tasks, 'image')} stored"]
        for word in ("pending", "uncertain", "held", "failed", "refused", "skipped"):
            number = getattr(counted, word)
            counts += [f"{number} {word}"] if number else []
        money = f"spent {usd(counted.spent)}" + (f" of {usd(counted.budget_max)}" if counted.budget_max else "")
        money += f", {usd(counted.reserved)} reserved" if counted.reserved else ""
        money = "a rehearsal: nothing was spent" if view.rehearsal else money
        since = datetime.fromtimestamp(view.updated, UTC).strftime("%Y-%m-%d %H:%M UTC")
        failures = [
            f"  ! {entry.task.id}  {' '.join(entry.task.axes.values())}: {failure.code}: {failure.message}"
            for entry in view.entries
            if entry.wanted and entry.purchase.phase is not Phase.STORED and (failure := entry.purchase.failure)
        ]
        return [f"{view.name}  {folder}", f"  {', '.join(counts)}", f"  {money}; last activity {since}", *failures]

    if as_json:
        values = {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(counted).items()}
        print_json({"name": view.name, "run_folder": str(folder), "rehearsal": view.rehearsal, **values})
        return
    for line in lines(view, counted):
        click.echo(clean(line))
