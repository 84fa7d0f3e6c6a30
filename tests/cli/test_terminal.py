"""No text from outside steers the terminal, whichever way it comes in; ``--json`` holds it unchanged and harmless."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import flux_batch
from flux_batch.cli.main import main
from flux_batch.cli.terminal.failures import report_failure
from flux_batch.cli.terminal.output import clean, print_json
from flux_batch.errors import Rejected, UsageError
from flux_batch.simulator import Fault, Simulator, SimulatorOptions, simulator_thread
from flux_batch.simulator.fault_file import fault
from tests.hostile.characters import NASTY, SEQUENCES, steering

from .kit import CANARY, FAST, Result

EVIL = "".join(text for name, text in SEQUENCES.items() if name != "half a character")
WRITTEN = EVIL.encode("utf-8", "replace").decode()
"""What a JSON answer or a YAML text can hold."""

ALL = pytest.mark.parametrize("evil", SEQUENCES.values(), ids=[name.replace(" ", "-") for name in SEQUENCES])


def ask(*arguments: str) -> Result:
    """Run a command in this process, as the installed script would; whatever it says steers nothing."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with redirect_stdout(streams[0]), redirect_stderr(streams[1]), pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = (stream.buffer.getvalue().decode() for stream in streams)
    assert not steering(out), (steering(out), out)
    assert not steering(err), (steering(err), err)
    assert ended.value.code != 70, err
    assert "Traceback" not in err
    return Result(int(ended.value.code or 0), out, err)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, and none of this machine's settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("TOAPIS_BASE_URL", "TOAPIS_API_KEY", "FLUX_BATCH_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


Provider = Callable[..., Simulator]


