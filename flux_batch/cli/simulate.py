"""``flux-batch simulate``: a local ToAPIs for any client."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import Usd, json_option
from flux_batch.cli.terminal.output import print_json

EXAMPLE = """
    flux-batch simulate --port 8765
    TOAPIS_BASE_URL=http://127.0.0.1:8765 TOAPIS_API_KEY=sk-any flux-batch run specs/quickstart.yaml
"""


@click.command(cls=Command, example=EXAMPLE)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port of the API; 0: any.")
@click.option("--files-port", type=click.IntRange(0, 65535), default=0, help="Port of the result files. [default: any]")
@click.option(
    "--side-port", type=click.IntRange(0, 65535), default=0, help="Port of the ledger and faults. [default: any]"
)
@click.option("--key", metavar="KEY", help="The one key it takes; a made-up one. [default: any]")
@click.option(
    "--tier", type=click.Choice(["default", "vip", "svip", "unlimited"]), default="default", show_default=True
)
@click.option("--balance", type=Usd(), default="100", show_default=True, metavar="USD", help="What the account holds.")
@click.option("--latency", nargs=2, type=float, default=(2.0, 6.0), show_default=True, help="Seconds an image takes.")
@click.option("--faults", type=click.Path(path_type=Path), metavar="FILE", help="Misbehave as this file says.")
@json_option
def simulate(faults: Path | None, as_json: bool, balance: Decimal, **chosen: Any) -> None:
    """Serve a local ToAPIs that costs nothing and fails on command, until ^C."""
    from flux_batch.simulator import FaultPlan, Simulator, SimulatorOptions, banner, load_faults, serve

    rules = FaultPlan(faults=()) if faults is None else load_faults(faults)
    options = SimulatorOptions(faults=rules.faults, seed=rules.seed or 0, balance=balance, **chosen)

    def ready(simulator: Simulator) -> None:
        if as_json:
            print_json(
                {"base_url": simulator.base_url, "files_url": simulator.files_url, "side_url": simulator.side_url}
            )
        else:
            click.echo("\n".join(banner(simulator)))

    asyncio.run(serve(options, ready))
