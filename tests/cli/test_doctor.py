"""``doctor``: what could stop a run on this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flux_batch.api.dated import DatedClient, seconds_ahead
from flux_batch.api.settings import api_settings
from flux_batch.cli.checking import checkup
from flux_batch.cli.checking import disk as checkup_disk
from flux_batch.cli.checking.account import clock
from flux_batch.plan.totals.prices import TABLE
from flux_batch.simulator import SimulatorOptions, simulator_thread

from .conftest import MakeDesk
from .kit import CANARY, Desk


def check(desk: Desk, name: str, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and what is said about one thing."""
    result = desk("doctor", "--json", *arguments, **environment)
    found = result.json
    assert found["exit_code"] == result.code
    assert found["ok"] == (result.code == 0)
    assert all(set(each) == {"name", "message", "status", "hint"} for each in found["checks"])
    (one,) = (each for each in found["checks"] if each["name"] == name)
    return result.code, one


def everything(folder: Path) -> dict[str, int]:
    """All files and folders, with when they changed."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_nothing_stops_a_run_here(desk: Desk) -> None:
    """Without a key there is a note; the lines fit, and nothing was made."""
    before = everything(desk.home)
    result = desk("doctor")
    assert (result.code, result.err) == (0, "")
    assert max(len(line) for line in result.out.splitlines() if str(desk.home) not in line) <= 80
    assert "note      key        TOAPIS_API_KEY is not set" in result.out
    for name in ("folder", "space", "locks", "state", "pictures", "server"):
        assert f"ok        {name:<10} " in result.out
    assert result.out.splitlines()[-1].startswith("Nothing here stops a run")
    assert everything(desk.home) == before


def test_it_tries_where_runs_are_and_leaves_nothing(desk: Desk) -> None:
    """Below ``runs`` when there is one."""
    (desk.home / "runs").mkdir()
    _, locks = check(desk, "locks")
    assert locks["message"] == "a second run is kept out"
    assert list((desk.home / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "name", "said"),
    [
        ({"TOAPIS_API_KEY": "sk-canary\nsecond"}, "key", "a line break"),
        ({"TOAPIS_API_KEY": "Bearer sk-canary"}, "key", "a space"),
        ({"TOAPIS_BASE_URL": "http://example.com"}, "server", "must begin with https://"),
        ({"TOAPIS_BASE_URL": "https://me:canary@example.com"}, "server", "without a user"),
    ],
)
def test_what_cannot_be_used_exits_2_and_is_not_shown(
    desk: Desk, environment: dict[str, str], name: str, said: str
) -> None:
    """Also with ``--online``: then nobody is asked."""
    code, found = check(desk, name, "--online", **environment)
    assert (code, found["status"]) == (2, "problem")
    assert said in found["message"]
    assert found["hint"]
    assert "canary" not in desk("doctor", **environment).out


@pytest.mark.parametrize(
    ("environment", "name", "said"),
    [
        ({"TOAPIS_API_KEY": '"sk-canary"'}, "key", "a quotation mark"),
        ({"TOAPIS_BASE_URL": "http://127.0.0.1:9"}, "server", "on this machine"),
        ({"https_proxy": "http://me:canary@proxy"}, "proxy", "https_proxy is set"),
        ({"PYTHONIOENCODING": "latin-1"}, "output", "not UTF-8"),
    ],
)
def test_what_is_odd_is_a_note(desk: Desk, environment: dict[str, str], name: str, said: str) -> None:
    """It stops nothing; no value that may be secret is said."""
    code, found = check(desk, name, **environment)
    assert (code, found["status"]) == (0, "note")
    assert said in found["message"]
    assert "canary" not in desk("doctor", **environment).out


def test_a_folder_that_is_none(desk: Desk) -> None:
    """A file in its place stops every run."""
    desk.write("runs", "")
    code, found = check(desk, "folder")
    assert (code, found["status"]) == (4, "problem")
    assert "runs is there and is no folder" in desk("doctor").out


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_is_closed(desk: Desk) -> None:
    """Said once, not for every trial."""
    (desk.home / "runs").mkdir(mode=0o500)
    result = desk("doctor")
    assert result.code == 4
    assert result.out.count("PROBLEM") == 1


def test_the_present_folder_is_gone(tmp_path: Path) -> None:
    """Somebody removed it meanwhile."""
    gone = tmp_path / "gone"
    gone.mkdir()
    root = Path(__file__).parents[2]
    script = f"import os; os.rmdir({str(gone)!r}); from flux_batch.cli.main import main; main(['doctor'])"
    command, environment = [sys.executable, "-c", script], {"PYTHONPATH": str(root)}
    done = subprocess.run(command, cwd=gone, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (4, "")
    assert "the present folder cannot be used" in done.stdout


def test_a_full_disk_and_a_broken_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little room is one problem; a kind of picture that is not decoded is named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(checkup_disk.PICTURES, "WebP", "AAAA")
    found = {each.name: each for each in checkup_disk.disk()}
    assert (found["pictures"].status, found["pictures"].message[:21]) == ("problem", "WebP cannot be decode")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**9, free=5_000_000))
    found = {each.name: each for each in checkup_disk.disk()}
    assert found["space"].exit_code == 4
    assert "too full" in found["space"].message
    assert "locks" not in found


def test_a_server_that_answers(live_desk: Desk) -> None:
    """One question, only when asked for; the clocks agree."""
    assert live_desk("doctor").code == 0
    assert live_desk.requests() == 0
    code, found = check(live_desk, "account", "--online")
    assert (code, found["status"], found["message"]) == (0, "ok", "the key is accepted; 100.0 left")
    assert live_desk.requests() == 1
    assert check(live_desk, "clock", "--online")[1]["status"] == "ok"


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        ({"balance": 0}, {}, "0.0 left"),
        ({"key": "sk-another-key"}, {}, "the server"),
        ({}, {"TOAPIS_BASE_URL": "http://127.0.0.1:9"}, "no connection"),
    ],
)
def test_an_account_that_buys_nothing(
    make_desk: MakeDesk, options: dict[str, object], environment: dict[str, str], said: str
) -> None:
    """Exit 4: it can be mended, and then the same command goes on."""
    code, found = check(make_desk(**options), "account", "--online", **environment)
    assert (code, found["status"]) == (4, "problem")
    assert said in found["message"]
    assert found["hint"]


def test_without_a_key_nobody_is_asked(live_desk: Desk) -> None:
    """It is a note."""
    code, found = check(live_desk, "account", "--online", TOAPIS_API_KEY="")
    assert (code, found["status"]) == (0, "note")
    assert live_desk.requests() == 0


def test_a_clock_that_is_wrong() -> None:
    """By what the server says of its time."""

    async def ahead(base: str) -> float | None:
        async with DatedClient(api_settings(base, CANARY), now=lambda: time.time() + 3600) as api:
            await api.balance()
            return api.ahead

    with simulator_thread(SimulatorOptions(key=CANARY)) as simulator:
        found = asyncio.run(ahead(simulator.base_url))
    assert found is not None
    (said,) = clock(found)
    assert (said.status, said.message.split(" seconds ")[1]) == ("note", "ahead of the server's")
    assert [each.status for each in clock(-600)] == ["note"]
    assert list(clock(None)) == []


@pytest.mark.parametrize("given", [None, "", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_server_that_does_not_say_its_time(given: str | None) -> None:
    """Then nothing is said about the clock."""
    assert seconds_ahead(given, 0.0) is None


@pytest.mark.parametrize(
    ("today", "status", "said"),
    [
        (date(2026, 10, 2), "note", "days old"),
        (date(2020, 1, 1), "note", "later than today"),
    ],
)
def test_the_age_of_the_prices(today: date, status: str, said: str) -> None:
    """Old ones are to be looked at; prices of the future say that the clock is wrong."""
    found = checkup.prices(today)
    assert (found.status, said in found.message) == (status, True)


def test_prices_that_are_new() -> None:
    """Up to ninety days, counted from the first of a month where no day is known."""
    table = [price for price in TABLE if price.date == "2026-10"]
    assert checkup.prices(date(2026, 12, 30), table).status == "ok"
    assert checkup.prices(date(2026, 12, 31), table).status == "note"
