"""``flux-batch why``: from an image back to the line, the values and the money it came from."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option
from flux_batch.cli.terminal.output import clean, print_json

EXAMPLE = """
    flux-batch why runs/quickstart/images/sage-mug-linen-1x1.png
    flux-batch why 3f9c2a7b41d0 quickstart
"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("image", metavar="IMAGE_OR_ID")
@click.argument("run_or_spec", metavar="[RUN_OR_SPEC]", type=click.Path(path_type=Path), required=False)
@click.option(
    "--run", "run", type=click.Path(path_type=Path), metavar="RUN_OR_SPEC",
    help="Where to look. [default: every run below runs/]",
)  # fmt: skip
@json_option
def why(image: str, run_or_spec: Path | None, run: Path | None, as_json: bool) -> None:
    """Say where an image comes from: template, values, spec line, references, price, and why it was bought.

    IMAGE_OR_ID is an image's path, a task id, the beginning of a key, a business id or the provider's id. Nothing is
    written.
    """
    from flux_batch.cli.terminal.finding import find_image
    from flux_batch.cli.tracing.origin import origin_of
    from flux_batch.cli.tracing.why_text import why_json, why_lines

    if run is not None and run_or_spec is not None:
        raise click.UsageError("name the run once: behind the image or with --run")
    found = find_image(image, run or run_or_spec)
    origin = origin_of(found)
    if as_json:
        print_json(why_json(found, origin))
        return
    for line in why_lines(found, origin, shutil.get_terminal_size().columns):
        click.echo(clean(line))
