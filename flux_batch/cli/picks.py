"""``flux-batch picks``: what reviewers marked, put together and counted."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

import click

from flux_batch.cli.terminal.command import Command, write_example
from flux_batch.cli.terminal.options import json_option, out_option, picks_option, run_argument, run_folder
from flux_batch.cli.terminal.output import clean, one_line, print_json, say
from flux_batch.errors import UsageError

EXAMPLE = """
    flux-batch picks merge ann.json ben.json -o picks.json
    flux-batch picks show spring --picks picks.json
"""


class _Group(click.Group):
    """A group with example lines, as the commands have them."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A file where a command belongs is meant to be merged or shown."""
        found = super().get_command(ctx, cmd_name)
        if found is None and not ctx.resilient_parsing and not cmd_name.startswith("-"):
            again = shlex.join(["flux-batch", "picks", "merge", cmd_name])
            hint = f"Did you mean `{again}`?" if Path(cmd_name).suffix else "There are `picks merge` and `picks show`."
            ctx.fail(f"there is no command {cmd_name!r}. {hint}")
        return found

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Example first."""
        write_example(formatter, EXAMPLE)
        super().format_help(ctx, formatter)


@click.group(cls=_Group)
def picks() -> None:
    """Merge what reviewers marked on the sheet, and show which words, models and ratios win.

    Each of these takes --json.
    """


@picks.command("merge", cls=Command, example="flux-batch picks merge ann.json ben.json -o picks.json")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write them as one."
)
@json_option
def merge_files(files: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    """Put several reviewers' picks together and show where they agree.

    The majority of picks and rejects decides, a tie decides nothing. Of one reviewer's words on an image the latest
    counts.
    """
    from flux_batch.cli.picking.picks_text import agreement_json, agreement_lines
    from flux_batch.report.picking.agreement import merge, merged_json
    from flux_batch.spec.beside.picks import read_picks

    merged = merge([read_picks(path) for path in files])
    for note in merged.notes:
        say(f"note: {one_line(note)}")
    if output is not None:
        _write_new(output, json.dumps(merged_json(merged), ensure_ascii=False, indent=1) + "\n")
    if as_json:
        print_json({**agreement_json(merged), "output": None if output is None else str(output)})
        return
    for line in agreement_lines(merged, shutil.get_terminal_size().columns):
        click.echo(clean(line))
    if output is not None:
        again = shlex.join(["flux-batch", "promote", merged.run, "--picks", str(output), "-o", "finals.yaml"])
        click.echo(clean(f"\nwritten  {output}\nNext: {one_line(again)}"))


@picks.command("show", cls=Command, example="flux-batch picks show spring --picks picks.json")
@run_argument
@picks_option
@out_option
@json_option
def show(run_or_spec: Path, picks: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Show the pick rate of every value of every axis, with 95 % intervals (Wilson).

    A rate is picks of picks and rejects; where nobody rejected anything, it is picks of all stored images.
    """
    from flux_batch.cli.picking.marks import marked
    from flux_batch.cli.picking.picks_text import rates_json, rates_lines, tally

    counted = tally(marked(run_folder(run_or_spec, out), picks))
    if as_json:
        print_json(rates_json(counted))
        return
    for line in rates_lines(counted, shutil.get_terminal_size().columns):
        click.echo(clean(line))


def _write_new(path: Path, text: str) -> None:
    """Never over another file: a reviewer's own picks may be what stands there."""
    from flux_batch.report.files import write_if_changed

    content = text.encode()
    if os.path.lexists(path) and not (path.is_file() and path.read_bytes() == content):
        raise UsageError(f"{path} is there already and is something else; choose another name with -o")
    write_if_changed(path, content)
