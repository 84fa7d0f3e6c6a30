"""``flux-batch status``: where a run stands."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flux_batch.cli.running.asking import suspect_lines
from flux_batch.cli.running.failed import failure_lines, support_lines
from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option, out_option, run_argument, run_folder
from flux_batch.cli.terminal.output import clean, plural, print_json
from flux_batch.plan.totals.money import decimal_text, usd

if TYPE_CHECKING:
    from flux_batch.report.summary import Totals
    from flux_batch.run.records import RunView

EXAMPLE = """
    flux-batch status quickstart-rehearsal
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@out_option
@json_option
def status(run_or_spec: Path, out: Path | None, as_json: bool) -> None:
    """Show where a run stands: what is stored, what is not and why, what was spent."""
    from flux_batch.report.summary import totals
    from flux_batch.run.after.suspects import suspects_of
    from flux_batch.run.store.state import FILE, StateFile

    folder = run_folder(run_or_spec, out)
    with StateFile(folder / FILE, read_only=True) as state:
        view = state.view()
    if as_json:
        counted = asdict(totals(view)).items()
        values = {name: decimal_text(value) if isinstance(value, Decimal) else value for name, value in counted}
        print_json(
            {
                "name": view.name,
                "run_folder": str(folder),
                "rehearsal": view.rehearsal,
                **values,
                "suspect": len(suspects_of(view)),
            }
        )
        return
    click.echo(clean(f"{view.name}  {folder}"))
    typed = shlex.quote(str(folder))
    lines = [*_counts(totals(view)), _money(view), *failure_lines(view.entries)]
    for line in (*lines, *support_lines(view, typed), *suspect_lines(view, typed)):
        click.echo(clean(f"  {line}"))


_WAITING = ("pending", "uncertain", "held", "failed", "refused", "skipped")


def _counts(counted: Totals) -> list[str]:
    others = [(getattr(counted, word), word) for word in _WAITING]
    parts = [f"{counted.stored} of {plural(counted.tasks, 'image')} stored"]
    return [", ".join([*parts, *(f"{number} {word}" for number, word in others if number)])]


def _money(view: RunView) -> str:
    since = datetime.fromtimestamp(view.updated, UTC).strftime("%Y-%m-%d %H:%M UTC")
    spent = f"spent {usd(view.spent)}" + (f" of {usd(view.budget_max)}" if view.budget_max is not None else "")
    spent += f", {usd(view.reserved)} reserved" if view.reserved else ""
    return f"{'a rehearsal: nothing was spent' if view.rehearsal else spent}; last activity {since}"
