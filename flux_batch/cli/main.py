"""The command line: which commands there are, and the one place where an error becomes an exit code."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Final, NoReturn

import click

from flux_batch import __version__
from flux_batch.cli.terminal.command import write_example
from flux_batch.cli.terminal.failures import report_failure
from flux_batch.cli.terminal.guard import guard_process
from flux_batch.errors import LocalFailure

COMMANDS: Final = {
    "init": "Write a first spec, from a few questions or a table.",
    "validate": "Check specs and name every problem at once.",
    "plan": "Say what a run would make and cost; sends nothing.",
    "run": "Buy and store what the plan asks for; safe to stop and repeat.",
    "rehearse": "Do the whole run on the built-in simulator, for nothing.",
    "simulate": "Serve a local ToAPIs to try other clients on.",
    "status": "Show where a run stands.",
    "diff": "Compare two runs or saved plans, image by image.",
    "why": "Say where an image comes from: spec line, values, price.",
    "report": "Write the contact sheet and the manifest again.",
    "picks": "Merge reviewers' picks; show which values win.",
    "promote": "Write the next spec from what was picked.",
    "export": "Copy images for delivery, with captions and disclosure.",
    "verify": "Compare every stored image with what was bought.",
    "resolve": "Decide about requests whose answer was lost for good.",
    "balance": "Show what the account holds.",
    "doctor": "Look for what could stop a run here, and say what to do.",
    "schema": "Print a JSON Schema, for editors and checks.",
}
"""Name → help line, in the order a newcomer needs them."""

EXAMPLE: Final = """
    flux-batch rehearse specs/quickstart.yaml    try everything, free
    flux-batch plan specs/quickstart.yaml        what it would cost
    flux-batch run specs/quickstart.yaml         buy it, resume it
"""


class LateGroup(click.Group):
    """A group that imports a command only when it is used, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, without importing one."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; for another name click knows no near one, as it looks among the imported."""
        if cmd_name not in COMMANDS:
            if not ctx.resilient_parsing and not cmd_name.startswith("-"):
                ctx.fail(f"there is no command {cmd_name!r}. {_nearest(cmd_name)}".rstrip())
            return None
        found = getattr(importlib.import_module(f"flux_batch.cli.{cmd_name}"), cmd_name)
        return found if isinstance(found, click.Command) else None

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """An example before everything else."""
        write_example(formatter, EXAMPLE)
        super().format_help(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help lines as written above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="flux-batch")
def cli() -> None:
    """Batch runner for AI images: plan and price first, crash anywhere, never pay twice."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with the code of the CLI contract."""
    _open_what_is_closed()
    guard_process()
    gc.set_threshold(*_COLLECT)
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old Windows code page has no arrows
    try:
        code = _invoked(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _write_nowhere()  # whoever read our output went away
        sys.exit(0)
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            _write_nowhere()
            error = LocalFailure(f"the output cannot be written: {error.strerror}; what was bought is safe")
        sys.exit(report_failure(error, as_json="--json" in arguments))
    sys.exit(code if isinstance(code, int) else 0)


def _invoked(arguments: list[str]) -> object:
    """What the command returns; click ends with 1 when the reader of its output went away, which is no failure."""
    try:
        return cli.main(arguments, prog_name="flux-batch", standalone_mode=False)
    except SystemExit:
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):  # what click puts there then
            sys.exit(0)
        raise


_COLLECT: Final = (10_000, 20, 20)
"""Seldom: imports and plans make many objects and hardly a circle, and to look for one takes a tenth of a start."""

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})


def _write_nowhere() -> None:
    """Python would complain once more while closing stdout."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_what_is_closed() -> None:
    """A process started without stdout or stderr (``2>&-``) has None there; its next file would take their place."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
