"""``flux-batch diff``: two runs, two saved plans, or one of each, side by side."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option
from flux_batch.cli.terminal.output import clean, print_json

EXAMPLE = """
    flux-batch diff spring summer
    flux-batch diff runs/spring plan.json
"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@json_option
def diff(a: Path, b: Path, as_json: bool) -> None:
    """Compare two runs or saved plans: which images only one has, which changed and how, and what each costs.

    A and B are run folders, names of runs, specs that were run, or plans from `plan -o`. Only what the last spec of a
    run wanted is compared. Nothing is written. Exits 0 whenever it could compare, equal or not.
    """
    from flux_batch.cli.planning.diff_text import diff_json, diff_lines
    from flux_batch.cli.planning.side import read_side
    from flux_batch.plan.difference.compare import compare

    sides = read_side(a), read_side(b)
    comparison = compare(sides[0].tasks, sides[1].tasks)
    if as_json:
        print_json(diff_json(comparison, *sides))
        return
    for line in diff_lines(comparison, *sides, shutil.get_terminal_size().columns):
        click.echo(clean(line))
