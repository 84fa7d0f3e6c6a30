"""An exception → what a person reads on stderr, what a script reads on stdout, and the exit code."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Final

import click

from flux_batch.cli.terminal.annotations import annotate
from flux_batch.cli.terminal.guard import trace
from flux_batch.cli.terminal.output import clean, debugging, one_line, plural, print_json, say
from flux_batch.errors import ApiError, FluxBatchError, InvalidSpec, LocalFailure, Problem

INTERRUPTED: Final = 130
BUG: Final = 70

_OF_THE_MACHINE: Final = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EROFS, errno.ELOOP, errno.ENAMETOOLONG}
)
"""A place that is gone, closed or no place for this; where nothing of ours has said more about it already."""


def report_failure(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong; returns the exit code of the CLI contract."""
    code, message = _code_and_message(error)
    say(message)
    if isinstance(error, InvalidSpec):
        annotate(error.problems)
    if as_json:
        print_json({"error": _as_json(error, message), "exit_code": code})
    if (code == BUG or isinstance(error, OSError)) and debugging():
        say(trace(error))
    return code


def _code_and_message(error: BaseException) -> tuple[int, str]:
    match error:
        case InvalidSpec(problems=problems):
            shown = "\n".join(problem.render() for problem in problems)
            return error.exit_code, f"{shown}\n\n{_sum_up(problems)}. Nothing was sent."
        case ApiError():
            return error.exit_code, f"flux-batch: {one_line(error)}"
        case FluxBatchError():
            return error.exit_code, f"flux-batch: {error}"
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED, "\nStopped."
        case click.ClickException():
            return 2, _usage(error)
        case OSError() if error.errno in _OF_THE_MACHINE:
            return LocalFailure.exit_code, f"flux-batch: {_place(error)}"
    return BUG, (
        f"flux-batch: this is a bug of ours, please report it: {type(error).__name__}: {error}\n"
        "Nothing bought is lost; the same command goes on. FLUX_BATCH_DEBUG=1 shows the traceback."
    )


def _place(error: OSError) -> str:
    """What cannot be used, and what to do."""
    if error.filename is None:
        return f"the current folder: {error.strerror}. Go with cd to a folder that is there and may be read"
    return f"{one_line(error.filename)}: {error.strerror}. Nothing bought is lost; mend that, then run it again"


def _sum_up(problems: Sequence[Problem]) -> str:
    """How many problems there are, and in how many files when it is not one."""
    files = len({problem.file for problem in problems})
    return f"{plural(len(problems), 'problem')} in {'the spec' if files == 1 else plural(files, 'file')}"


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    advice = f"\nTry: {context.command_path} --help" if isinstance(context, click.Context) else ""
    return f"flux-batch: {error.format_message()}{advice}"


def _as_json(error: BaseException, message: str) -> dict[str, object]:
    described: dict[str, object] = {"kind": type(error).__name__, "message": clean(message.strip())}
    if isinstance(error, InvalidSpec):
        described["problems"] = [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in error.problems
        ]
    return described
