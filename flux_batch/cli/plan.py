"""``flux-batch plan``: what a run would make and cost."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import click

from flux_batch.cli.command import Command
from flux_batch.cli.options import json_option, out_option, retyped, selection_from, selection_options, spec_argument
from flux_batch.cli.output import clean, print_json, say

EXAMPLE = """
    flux-batch plan specs/quickstart.yaml
    flux-batch plan specs/campaign.yaml --only "ratio == '1:1'" -o plan.json
"""


@click.command(cls=Command, example=EXAMPLE)
@spec_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="PLAN.json",
    help="Save the plan; `run PLAN.json` then does exactly that.",
)  # fmt: skip
@selection_options
@out_option
@json_option
def plan(
    spec: Path,
    output: Path | None,
    only: str | None,
    limit: int | None,
    sample: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Say what a run would make and cost. Sends nothing, needs no key."""
    from flux_batch.cli.plan_json import plan_json
    from flux_batch.cli.plan_text import plan_lines
    from flux_batch.cli.planning import compare, default_folder, make
    from flux_batch.plan.saved import plan_to_json

    selection = selection_from(only, limit, sample)
    read, made = make(spec, selection, settings)
    planned = compare(read, made, out or default_folder(read))
    if output is not None:
        base = output.parent
        saved = plan_to_json(
            made,
            spec=os.path.relpath(spec, base),
            selection=selection,
            settings=settings,
            out=None if out is None else os.path.relpath(out, base),
        )
        output.write_text(json.dumps(saved, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json(plan_json(planned))
    else:
        for line in plan_lines(planned, shutil.get_terminal_size().columns):
            click.echo(clean(line))
    if not as_json or output is not None:
        typed = output or retyped(spec, only, limit, sample, settings, out)
        say(f"\nNothing was sent, nothing was spent.  Next: flux-batch run {typed}")
