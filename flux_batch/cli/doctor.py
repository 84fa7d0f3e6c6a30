"""``flux-batch doctor``: what could stop a run on this machine, before one is begun."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option
from flux_batch.cli.terminal.output import clean, plural, print_json

if TYPE_CHECKING:
    from flux_batch.cli.checking.checkup import Check

EXAMPLE = """
    flux-batch doctor
    flux-batch doctor --online     also ask the server; free
"""

WIDTH: Final = 80
GAP: Final = 21
"""Columns of the status and the name in front."""


@click.command(cls=Command, example=EXAMPLE)
@click.option("--online", is_flag=True, help="Also ask the server for the balance: is it there, is the key accepted?")
@json_option
@click.pass_context
def doctor(ctx: click.Context, online: bool, as_json: bool) -> None:
    """Look at everything here that could stop a run, and say what to do. Buys nothing, leaves nothing behind.

    The exit code is 0 when nothing stops a run, 2 for a key or a URL that cannot be used, 4 for anything else.
    """
    checks = list(_checks(online=online))
    code = exit_code(checks)
    if as_json:
        print_json(doctor_json(checks))
    else:
        for line in (*(line for check in checks for line in _lines(check)), "", _sum(checks)):
            click.echo(clean(line))
    ctx.exit(code)


def _checks(*, online: bool) -> Iterator[Check]:
    from datetime import datetime

    from flux_batch.cli.checking import checkup
    from flux_batch.cli.checking.disk import disk

    yield from checkup.programs()
    key, server = checkup.key(os.environ), checkup.server(os.environ)
    yield from (key, server, *checkup.proxy(os.environ))
    if online:
        yield from _online(usable="problem" not in (key.status, server.status))
    yield from disk()
    yield checkup.prices(datetime.now().astimezone().date())
    yield from checkup.terminal()


def _online(*, usable: bool) -> Iterator[Check]:
    from flux_batch.api.settings import KEY_VARIABLE, settings_from
    from flux_batch.cli.checking.account import account
    from flux_batch.cli.checking.checkup import note

    if usable and os.environ.get(KEY_VARIABLE, "").strip():
        yield from account(settings_from(os.environ))
    else:
        yield note("account", "the server was not asked: that needs a key and a URL")


def exit_code(checks: list[Check]) -> int:
    """0, or what a run would end with: what is unusable comes before what can be waited for."""
    codes = {check.exit_code for check in checks} - {0}
    return min(codes, default=0)


def doctor_json(checks: list[Check]) -> dict[str, Any]:
    """The same for scripts."""
    told = [{name: value for name, value in asdict(check).items() if name != "exit_code"} for check in checks]
    code = exit_code(checks)
    return {"checks": told, "ok": code == 0, "exit_code": code}


def _lines(check: Check) -> list[str]:
    status = check.status if check.status != "problem" else "PROBLEM"
    hint = _wrapped(" " * GAP + "-> ", check.hint) if check.hint else []
    return _wrapped(f"{status:<8}  {check.name:<10} ", check.message) + hint


def _wrapped(first: str, text: str) -> list[str]:
    """Words are not broken: a path can be copied."""
    rest = " " * len(first)
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _sum(checks: list[Check]) -> str:
    count = {status: sum(check.status == status for check in checks) for status in ("note", "problem")}
    notes = f", {plural(count['note'], 'note')}" if count["note"] else ""
    if count["problem"]:
        return f"{plural(count['problem'], 'problem')}{notes}: a run would stop here."
    return f"Nothing here stops a run{notes}."
