"""What ``--help`` says, and how mistakes on the command line are met."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flux_batch.cli.main import COMMANDS

from .kit import Desk

HEAVY = ("aiohttp", "jsonschema", "PIL", "jinja2", "yaml", "sqlite3")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_begins_with_an_example(command: str, desk: Desk) -> None:
    """The first lines are something to type."""
    result = desk(*command.split(), "--help")
    assert result.code == 0
    first, second, *_ = result.out.splitlines()
    assert first == "Example:"
    assert second.startswith(f"  flux-batch {command}".rstrip())
    assert max(len(line) for line in result.out.splitlines()) <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_json(command: str, desk: Desk) -> None:
    """Scripts can rely on ``--json`` everywhere."""
    assert "--json" in desk(command, "--help").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plann", "x.yaml"], "there is no command 'plann'. Did you mean 'plan'?"),
        (["xyz"], "there is no command 'xyz'.\n"),
        (["plan"], "Missing argument"),
        (["plan", "specs/quickstart.yaml", "--limt", "3"], "Did you mean '--limit'"),
        (["plan", "nowhere.yaml"], "nowhere.yaml"),
        (["plan", "specs"], "specs"),
        (["run", "specs/quickstart.yaml", "--max-cost", "cheap"], "not an amount"),
        (["run", "specs/quickstart.yaml"], "TOAPIS_API_KEY is not set"),
        (["balance"], "TOAPIS_API_KEY is not set"),
        (["status", "no-such-run"], "no such run"),
        (["report", "specs/quickstart.yaml"], "has not been run here"),
        (["plan", "specs/quickstart.yaml", "--only", "ratoi == '1:1'"], "did you mean `ratio`"),
        (["plan", "specs/quickstart.yaml", "--only", "ratio =="], "--only"),
        (["plan", "specs/quickstart.yaml", "--set", "budget"], "--set budget"),
        (["plan", "specs/quickstart.yaml", "--set", "modles=[x]"], "models"),
        (["run", "specs/assets"], "specs/assets"),
    ],
)
def test_a_mistake_exits_2_and_says_what_to_do(arguments: list[str], said: str, desk: Desk) -> None:
    """Usage errors name the mistake; there is nothing on stdout."""
    result = desk(*arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_an_error_under_json_is_one_json_object(desk: Desk) -> None:
    """Stdout stays machine-readable when something is wrong."""
    desk.write("bad.yaml", "version: 1\nname: bad\nprompt: a {{ cup }}\nmodles: [x]\n")
    result = desk("plan", "bad.yaml", "--json")
    assert result.code == 2
    assert result.json["exit_code"] == 2
    assert result.json["error"]["problems"][0]["line"] == 4


def test_importing_the_command_line_is_light() -> None:
    """``--help`` imports none of the heavy libraries."""
    code = "import sys, flux_batch.cli.main as m; m.main(['--help'])"
    probe = f"import atexit, sys; atexit.register(lambda: print([n for n in {HEAVY} if n in sys.modules])); {code}"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
