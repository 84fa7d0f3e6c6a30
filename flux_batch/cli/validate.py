"""``flux-batch validate``: every problem of a spec, before a cent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flux_batch.cli.command import Command
from flux_batch.cli.options import json_option, setting_options
from flux_batch.cli.output import clean, plural, print_json, say
from flux_batch.errors import InvalidSpec, Problem, UsageError

if TYPE_CHECKING:
    from flux_batch.plan.records import Plan
    from flux_batch.spec.records import Spec

EXAMPLE = """
    flux-batch validate specs/*.yaml
"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, type=click.Path(path_type=Path))
@setting_options
@json_option
def validate(specs: tuple[Path, ...], settings: tuple[str, ...], as_json: bool) -> None:
    """Check specs and name every problem at once, by file, line and column. Sends nothing."""
    from flux_batch.cli.planning import make
    from flux_batch.plan.select import Selection

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
    if as_json and not problems:
        print_json(
            {"valid": True, "specs": [{"spec": str(path), "tasks": len(plan.tasks)} for path, plan in plans.items()]}
        )
    elif not as_json:
        _tell(plans)
    if problems:
        raise InvalidSpec(tuple(problems))


def _in_profiles(path: Path, spec: Spec, settings: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with a sound spec when one of its profiles is chosen."""
    from flux_batch.cli.planning import make
    from flux_batch.plan.select import Selection

    for name in spec.profiles:
        try:
            make(path, Selection(), (f"profile={name}", *settings))
        except InvalidSpec as error:
            yield from (replace(each, message=f"in profile `{name}`: {each.message}") for each in error.problems)


def _tell(plans: Mapping[Path, Plan]) -> None:
    """What is good, and what is worth saying about it."""
    for path, plan in plans.items():
        click.echo(clean(f"{path}: good, {plural(len(plan.tasks), 'image')}"))
        for note in plan.notes:
            say(f"note: {note.render()}")
