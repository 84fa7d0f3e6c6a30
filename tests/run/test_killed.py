"""The real process, ended without warning or politely, at many moments; then run again."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flux_batch.run.records import Phase
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import fault

from .conftest import MakeBench
from .kit import KEY, Bench

SPEC = """
    version: 1
    name: killed
    variables:
      colour: [red, green, blue, teal]
      thing: [mug, plant, chair]
    jobs:
      base: {prompt: "a {{ colour }} {{ thing }}", ratios: ["1:1"]}
      winter: {edit: base, prompt: "make it winter"}
    execution: {poll: {first: 0.05, every: 0.05}, submit_rate: 0, settle_seconds: 1, concurrency: 6}
"""


def start(bench: Bench) -> subprocess.Popen[str]:
    """The command line itself, in a process of its own."""
    write_spec(bench)
    command = [sys.executable, "-m", "flux_batch", "run", "spec.yaml", "--yes", "--json", "--out", "run"]
    return subprocess.Popen(
        command, cwd=bench.home, env=environment(bench), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def write_spec(bench: Bench) -> None:
    """24 images, half of them edits."""
    (bench.home / "spec.yaml").write_text(textwrap.dedent(SPEC).lstrip(), encoding="utf-8")


def environment(bench: Bench) -> dict[str, str]:
    """The key and where to send it."""
    return {**os.environ, "TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": bench.simulator.base_url}


def wait_for(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


@pytest.mark.parametrize("submits", [1, 4, 9, 14, 20, 24])
def test_a_process_killed_at_any_moment_loses_and_repeats_nothing(submits: int, make_bench: MakeBench) -> None:
    """Killed after so many submits, then the same command: every image stored, each billed once."""
    bench = make_bench(latency=(0.1, 0.3))
    process = start(bench)
    wait_for(lambda: bench.requests("submit") >= submits)
    process.kill()
    process.communicate()
    finish(bench)


def test_many_kills_in_a_row_lose_and_repeat_nothing(make_bench: MakeBench) -> None:
    """Killed again and again, a little later each time, and still billed once each."""
    bench = make_bench(latency=(0.1, 0.3))
    for more in range(1, 5):
        process = start(bench)
        seen = bench.requests("submit")
        wait_for(lambda: bench.requests("submit") >= min(24, seen + more) or process.poll() is not None)  # noqa: B023
        process.kill()
        process.communicate()
    finish(bench)


@pytest.mark.parametrize(
    ("number", "code", "submits"),
    [
        (signal.SIGINT, 130, 1),
        (signal.SIGINT, 130, 12),
        (signal.SIGTERM, 143, 5),
        (signal.SIGTERM, 143, 20),
        (signal.SIGHUP, 129, 5),
    ],
)
def test_a_polite_signal_stops_cleanly_and_says_how_to_go_on(
    number: signal.Signals, code: int, submits: int, make_bench: MakeBench
) -> None:
    """Nothing is left in doubt, the exit code names the signal, and the message names the command."""
    bench = make_bench(latency=(0.5, 0.8))
    process = start(bench)
    wait_for(lambda: bench.requests("submit") >= submits)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert "To go on: flux-batch run spec.yaml" in errors
    assert "Traceback" not in errors
    with StateFile(bench.folder / FILE, read_only=True) as state:
        phases = state.counts()
    assert not {Phase.INTENT, Phase.UNCERTAIN} & phases.keys()
    finish(bench)


@pytest.mark.parametrize(("second", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_ends_at_once_and_loses_nothing(
    second: signal.Signals, code: int, make_bench: MakeBench
) -> None:
    """The first waits for an answer that would take minutes; whoever cannot wait asks twice."""
    bench = make_bench(fault("hang", where="submit", seconds=600, after=4, times=2))
    process = start(bench)
    wait_for(lambda: bench.requests("submit") >= 6)
    process.send_signal(signal.SIGINT)
    assert process.stderr
    for line in process.stderr:
        if "Once more to stop at once" in line:
            break
    assert process.poll() is None
    process.send_signal(second)
    assert process.wait(timeout=20) == code
    assert "Traceback" not in process.communicate()[1]
    finish(bench)


@pytest.mark.parametrize(
    "ending", ["| head -1", "2>&1 | head -1", ">&-", "2>&-", ">&- 2>&-", "2> /dev/full"], ids=lambda text: text.strip()
)
def test_a_run_that_nobody_listens_to_goes_on_to_its_end(ending: str, make_bench: MakeBench) -> None:
    """What reads our words went away, or never was there: what is under way matters more."""
    bench = make_bench(fault("throttle", where="submit", seconds=0.1, every=5))
    write_spec(bench)
    ours = f"{shlex.quote(sys.executable)} -m flux_batch run spec.yaml --yes --out run"
    command = ["bash", "-c", f"{ours} {ending}; exit ${{PIPESTATUS[0]}}"]
    done = subprocess.run(command, cwd=bench.home, env=environment(bench), capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    with StateFile(bench.folder / FILE, read_only=True) as state:
        assert state.counts() == {Phase.STORED: 24}
    finish(bench)


def test_a_second_process_is_turned_away_and_names_the_holder(make_bench: MakeBench) -> None:
    """Two runs at once: the second exits 4, touches nothing and says who is at work."""
    bench = make_bench(latency=(1.0, 1.0))
    first = start(bench)
    wait_for(lambda: bench.requests("submit") >= 1)
    second = start(bench)
    _, errors = second.communicate(timeout=20)
    assert second.returncode == 4
    assert f"pid {first.pid}" in errors
    first.kill()
    first.communicate()
    finish(bench)


def finish(bench: Bench) -> None:
    """Run to the end: all stored, one bill each."""
    process = start(bench)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, (output, errors)
    with StateFile(bench.folder / FILE, read_only=True) as state:
        assert state.counts() == {Phase.STORED: 24}
    assert len(bench.bills()) == 24
    assert set(bench.bills().values()) == {1}
    assert not list(Path(bench.folder, "images").rglob("*.part"))
