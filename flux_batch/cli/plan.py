"""``flux-batch plan``: what a run would make and cost."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flux_batch.api.settings import KEY_VARIABLE
from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import (
    json_option,
    out_option,
    retyped,
    selection_from,
    selection_options,
    spec_argument,
)
from flux_batch.cli.terminal.output import clean, print_json, say
from flux_batch.errors import UsageError

if TYPE_CHECKING:
    from flux_batch.cli.planning.prepare import Planned

EXAMPLE = """
    flux-batch plan specs/quickstart.yaml
    flux-batch plan specs/campaign.yaml --only "ratio == '1:1'" -o plan.json
    flux-batch plan specs/campaign.yaml --sheet     (a page of placeholders)
"""


@click.command(cls=Command, example=EXAMPLE)
@spec_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="PLAN.json",
    help="Save the plan; `run PLAN.json` then does exactly that.",
)  # fmt: skip
@click.option(
    "--sheet", is_flag=False, flag_value="", metavar="[DIR]",
    help="After SPEC: write a page with a placeholder for every image. [default: runs/<name>-plan]",
)  # fmt: skip
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown on stdout instead of text.")
@selection_options
@out_option
@json_option
def plan(
    spec: Path,
    output: Path | None,
    sheet: str | None,
    as_markdown: bool,
    only: str | None,
    limit: int | None,
    sample: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Say what a run would make and cost. Sends nothing, needs no key."""
    from flux_batch.cli.planning.prepare import compare, default_folder, make

    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown are two ways to print one plan; choose one")
    selection = selection_from(only, limit, sample)
    read, made = make(spec, selection, settings)
    planned = compare(read, made, out or default_folder(read.name))
    if output is not None:
        from flux_batch.plan.saved import plan_to_json

        base = output.parent
        saved = plan_to_json(
            made,
            spec=os.path.relpath(spec, base),
            selection=selection,
            settings=settings,
            out=None if out is None else os.path.relpath(out, base),
        )
        _save(output, saved)
    page = None if sheet is None else _write_sheet(planned, sheet)
    _show(planned, as_json=as_json, as_markdown=as_markdown)
    if page is not None:
        say(f"\nplaceholders  {page}")
    if not as_json or output is not None:
        run = shlex.quote(str(output)) if output else retyped(spec, only, limit, sample, settings, out)
        # without --out: a rehearsal there would keep the real run from its folder
        rehearsal = retyped(spec, only, limit, sample, settings, None)
        say(f"\nNothing was sent, nothing was spent.  {_next(run, rehearsal)}")


def _next(run: str, rehearse: str) -> str:
    """What to type now; who has no key yet can try it all before."""
    if os.environ.get(KEY_VARIABLE):
        return f"Next: flux-batch run {run}"
    return f"Next, to try it for nothing: flux-batch rehearse {rehearse}\nThen, with a key: flux-batch run {run}"


def _save(path: Path, saved: dict[str, Any]) -> None:
    from flux_batch.plan.indented import indented

    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(indented(saved, 1))
            file.write("\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _show(planned: Planned, *, as_json: bool, as_markdown: bool) -> None:
    """The plan on stdout; in GitHub Actions also in the step's summary, unless Markdown was asked for by hand."""
    from flux_batch.cli.terminal.annotations import append_summary

    if as_markdown:
        from flux_batch.cli.planning.as_markdown import plan_markdown

        click.echo(clean(plan_markdown(planned)))
        return
    if as_json:
        from flux_batch.cli.planning.as_json import plan_json

        print_json(plan_json(planned))
    else:
        from flux_batch.cli.planning.as_text import plan_lines

        for line in plan_lines(planned, shutil.get_terminal_size().columns):
            click.echo(clean(line))
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        from flux_batch.cli.planning.as_markdown import plan_markdown

        append_summary(plan_markdown(planned))


def _write_sheet(planned: Planned, folder: str) -> Path:
    """The page of placeholders, by default beside the run folder."""
    from flux_batch.cli.planning.prepare import stored_files
    from flux_batch.report.page.plan_sheet import PlanView, write_plan_sheet

    view = PlanView(
        plan=planned.plan,
        changes=planned.changes,
        cost=planned.estimate,
        report=planned.spec.report,
        held=planned.spent + planned.reserved,
        budget_max=planned.spec.budget.max,
        run_folder=planned.folder,
        stored=stored_files(planned.folder),
        rehearsal=planned.rehearsal,
    )
    return write_plan_sheet(view, Path(folder) if folder else _beside(planned.folder))


def _beside(folder: Path) -> Path:
    """``runs/<name>-plan``; a folder without a name of its own, like ``.``, is looked up first."""
    named = folder if folder.name.strip(".") else folder.resolve()
    return named.with_name(f"{named.name}-plan")
