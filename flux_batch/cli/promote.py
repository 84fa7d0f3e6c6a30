"""``flux-batch promote``: the next spec, from what was picked."""

from __future__ import annotations

import shlex
from decimal import Decimal
from pathlib import Path

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option, out_option, picks_option, run_argument, run_folder
from flux_batch.cli.terminal.output import clean, plural, print_json, say
from flux_batch.errors import UsageError
from flux_batch.plan.records import CURRENCY
from flux_batch.plan.totals.money import decimal_text, usd
from flux_batch.spec.vocabulary import MATCH_INPUT, MODELS, RATIOS
from flux_batch.spec.words import did_you_mean, quoted

EXAMPLE = """
    flux-batch promote spring --picks picks.json -o finals.yaml
    flux-batch promote spring --picks picks.json -o formats.yaml --ratios 1:1,9:16
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@picks_option
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="NEXT.yaml", help="Where to write it."
)
@click.option("--model", type=click.Choice(MODELS), default=MODELS[-1], show_default=True, help="Who draws them.")
@click.option("--ratios", metavar="1:1,16:9", help="These for every image. [default: each its own]")
@click.option(
    "--as",
    "use",
    type=click.Choice(["same", "reference"]),
    default="same",
    show_default=True,
    help="Ask for the same again, or start from the picked images themselves.",
)
@click.option(
    "--prompt", metavar="TEXT", help="With --as reference: what to change. [default: each image's own prompt]"
)
@out_option
@json_option
def promote(
    run_or_spec: Path,
    picks: tuple[Path, ...],
    output: Path,
    model: str,
    ratios: str | None,
    use: str,
    prompt: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write the next spec from the picked images: finals on the best model, more ratios, or edits. Buys nothing.

    The prompts are taken over to the letter. The new file is priced, and ready for plan and run.
    """
    from flux_batch.cli.picking.promoting import Asked, write_next

    if prompt is not None and use != "reference":
        raise UsageError("--prompt is for --as reference; without it, the prompts stay as they were")
    asked = Asked(
        model=model,
        ratios=_ratios(ratios, reference=use == "reference"),
        reference=use == "reference",
        prompt=" ".join((prompt or "").split()),
    )
    written = write_next(run_folder(run_or_spec, out), picks, output, asked)
    for note in written.notes:
        say(f"note: {note}")
    if as_json:
        print_json(
            {
                "spec": str(written.spec),
                "picked": written.picked,
                "images": written.images,
                "cost": decimal_text(written.cost),
                "currency": CURRENCY,
                "budget": None if written.budget is None else decimal_text(written.budget),
                "budget_in_force": written.budget is not None and written.cost <= written.budget,
                "model": model,
                "assets": list(written.assets),
                "notes": list(written.notes),
            }
        )
        return
    click.echo(clean(f"{plural(written.images, 'image')}, about {usd(written.cost)}, on {model}"))
    click.echo(clean(f"{written.spec}  from {plural(written.picked, 'picked image')}"))
    if written.budget is not None:
        click.echo(_budget(written.budget, written.cost))
    click.echo(clean(f"Next: flux-batch plan {shlex.quote(str(written.spec))}"))


def _budget(limit: Decimal, cost: Decimal) -> str:
    if cost <= limit:
        return f"budget: the draft's {usd(limit)}, in force"
    return f"budget: none yet; the draft's {usd(limit)} is not enough and stands in the file as a comment"


def _ratios(text: str | None, *, reference: bool) -> tuple[str, ...]:
    if text is None:
        return ()
    allowed = (*RATIOS, MATCH_INPUT) if reference else RATIOS
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for ratio in found:
        if ratio not in allowed:
            raise UsageError(
                f"--ratios: {quoted(ratio)} is not a ratio that can be asked for; {did_you_mean(ratio, allowed)}"
            )
    if not found:
        raise UsageError("--ratios: name at least one, like 1:1,16:9")
    return found
