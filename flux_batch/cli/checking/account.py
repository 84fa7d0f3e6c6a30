"""Is the server reachable, is the key accepted, does the account hold anything? One question that costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from flux_batch.api.dated import DatedClient
from flux_batch.api.settings import ApiSettings
from flux_batch.api.wire import Balance
from flux_batch.cli.checking.checkup import Check, note, problem
from flux_batch.cli.terminal.output import one_line
from flux_batch.errors import AccountRejected, ApiError, NotSent

SKEW: Final = 60.0
"""Seconds between the two clocks; addresses of images are good for hours."""


def account(settings: ApiSettings) -> Iterator[Check]:
    """Ask for the balance."""
    try:
        balance, ahead = asyncio.run(_asked(settings))
    except ApiError as error:
        yield problem("account", one_line(error), _hint(error))
        return
    yield _balance(balance)
    yield from clock(ahead)


async def _asked(settings: ApiSettings) -> tuple[Balance, float | None]:
    async with DatedClient(settings) as api:
        return await api.balance(), api.ahead


def _hint(error: ApiError) -> str:
    if isinstance(error, AccountRejected):
        return "the server is there and does not take this key: look at it, and at the account, on the provider's page"
    if isinstance(error, NotSent):
        return "look at the network, the firewall and TOAPIS_BASE_URL"
    return "try again later; if it stays, look at TOAPIS_BASE_URL and TOAPIS_API_KEY"


def _balance(balance: Balance) -> Check:
    if balance.remaining is None:
        return Check(name="account", message="the key is accepted; nothing limits the account")
    if balance.remaining <= 0:
        return problem("account", f"the key is accepted; {balance.remaining} left", "top up the account")
    return Check(name="account", message=f"the key is accepted; {balance.remaining} left")


def clock(ahead: float | None) -> Iterator[Check]:
    """Whether this machine knows what time it is; ``ahead`` in seconds."""
    if ahead is None:
        return
    if abs(ahead) <= SKEW:
        yield Check(name="clock", message="it agrees with the server's")
        return
    way = "ahead of" if ahead > 0 else "behind"
    hint = "set it: an address that is good for some hours would be given up too early, or asked too late"
    yield note("clock", f"it is {abs(ahead):,.0f} seconds {way} the server's", hint)
