"""What a process shows of itself when something of ours breaks: never the key, however it breaks."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from tests.canary import check_said

from .kit import CANARY

ROOT: Final = Path(__file__).parents[2]

GUARD: Final = """\
import os
from flux_batch.cli.terminal.guard import guard_process
guard_process()
KEY = os.environ["TOAPIS_API_KEY"]
"""


def python(code: str, folder: Path, *, debug: bool) -> subprocess.CompletedProcess[str]:
    """A process with the key in its environment; its streams hold none of it."""
    environment = {**os.environ, "TOAPIS_API_KEY": CANARY, "TOAPIS_BASE_URL": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "FLUX_BATCH_DEBUG": "1" if debug else ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    check_said(done.stdout, done.stderr)
    return done


BREAKS: Final = (
    "settings._checked_key",
    "client.ApiClient._open",
    "client.ApiClient._hear",
    "client.ApiClient.balance",
)
"""Functions whose frames hold the key."""


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "debug"])
@pytest.mark.parametrize("broken", BREAKS)
def test_a_bug_never_shows_the_key(broken: str, debug: bool, tmp_path: Path) -> None:
    """Not even one whose own text is the whole environment, below a frame that holds the key, with its traceback."""
    code = f"""
        import os
        from flux_batch.api import client, settings
        def bug(*args, **more):
            try:
                raise ValueError(f"Bearer {{os.environ['TOAPIS_API_KEY']}}")
            except ValueError as error:
                error.add_note(os.environ['TOAPIS_API_KEY'])
                raise RuntimeError(f"boom {{dict(os.environ)}} {{args}}") from error
        {broken} = bug
        from flux_batch.cli.main import main
        main(["balance", "--json"])
    """
    done = python(code, tmp_path, debug=debug)
    assert done.returncode == 70
    assert "this is a bug of ours" in done.stderr
    assert "boom" in done.stderr
    assert "[key]" in done.stderr
    assert ("Traceback" in done.stderr) is debug


HOOKS: Final = {
    "main": "raise RuntimeError(KEY)",
    "thread": "import threading; thread = threading.Thread(target=lambda: int(KEY)); thread.start(); thread.join()",
    "asyncio": """
import asyncio, gc
async def bad(): raise RuntimeError(KEY)
async def main():
    asyncio.create_task(bad()); await asyncio.sleep(0); await asyncio.sleep(0); gc.collect()
asyncio.run(main())""",
    "callback": """
import asyncio
async def main():
    asyncio.get_running_loop().call_soon(lambda: int(KEY)); await asyncio.sleep(0); await asyncio.sleep(0)
asyncio.run(main())""",
    "finaliser": """
class Bad:
    def __del__(self): raise RuntimeError(KEY)
Bad()""",
    "log": "import logging; logging.getLogger('any').error('sent %s', {'key': KEY})",
    "log of an error": """
import logging
try: int(KEY)
except ValueError: logging.getLogger('any').exception('failed')""",
    "broken log line": "import logging; logging.getLogger('any').error('%d', KEY); logging.error('[key]')",
}


@pytest.mark.parametrize(
    ("way", "debug"), [*((way, True) for way in HOOKS), ("main", False), ("asyncio", False), ("thread", False)]
)
def test_what_nobody_caught_is_said_without_the_key(way: str, debug: bool, tmp_path: Path) -> None:
    """In the main thread, in another, in the event loop, while being cleaned up, and in a log."""
    done = python(GUARD + HOOKS[way], tmp_path, debug=debug)
    assert "[key]" in done.stderr
    assert debug or "Traceback" not in done.stderr


def test_libraries_are_quiet(tmp_path: Path) -> None:
    """The HTTP library logs every whole URL at INFO; with the root at DEBUG it is not heard."""
    code = """
        import logging
        logging.basicConfig(level=logging.DEBUG)
        from flux_batch.cli.terminal.guard import guard_process
        guard_process()
        for name in ("aiohttp.client", "asyncio", "filelock", "PIL.Image"):
            logging.getLogger(name).info("GET https://x/?sig=s3cret")
    """
    done = python(code, tmp_path, debug=True)
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows writes no core files")
def test_a_crash_leaves_no_core_file(tmp_path: Path) -> None:
    """The limit is zero in the process itself and in what it starts."""
    code = """
        import resource, subprocess, sys
        from flux_batch.cli.main import main
        try:
            main(["--version"])
        except SystemExit:
            print(resource.getrlimit(resource.RLIMIT_CORE))
            sys.stdout.flush()
            subprocess.run([sys.executable, "-c", "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"])
    """
    assert python(code, tmp_path, debug=False).stdout.splitlines()[-2:] == ["(0, 0)"] * 2


def test_no_module_asks_for_the_variables_of_frames() -> None:
    """No pretty tracebacks, and where a traceback is made, it is made without locals."""
    for path in (ROOT / "flux_batch").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom | ast.Import):
                names = [getattr(node, "module", "") or "", *(alias.name for alias in node.names)]
                assert not {"rich.traceback", "cgitb", "faulthandler"} & set(names), path
            if isinstance(node, ast.keyword) and node.arg in ("show_locals", "capture_locals"):
                assert isinstance(node.value, ast.Constant), path
                assert node.value.value is False, path
