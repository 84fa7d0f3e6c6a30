"""``flux-batch init``: a first spec, from a few questions, from flags or from a table, with editor hints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option
from flux_batch.cli.terminal.output import clean, plural, print_json, say
from flux_batch.errors import UsageError

if TYPE_CHECKING:
    from flux_batch.cli.starting.conversation import Given
    from flux_batch.cli.starting.first_spec import Written

T = TypeVar("T")

EXAMPLE = """
    flux-batch init my-campaign                        asks a few questions
    flux-batch init my-campaign --from products.csv    one image for each row
"""

NAME: Final = "first"


@click.command(cls=Command, example=EXAMPLE)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option(
    "--from", "source", type=click.Path(path_type=Path), metavar="TABLE",
    help="Draft from a table: .csv .tsv .json .jsonl .yaml .xlsx",
)  # fmt: skip
@click.option("--subject", metavar="TEXT", help="What is in the picture.")
@click.option("--variable", "variables", multiple=True, metavar="NAME=A,B", help="What varies; may be repeated.")
@click.option("--ratio", "ratios", multiple=True, metavar="RATIO", help="Like 16:9; may be repeated.")
@click.option("--repeat", metavar="N", help="Variations of every image.")
@click.option("--budget", metavar="USD", help="What the batch may cost.")
@click.option("--name", metavar="NAME", help="Names the spec and its run folder.")
@click.option("--no-input", is_flag=True, help="Ask nothing.")
@json_option
def init(
    folder: Path,
    source: Path | None,
    subject: str | None,
    variables: tuple[str, ...],
    ratios: tuple[str, ...],
    repeat: str | None,
    budget: str | None,
    name: str | None,
    no_input: bool,
    as_json: bool,
) -> None:
    """Write a first spec, its schema for the editor, and recommended settings.

    On a terminal it asks a few questions; flags answer them beforehand. Files that are there already are never changed.
    """
    from flux_batch.cli.starting.first_spec import asked, open_source, wish_of, write_draft, write_starter
    from flux_batch.cli.starting.project import refuse_taken

    if source is not None and subject is not None:
        raise UsageError("--from and --subject: the table says what is in the pictures; take one of them out")
    table = None if source is None else open_source(source, folder, ratios_given=bool(ratios))
    given = _given(subject, variables, ratios, repeat, budget, name, table.sheet.variable if table else None)
    stem = given.name or (_name_of(source, folder) if source else NAME)
    refuse_taken(folder, f"{stem}.yaml")
    asking = not (no_input or as_json) and sys.stdin.isatty() and sys.stderr.isatty()
    if not (table or asking or given.anything()):
        _tell(write_starter(folder), as_json=as_json)
        return
    wish = wish_of(given, stem, table)
    _tell(write_draft(asked(wish, given, folder, table) if asking else wish, folder, table), as_json=as_json)


def _given(
    subject: str | None,
    variables: Sequence[str],
    ratios: Sequence[str],
    repeat: str | None,
    budget: str | None,
    name: str | None,
    row: str | None,
) -> Given:
    """The flags, read as answers are; ``row`` is the variable that a table fills."""
    from flux_batch.cli.starting.answers import SUBJECT, budget_in, ratios_in, repeat_in, text_in, variable_in
    from flux_batch.cli.starting.conversation import Given

    reserved, named = row or SUBJECT, dict[str, tuple[str, ...]]()
    for written in variables:
        key, values = _flag("--variable", partial(variable_in, taken=(reserved, *named)), written)
        named[key] = values
    return Given(
        subject=None if subject is None else _flag("--subject", text_in, subject),
        variables=named or None,
        ratios=_flag("--ratio", ratios_in, ",".join(ratios)) if ratios else None,
        repeat=None if repeat is None else _flag("--repeat", repeat_in, repeat),
        budget=None if budget is None else _flag("--budget", budget_in, budget),
        name=None if name is None else _flag("--name", _name_in, name),
        reserved=(reserved,),
    )


def _flag(flag: str, read: Callable[[str], T], written: str) -> T:
    try:
        return read(written)
    except UsageError as error:
        raise UsageError(f"{flag}: {error}") from None


def _name_in(text: str) -> str:
    """A name that can be a folder's and a file's; the schema knows which can."""
    from flux_batch.spec.schema.published import breaches
    from flux_batch.spec.words import quoted

    for breach in breaches({"version": 1, "prompt": "a", "name": text}, "spec"):
        raise UsageError(f"{quoted(text)} {breach.schema['patternErrorMessage']}")
    return text


def _name_of(table: Path, folder: Path) -> str:
    """The table's name, where it can be a spec's and is not the very file."""
    try:
        name = _name_in(table.stem)
    except UsageError:
        return NAME
    return NAME if (folder / f"{name}.yaml").resolve() == table.resolve() else name


def _tell(written: Written, *, as_json: bool) -> None:
    """What was written, what it makes and costs, and what to do next."""
    from flux_batch.plan.records import CURRENCY
    from flux_batch.plan.totals.money import decimal_text, usd

    made = written.project
    if as_json:
        files = {"folder": str(made.folder), "written": made.written, "kept": made.kept, "spec": str(written.spec)}
        price = {"tasks": written.images, "estimate": decimal_text(written.cost), "currency": CURRENCY}
        print_json({**files, **price, "next": written.next})
        return
    for name in made.written:
        click.echo(clean(f"wrote {made.folder / name}"))
    say(f"\n{plural(written.images, 'image')}, about {usd(written.cost)}; nothing is bought yet.")
    say(f"Next: {written.next}   (free, needs no key)")
