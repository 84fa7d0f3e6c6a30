"""``flux-batch rehearse``: the whole run on the built-in simulator."""

from __future__ import annotations

from pathlib import Path

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import (
    json_option,
    out_option,
    retyped,
    selection_from,
    selection_options,
    spec_argument,
)

EXAMPLE = """
    flux-batch rehearse specs/quickstart.yaml
"""


@click.command(cls=Command, example=EXAMPLE)
@spec_argument
@click.option(
    "--faults", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="Let the simulator misbehave as this file says.",
)  # fmt: skip
@selection_options
@out_option
@json_option
@click.pass_context
def rehearse(
    ctx: click.Context,
    spec: Path,
    faults: Path | None,
    only: str | None,
    limit: int | None,
    sample: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Do the whole run on the built-in simulator: no key, no cost, pictures drawn on this machine.

    It has a run folder of its own, runs/<name>-rehearsal, and never touches the real one.
    """
    from flux_batch.cli.planning.prepare import default_folder, make
    from flux_batch.cli.running.carry_out import tell
    from flux_batch.cli.running.rehearsing import rehearsal

    read, plan = make(spec, selection_from(only, limit, sample), settings)
    real = default_folder(read.name)
    folder = out or real.with_name(f"{real.name}-rehearsal")
    command = f"flux-batch rehearse {retyped(spec, only, limit, sample, settings, out)}"
    ended = rehearsal(read, plan, folder, faults=faults, command=command)
    tell(ended, as_json=as_json)
    ctx.exit(ended.exit_code)
