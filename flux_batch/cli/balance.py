"""``flux-batch balance``: what the account holds."""

from __future__ import annotations

import asyncio
import os

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option
from flux_batch.cli.terminal.output import clean, print_json

EXAMPLE = """
    flux-batch balance
"""


@click.command(cls=Command, example=EXAMPLE)
@json_option
def balance(as_json: bool) -> None:
    """Show what the account behind TOAPIS_API_KEY holds, in the account's own unit."""
    from flux_batch.api.client import ApiClient
    from flux_batch.api.settings import settings_from
    from flux_batch.api.wire import Balance

    settings = settings_from(os.environ)

    async def ask() -> Balance:
        async with ApiClient(settings) as api:
            return await api.balance()

    found = asyncio.run(ask())
    unlimited = found.remaining is None
    if as_json:
        remaining = None if unlimited else str(found.remaining)
        print_json(
            {"remaining": remaining, "used": str(found.used), "unlimited": unlimited, "base_url": settings.base_url}
        )
    else:
        left = "unlimited" if unlimited else found.remaining
        click.echo(clean(f"{left} left, {found.used} used ({settings.base_url})"))
