"""``flux-batch validate``: every problem of a spec, before a cent."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option, setting_options
from flux_batch.cli.terminal.output import clean, plural, print_json, say
from flux_batch.errors import InvalidSpec, Problem, UsageError

if TYPE_CHECKING:
    from flux_batch.cli.starting.fixing import Mending
    from flux_batch.plan.records import Plan
    from flux_batch.spec.records import Spec

EXAMPLE = """
    flux-batch validate specs/*.yaml
    flux-batch validate --fix my-spec.yaml
"""
ROUNDS: Final = 3
"""A slip may hide another; more than this hide behind none."""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Mend slips of the pen and unquoted ratios: shows what, and asks.")
@click.option("--yes", is_flag=True, help="With --fix: write without asking; needed off a terminal.")
@setting_options
@json_option
def validate(specs: tuple[Path, ...], fix: bool, yes: bool, settings: tuple[str, ...], as_json: bool) -> None:
    """Check specs and name every problem at once, by file, line and column. Sends nothing."""
    found = _looked_at(specs, settings)
    mended: list[str] = []
    if fix:
        found, mended = _mended(specs, settings, found, yes=yes, as_json=as_json)
    if as_json and not found.problems:
        fixed = {"fixed": mended} if fix else {}
        print_json(
            {
                "valid": True,
                **fixed,
                "specs": [{"spec": str(path), "tasks": len(plan.tasks)} for path, plan in found.plans.items()],
            }
        )
    elif not as_json:
        _tell(found.plans)
    if found.problems:
        raise InvalidSpec(found.problems)


@dataclass(frozen=True, slots=True)
class _Found:
    """The plans of the good specs, and what is wrong with the others."""

    plans: Mapping[Path, Plan]
    problems: tuple[Problem, ...]


def _looked_at(specs: tuple[Path, ...], settings: tuple[str, ...]) -> _Found:
    from flux_batch.cli.planning.prepare import make
    from flux_batch.plan.choosing.select import Selection

    problems: dict[Problem, None] = {}  # a file that several specs are built on is wrong only once
    plans: dict[Path, Plan] = {}
    for path in specs:
        try:
            spec, plans[path] = make(path, Selection(), settings)
            problems |= dict.fromkeys(_in_profiles(path, spec, settings))
        except InvalidSpec as error:
            problems |= dict.fromkeys(error.problems)
        except UsageError as error:
            if len(specs) == 1:
                raise
            problems[Problem(file=str(path), line=1, column=1, message=str(error))] = None
    return _Found(plans, tuple(problems))


def _in_profiles(path: Path, spec: Spec, settings: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with a sound spec when one of its profiles is chosen."""
    from flux_batch.cli.planning.prepare import make
    from flux_batch.plan.choosing.select import Selection

    for name in spec.profiles:
        try:
            make(path, Selection(), (f"profile={name}", *settings))
        except InvalidSpec as error:
            yield from (replace(each, message=f"in profile `{name}`: {each.message}") for each in error.problems)


def _mended(
    specs: tuple[Path, ...], settings: tuple[str, ...], found: _Found, *, yes: bool, as_json: bool
) -> tuple[_Found, list[str]]:
    """What is found once everything that can be mended is, and the files that were written."""
    from flux_batch.cli.starting.fixing import mendings, write

    written: list[str] = []
    for _ in range(ROUNDS):
        waiting = list(mendings(specs, found.problems))
        if not waiting or not _agreed(waiting, yes=yes, as_json=as_json):
            break
        for mending in waiting:
            write(mending)
            written.append(str(mending.path))
        found = _looked_at(specs, settings)
    else:
        waiting = []
    if not written and not waiting:
        say("There is nothing here that could be mended without you.")
    return found, list(dict.fromkeys(written))


def _agreed(waiting: list[Mending], *, yes: bool, as_json: bool) -> bool:
    """Show what would change, and ask; off a terminal nobody can be asked."""
    for mending in waiting:
        click.echo(clean(mending.diff()), nl=False, err=as_json)
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        say("Nothing was written. To write this without being asked: --fix --yes")
        return False
    names = ", ".join(str(mending.path) for mending in waiting)
    return click.confirm(clean(f"Write this to {names}?"), err=True)


def _tell(plans: Mapping[Path, Plan]) -> None:
    """What is good, and what is worth saying about it."""
    for path, plan in plans.items():
        click.echo(clean(f"{path}: good, {plural(len(plan.tasks), 'image')}"))
        for note in plan.notes:
            say(f"note: {note.render()}")