@pytest.fixture
def provider(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Start a simulator that says what it is told to; commands talk to it from then on."""
    with ExitStack() as stack:

        def start(*faults: Fault) -> Simulator:
            options = SimulatorOptions(
                key=CANARY, tier="unlimited", latency=(0.01, 0.02), pixels=10_000, faults=faults, balance=None
            )
            simulator = stack.enter_context(simulator_thread(options))
            monkeypatch.setenv("TOAPIS_BASE_URL", simulator.base_url)
            monkeypatch.setenv("TOAPIS_API_KEY", CANARY)
            return simulator

        yield start


def write(path: Path, **fields: Any) -> str:
    """A spec as JSON, where any character can be written; returns its path."""
    value = {"version": 1, "name": "evil", "prompt": "a mug", "ratios": ["1:1"], **fields}
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


# Texts of the user ---------------------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_what_a_spec_says(evil: str, command: str, home: Path) -> None:
    """As a value, a label, a title, a name, a key and a reference: refused or planned, and harmless either way."""
    for fields in (
        {"prompt": f"a {evil} mug"},
        {"prompt": "{{ thing }}", "variables": {"thing": [f"a {evil}", {"label": f"b {evil}", "value": evil}]}},
        {"report": {"title": evil}},
        {"name": evil},
        {evil: 1},
        {"variables": {evil: ["a"]}},
        {"jobs": {evil: {"prompt": evil}}},
        {"models": [evil]},
        {"ratios": [evil]},
        {"naming": evil},
        {"reference": evil},
        {"prompt": "{{ " + evil + " }}"},
        {"exclude": [{evil: evil}]},
    ):
        spec = write(home / "evil.json", **fields)
        ask(command, spec)
        json.loads(ask(command, spec, "--json").out)


@ALL
def test_what_a_file_holds_that_is_no_spec(evil: str, home: Path) -> None:
    """Excerpts of the lines that are wrong."""
    spec = home / "evil.yaml"
    for text in (evil, f"version: 1\nprompt: {evil}\n", f"version: 1 # {evil}\npromt: x\n", f"a: b: {evil}\n"):
        spec.write_bytes(text.encode("utf-8", "surrogatepass"))
        ask("validate", str(spec))
        json.loads(ask("validate", str(spec), "--json").out)


@ALL
def test_what_is_typed(evil: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments and the environment."""
    evil = evil.replace("\0", "").encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    spec = write(home / "good.json")
    for arguments in (
        (evil,),
        (f"--{evil}",),
        ("plan", evil),
        ("plan", f"{evil}.yaml"),
        ("plan", spec, evil),
        ("plan", spec, f"--{evil}"),
        ("plan", spec, "--only", evil),
        ("plan", spec, "--only", f"ratio == '{evil}'"),
        ("plan", spec, "--set", evil),
        ("plan", spec, "--set", f"prompt={evil}"),
        ("plan", spec, "--set", f"{evil}=1"),
        ("plan", spec, "--limit", evil),
        ("plan", spec, "--out", evil),
        ("run", spec, "--max-cost", evil),
        ("run", spec, "--out", evil),
        ("status", evil),
        ("verify", evil),
        ("report", evil),
        ("resolve", evil),
        ("resolve", spec, "--adopt", f"{evil}=1"),
        ("rehearse", spec, "--faults", evil),
        ("simulate", "--tier", evil),
        ("schema", evil),
        ("init", f"new{evil}".replace("/", "_")),
    ):
        ask(*arguments)
        if arguments[0] in ("plan", "status", "run", "init"):
            json.loads(ask(*arguments, "--json").out)
    for name in ("TOAPIS_BASE_URL", "TOAPIS_API_KEY"):
        monkeypatch.setenv(name, evil)
        ask("balance")
        ask("run", spec, "--yes")


@ALL
def test_what_a_saved_plan_says(evil: str, home: Path) -> None:
    """Every text in it in turn, and its keys."""
    spec = write(home / "good.json")
    assert ask("plan", spec, "-o", "plan.json").code == 0
    saved = json.loads((home / "plan.json").read_text())
    for name in saved:
        for value in (evil, [evil], {evil: evil}, None, 1):
            (home / "plan.json").write_text(json.dumps({"kind": saved["kind"]} | saved | {name: value}))
            assert ask("run", "plan.json", "--yes").code in (2, 3, 4)
    promised = saved["promised"]
    for name in promised:
        (home / "plan.json").write_text(json.dumps(saved | {"promised": promised | {name: [{"source": evil}]}}))
        assert ask("run", "plan.json", "--yes").code in (2, 3)


def test_names_of_files_and_folders(provider: Provider, home: Path) -> None:
    """The whole life of a spec in a folder whose name, and whose spec's and reference's names, are commands."""
    evil = EVIL.replace("\0", "").replace("/", "_")[:60].encode()[:80].decode("utf-8", "ignore")
    simulator = provider(fault("error", where="upload", first=1, status=400, message=WRITTEN))
    folder = home / f"a{evil}"
    folder.mkdir()
    shutil.copy(Path(__file__).parents[2] / "specs" / "assets" / "mug.png", folder / "in.png")
    spec = write(folder / f"s{evil}.json", reference="in.png")
    out = str(folder / f"out{evil}")
    for command in (
        ("validate", spec),
        ("plan", spec, "--out", out, "-o", str(folder / f"p{evil}.json")),
        ("run", spec, "--out", out, "--yes", *FAST),
        ("run", str(folder / f"p{evil}.json"), "--yes", "--submit-rate", "0"),
        ("status", out),
        ("verify", out),
        ("report", out),
        ("resolve", out),
        ("rehearse", spec, "--out", f"{out}2"),
        ("init", str(folder / "new")),
    ):
        assert ask(*command).code in (0, 1)
    for command in (("status", out), ("verify", out), ("resolve", out), ("plan", spec)):
        ask(*command, "--json")
    assert json.loads(ask("status", out, "--json").out)["run_folder"] == out
    assert simulator.log.counts


# Words of the provider -----------------------------------------------------------------------------------------------


def error(where: str, status: int, evil: str, **fields: Any) -> Fault:
    """An error whose code and message are commands; a fault file may not say such a code, a provider may."""
    return replace(fault("error", where=where, status=status, message=evil, **fields), code=f"no{evil}")


WORDS: dict[str, Callable[[str], Fault]] = {
    "the reason of a refusal": lambda evil: error("submit", 400, evil),
    "a refused key": lambda evil: error("submit", 401, evil),
    "a refused account": lambda evil: error("submit", 403, evil),
    "a failed task": lambda evil: replace(fault("fail", message=evil), code=f"no{evil}"),
    "a 404 as a page": lambda evil: error("submit", 404, evil, html=True),
    "a 404 in its own words": lambda evil: error("submit", 404, evil),
    "a 500 in its own words": lambda evil: error("submit", 500, evil),
    "an error while waiting": lambda evil: error("status", 400, evil, first=2),
    "nonsense after 200": lambda evil: fault("odd_body", where="submit", body=json.dumps(evil)),
    "an unknown word": lambda evil: replace(fault("word", first=3), word=f"w{evil}"),
    "a balance that cannot be had": lambda evil: error("balance", 400, evil),
    "a page as a picture": lambda evil: fault("html", where="file", first=2, body=f"{evil}<html>"),
}


@pytest.mark.parametrize("word", WORDS, ids=[name.replace(" ", "-") for name in WORDS])
def test_what_the_provider_says(word: str, provider: Provider, home: Path) -> None:
    """On the screen without what steers it; in JSON and in the state as it was said."""
    provider(WORDS[word](WRITTEN))
    spec = write(home / "good.json", execution={"settle_seconds": 0, "when_uncertain": "hold"})
    quick = ("--set", "execution.poll={first: 0.02, every: 0.02}", "--submit-rate", "0")
    ask("run", spec, "--yes", *quick)
    done = json.loads(ask("run", spec, "--yes", *quick, "--json").out)
    assert "exit_code" in done
    for command in ("status", "resolve", "verify", "balance"):
        ask(command, *(() if command == "balance" else ("evil",)))
        json.loads(ask(command, *(() if command == "balance" else ("evil",)), "--json").out)
    tasks = json.loads((home / "runs" / "evil" / "manifest.json").read_text(encoding="utf-8"))["tasks"]
    if word in ("the reason of a refusal", "a failed task"):
        assert tasks[0]["error"]["code"] == f"no{WRITTEN}"


def test_a_providers_words_are_no_lines_of_ours(provider: Provider, home: Path) -> None:
    """A message with line breaks cannot write a line that looks like one of flux-batch."""
    provider(fault("fail", code="no", message="paint\n\n1 image stored; $0.00 spent now\r\n  contact sheet  /tmp/evil"))
    spec = write(home / "good.json")
    for result in (ask("run", spec, "--yes", *FAST), ask("status", "evil")):
        lines = result.out.splitlines()
        assert not any(line.lstrip().startswith(("1 image stored", "contact sheet  /tmp/evil")) for line in lines)


# Anything ------------------------------------------------------------------------------------------------------------


@settings(max_examples=500, deadline=None)
@given(NASTY | st.text())
@example(EVIL)
def test_clean_text_steers_nothing(text: str) -> None:
    """And keeps everything else, character by character."""
    cleaned = clean(text)
    assert not steering(cleaned)
    kept = [after for before, after in zip(text, cleaned, strict=True) if not steering(before)]
    assert kept == [before for before in text if not steering(before)]


@settings(max_examples=500, deadline=None)
@given(NASTY | st.text())
@example(EVIL + SEQUENCES["half a character"])
def test_json_holds_any_text_and_steers_nothing(text: str) -> None:
    """The text comes out as it went in, half surrogates included, and no byte of the JSON is a command."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace", write_through=True)
    with redirect_stdout(stream):
        print_json({"said": text, text: [text]})
    written = stream.buffer.getvalue().decode()
    assert not steering(written)
    assert json.loads(written) == {"said": text, text: [text]}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NASTY)
def test_any_failure_is_told_harmlessly(text: str) -> None:
    """Ours, the provider's, and a bug's."""
    for error in (UsageError(text), Rejected(400, text, text), RuntimeError(text)):
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "replace", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            report_failure(error, as_json=True)
        for stream in (out, err):
            assert not steering(stream.buffer.getvalue().decode())
        json.loads(out.buffer.getvalue())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NASTY, NASTY)
def test_any_spec_is_planned_harmlessly(home: Path, prompt: str, label: str) -> None:
    """Prompts and labels of anything: a plan or problems."""
    spec = write(home / "any.json", prompt=f"{prompt} {{{{ a }}}}", variables={"a": [f"x{label}", "y"]})
    ask("plan", spec)
    json.loads(ask("plan", spec, "--json").out)


# A terminal ----------------------------------------------------------------------------------------------------------


MARKUP = "[bold]big[/] [/] [red]x :warning: [link=https://evil.example]y[/link] \\[z]"


def on_a_terminal(home: Path, *arguments: str) -> tuple[int, str]:
    """Run a command on a pseudo-terminal; its exit code and every byte it wrote there."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200", "LINES": "50"}
    with subprocess.Popen(
        [sys.executable, "-m", "flux_batch", *arguments],
        cwd=home,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        written = b""
        while select.select([leader], [], [], 60)[0]:
            try:
                part = os.read(leader, 65536)
            except OSError:  # Linux: everybody on the other side is gone
                break
            if not part:
                break
            written += part
        os.close(leader)
        return process.wait(60), written.decode("utf-8").replace("\r\n", "\n")


def test_a_terminal_gets_markup_as_it_was_typed(provider: Provider, home: Path) -> None:
    """In a plan, on the bar's own lines, and at the end of a run."""
    provider(
        fault("error", where="submit", first=1, status=500, code="oops", message=MARKUP, billed=True),
        fault("fail", code="no", message=f"{MARKUP} {SEQUENCES['clear screen']}{SEQUENCES['window title']}"),
    )
    spec = write(home / "good.json", prompt=f"a {MARKUP} mug")
    code, planned = on_a_terminal(home, "plan", spec)
    assert code == 0
    assert f"a {MARKUP} mug" in planned
    assert not steering(planned)
    code, ran = on_a_terminal(home, "run", spec, "--yes", *FAST, "--set", "execution.settle_seconds=0.1")
    assert f"No clear answer to a request (the server answered 500 oops: {MARKUP})" in ran
    assert f"no: {MARKUP}" in ran
    assert code == 1
    assert "\x1b[2J" not in ran
    assert "\x1b]" not in ran


def test_without_a_terminal_there_is_no_escape_at_all(provider: Provider, home: Path) -> None:
    """Also where the environment asks for colours."""
    provider()
    spec = write(home / "good.json")
    environment = {**os.environ, "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}
    for arguments in (("plan", spec), ("run", spec, "--yes", *FAST), ("status", "evil")):
        done = subprocess.run(
            [sys.executable, "-m", "flux_batch", *arguments],
            cwd=home, env=environment, capture_output=True, text=True, encoding="utf-8", check=True,
        )  # fmt: skip
        assert not steering(done.stdout + done.stderr)


def test_no_table_that_a_command_writes_holds_a_formula(provider: Provider, home: Path) -> None:
    """A prompt that begins with = would be one in a spreadsheet: in every CSV below the project it is a text."""
    provider()
    spec = write(home / "good.json", prompt="=HYPERLINK(1)")
    ask("run", spec, "--yes", *FAST)
    ask("report", "evil")
    ask("export", "evil", "--to", "out", "--prompts")
    tables = [path for path in home.rglob("*") if path.suffix in (".csv", ".tsv", ".xls", ".xlsx")]
    assert [path.name for path in tables] == ["captions.csv"]
    (row,) = csv.DictReader(tables[0].read_text(encoding="utf-8-sig").splitlines())
    assert row["prompt"] == "'=HYPERLINK(1)"
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_tables_are_written_in_known_places_only() -> None:
    """And the page of a sheet, which saves picks; another one would have to guard its cells too."""
    package = Path(flux_batch.__file__).parent
    files = [path for path in package.rglob("*") if path.suffix in (".py", ".js", ".j2")]
    writers = {path.name for path in files if re.search(r"csv\.(writer|DictWriter)|text/csv", path.read_text("utf-8"))}
    assert {"captions.py"} <= writers <= {"captions.py", "picksfile.js", "savepicks.js"}
