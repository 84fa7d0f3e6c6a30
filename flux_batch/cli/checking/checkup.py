"""What could stop a run and needs no disk and no network: versions, environment, prices, the terminal."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from typing import Final, Literal

from flux_batch import __version__
from flux_batch.api.settings import BASE_VARIABLE, DEFAULT_BASE, KEY_VARIABLE, api_settings, normal_base
from flux_batch.errors import UsageError
from flux_batch.plan.records import Price
from flux_batch.plan.totals.prices import TABLE

USAGE: Final = 2
RESUMABLE: Final = 4

OLD_PRICE: Final = 90
"""Days after which a price is worth a look."""

PROXIES: Final = ("HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; only a problem stops a run, and ``exit_code`` says how. ``hint`` is what to do."""

    name: str
    message: str
    status: Literal["ok", "note", "problem"] = "ok"
    hint: str = ""
    exit_code: int = 0


def note(name: str, message: str, hint: str = "") -> Check:
    """Something to know; a run is not stopped by it."""
    return Check(name=name, message=message, status="note", hint=hint)


def problem(name: str, message: str, hint: str, exit_code: int = RESUMABLE) -> Check:
    """Something that stops a run."""
    return Check(name=name, message=message, status="problem", hint=hint, exit_code=exit_code)


def programs() -> Iterator[Check]:
    """What runs here."""
    yield Check(name="flux-batch", message=__version__)
    yield Check(name="Python", message=f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    try:
        yield Check(name="Excel", message=f"tables in .xlsx can be read (openpyxl {metadata.version('openpyxl')})")
    except metadata.PackageNotFoundError:
        yield note("Excel", "tables in .xlsx cannot be read", "if you have any: pip install 'flux-batch[excel]'")


def key(environ: Mapping[str, str]) -> Check:
    """Whether the key can be used; nothing of it is ever said."""
    given = environ.get(KEY_VARIABLE, "").strip()
    if not given:
        return note("key", f"{KEY_VARIABLE} is not set", "`run` and `balance` need it; `plan` and `rehearse` do not")
    try:
        api_settings(DEFAULT_BASE, given)
    except UsageError as error:
        return problem("key", str(error), f"set {KEY_VARIABLE} again, to the key alone", USAGE)
    if given[0] in "\"'":
        return note("key", f"{KEY_VARIABLE} begins with a quotation mark", "keys do not: set it again without")
    return Check(name="key", message=f"{KEY_VARIABLE} is set, and could be a key")


def server(environ: Mapping[str, str]) -> Check:
    """Whether the base URL can be used; it may hold a password, so one that cannot be used is not shown."""
    given = environ.get(BASE_VARIABLE, "")
    try:
        base = normal_base(given or DEFAULT_BASE)
    except UsageError as error:
        return problem("server", str(error), f"unset {BASE_VARIABLE} to use {DEFAULT_BASE}", USAGE)
    if base.startswith("http:"):
        return note("server", f"{base}, on this machine", f"unset {BASE_VARIABLE} to buy from {DEFAULT_BASE}")
    return Check(name="server", message=f"{base}{f' (from {BASE_VARIABLE})' if given else ''}")


def proxy(environ: Mapping[str, str]) -> Iterator[Check]:
    """Proxies of the environment are not used; their addresses may hold a password and are not shown."""
    names = [name for wanted in PROXIES for name in (wanted, wanted.lower()) if environ.get(name)]
    if names:
        hint = "if this network lets nothing out without it, no run can reach the server; --online tries"
        yield note("proxy", f"{names[0]} is set; requests do not go through it", hint)


def prices(today: date, table: Sequence[Price] = TABLE) -> Check:
    """How old the built-in prices are, in days."""
    age = {price.model: (today - _day(price.date)).days for price in table}
    told = ", ".join(f"{price.model} ${price.amount} as of {price.date}" for price in table)
    if min(age.values()) < 0:
        return note("prices", f"{told}: later than today, {today}", "set this machine's clock")
    if max(age.values()) > OLD_PRICE:
        oldest = max(age, key=age.__getitem__)
        hint = "compare it with the provider's page; a run says what the account really paid (`observed`)"
        return note("prices", f"{told}; that of {oldest} is {age[oldest]} days old", hint)
    return Check(name="prices", message=told)


def _day(text: str) -> date:
    """``2026-05-02``, or the first of ``2026-10``."""
    year, month, day = (int(part) for part in [*text.split("-"), "1"][:3])
    return date(year, month, day)


def terminal() -> Iterator[Check]:
    """Prompts in other scripts are shown as question marks where the output is not UTF-8."""
    encoding = sys.stdout.encoding or "unknown"
    if encoding.lower().replace("-", "") != "utf8":
        yield note("output", f"it is written as {encoding}, not UTF-8", "set PYTHONUTF8=1 to see every letter")
