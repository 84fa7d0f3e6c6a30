"""``flux-batch run``: buy and store what a plan asks for."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import Usd, json_option, out_option, retyped, selection_from, selection_options

if TYPE_CHECKING:
    from flux_batch.plan.saved import SavedPlan
    from flux_batch.run.asked import Asked, Fresh

EXAMPLE = """
    flux-batch run specs/quickstart.yaml
    flux-batch run plan.json --yes --max-cost 2.40     (in CI)
"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("spec_or_plan", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Spend without asking; needed off a terminal.")
@click.option("--max-cost", type=Usd(), metavar="USD", help="Never spend more than this in this run.")
@click.option("--retry-failed", is_flag=True, help="Ask again for images that failed or were refused.")
@click.option("--concurrency", type=click.IntRange(1, 512), metavar="N", help="Images in flight at most.")
@click.option("--submit-rate", type=click.FloatRange(0), metavar="RATE", help="Submits a second; 0: no limit of ours.")
@click.option("--dask", metavar="WHERE", help="Download on Dask workers: local:N, or a scheduler tcp://HOST:PORT.")
@click.option("--images", metavar="s3://BUCKET/PREFIX", help="Keep images there. [default: in the run folder]")
@selection_options
@out_option
@json_option
@click.pass_context
def run(
    ctx: click.Context,
    spec_or_plan: Path,
    yes: bool,
    max_cost: Decimal | None,
    retry_failed: bool,
    concurrency: int | None,
    submit_rate: float | None,
    dask: str | None,
    images: str | None,
    only: str | None,
    limit: int | None,
    sample: int | None,
    settings: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Buy and store what a spec or a saved plan asks for. Run it again to go on, after anything.

    Its contact sheet is there at once and fills by itself when it is open. The key is read from TOAPIS_API_KEY.
    """
    from flux_batch.api.settings import settings_from
    from flux_batch.cli.running.carry_out import carry_out, tell
    from flux_batch.cli.running.recall import ask
    from flux_batch.plan.saved import is_saved_plan, read_saved_plan
    from flux_batch.run.options import RunOptions, rules_for

    selection, typed_out = selection_from(only, limit, sample), out
    saved = None
    asked: Asked
    if is_saved_plan(spec_or_plan):
        saved = read_saved_plan(spec_or_plan)
        if not selection.everything or settings:
            raise click.UsageError(
                "a saved plan already says which images; --only, --limit, --sample, --set go to `plan`"
            )
        asked, folder = _as_saved(saved, out)
    else:
        asked, folder = ask(spec_or_plan, selection, settings, out, anew=retry_failed)
    options = RunOptions(
        folder=folder,
        concurrency=concurrency or asked.execution.concurrency,
        rules=rules_for(asked),
        submit_rate=asked.execution.submit_rate if submit_rate is None else submit_rate,
        max_cost=max_cost,
        retry_failed=retry_failed,
        saved=saved,
        dask=dask,
        images=images.rstrip("/") if images else None,
    )
    command = f"flux-batch run {retyped(spec_or_plan, only, limit, sample, settings, typed_out)}"
    ended = carry_out(asked, settings_from(os.environ), options, yes=yes, command=command)
    tell(ended, as_json=as_json)
    ctx.exit(ended.exit_code)


def _as_saved(saved: SavedPlan, out: Path | None) -> tuple[Fresh, Path]:
    """What a saved plan asks for, and its run folder; raises PlanMoved where it is not what would happen now."""
    from flux_batch.cli.planning.prepare import default_folder, make
    from flux_batch.plan.saved import check_unapplied, check_unmoved
    from flux_batch.run.asked import Fresh
    from flux_batch.run.store.applied import run_id_in

    spec, plan = make(saved.spec, saved.selection, saved.settings)
    check_unmoved(saved, plan)
    folder = out or saved.out or default_folder(spec.name)
    check_unapplied(saved, folder, run_id_in(folder))
    return Fresh(plan=plan, spec=spec, selection=saved.selection), folder
