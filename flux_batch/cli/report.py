"""``flux-batch report``: the contact sheet and the manifest, written again from the state file."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from flux_batch.cli.command import Command
from flux_batch.cli.options import json_option, out_option, run_argument, run_folder
from flux_batch.cli.output import clean, print_json

EXAMPLE = """
    flux-batch report quickstart-rehearsal --open
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@click.option("--open", "open_page", is_flag=True, help="Open the contact sheet in the browser.")
@out_option
@json_option
def report(run_or_spec: Path, open_page: bool, out: Path | None, as_json: bool) -> None:
    """Write the contact sheet and the manifest again, from the state file alone."""
    from flux_batch.plan.money import decimal_text
    from flux_batch.report.summary import totals
    from flux_batch.report.write import write_report
    from flux_batch.run.lock import run_lock
    from flux_batch.run.state import FILE, StateFile

    folder = run_folder(run_or_spec, out)
    with run_lock(folder), StateFile(folder / FILE, read_only=True) as state:
        view = state.view()
        paths = write_report(view, folder)
    counted = totals(view)
    if as_json:
        print_json(
            {
                "report": str(paths.page),
                "manifest": str(paths.manifest),
                "tasks": counted.tasks,
                "stored": counted.stored,
                "spent": decimal_text(counted.spent),
            }
        )
    else:
        click.echo(clean(f"contact sheet  {paths.page}\nmanifest       {paths.manifest}"))
    if open_page:
        webbrowser.open(paths.page.resolve().as_uri())
