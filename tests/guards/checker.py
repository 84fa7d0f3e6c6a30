"""Takes one guard out of a copy of the project, and runs the tests that should notice."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).parents[2]
NEEDED: Final = ("flux_batch", "tests", "schemas", "specs", "pyproject.toml")
"""What the tests of the table need; everything else of the project stays out of the copies."""

FORKING: Final = Path(__file__).parent / "forking.py"
AT_ONCE: Final = 2
SECONDS: Final = 120
"""The longest a guard's tests may take; they take about half of one, on a machine with nothing else to do."""

_PYTEST: Final = ("-q", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
_FAILED: Final = re.compile(r"^FAILED (.+?)(?: - .*)?$", re.MULTILINE)
_BROKEN: Final = re.compile(
    r"^E +((?:Name|Import|ModuleNotFound|UnboundLocal|Syntax|Indentation)Error\b.*)$", re.MULTILINE
)
"""A module that the replacement broke: a test that is red for that has noticed nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One guard: ``old`` stands once in ``file``, and with ``new`` in its place all of ``tests`` must be red."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of taking a guard out; ``trouble`` says why it does not count as noticed, empty when it does."""

    guard: Guard
    red: tuple[str, ...]
    seconds: float
    trouble: str


def prepare(folder: Path, guards: Iterable[Guard]) -> Path:
    """A copy of the project in which all those tests pass, as they must with every guard in place."""
    base = folder / "base"
    base.mkdir()
    for name in NEEDED:
        _copy(ROOT / name, base / name)
    imported = _python(base, "-c", "import flux_batch; print(flux_batch.__file__)").stdout.strip()
    assert imported == str(base / "flux_batch" / "__init__.py"), f"the tests would use {imported}"
    tests = dict.fromkeys(test for guard in guards for test in guard.tests)
    done = _python(base, "-m", "pytest", *_PYTEST, *tests)
    assert done.returncode == 0, done.stdout + done.stderr
    return base


class Copy:
    """A copy of the project and a process that forks to run tests in it: a context manager, for one thread."""

    def __init__(self, base: Path, folder: Path) -> None:
        self.folder = folder
        # Links are quick and enough: nothing in a copy is written to, and the one file that changes is replaced.
        shutil.copytree(base, folder, copy_function=os.link)

    def __enter__(self) -> Self:
        """Start the process, with nothing of ours to import."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(FORKING)],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It ends with its input."""
        self._process.communicate()

    def examine(self, guard: Guard) -> Finding:
        """Take the guard out, run its tests, and put it back."""
        began = time.monotonic()
        try:
            with _taken_out(guard, self.folder):
                code, said = self._pytest(guard.tests)
                if code not in (0, 1):  # pytest itself fell over, which is no verdict
                    code, said = self._pytest(guard.tests)
        except ValueError as error:
            return Finding(guard=guard, red=(), seconds=time.monotonic() - began, trouble=str(error))
        red = tuple(dict.fromkeys(_FAILED.findall(said)))
        return Finding(guard=guard, red=red, seconds=time.monotonic() - began, trouble=_trouble(guard, code, said, red))

    def _pytest(self, tests: Sequence[str]) -> tuple[int, str]:
        """The exit code and what was said."""
        output = self.folder.with_suffix(".txt")
        # A folder of its own for what tests write: those that pytest numbers are cleared by whoever else runs it.
        arguments = [*_PYTEST, f"--basetemp={self.folder}-written", *tests]
        order = {"folder": str(self.folder), "arguments": arguments, "output": str(output), "seconds": SECONDS}
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline()), output.read_text(encoding="utf-8")


@contextmanager
def examined(base: Path, guards: Sequence[Guard]) -> Iterator[list[Future[Finding]]]:
    """What comes of each guard, a few at a time, in copies of ``base`` that stand beside it."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(dir=base.parent) as home:
        copies = SimpleQueue[Copy]()
        for number in range(min(AT_ONCE, len(guards))):
            copies.put(stack.enter_context(Copy(base, Path(home) / f"copy-{number}")))
        pool = stack.enter_context(ThreadPoolExecutor(AT_ONCE))
        stack.callback(pool.shutdown, cancel_futures=True)
        yield [pool.submit(_examine_in_one, copies, guard) for guard in guards]


def _examine_in_one(copies: SimpleQueue[Copy], guard: Guard) -> Finding:
    copy = copies.get()
    try:
        return copy.examine(guard)
    finally:
        copies.put(copy)


def _trouble(guard: Guard, code: int, said: str, red: tuple[str, ...]) -> str:
    """Why this is no red test for that guard."""
    if code == 0:
        return "nobody noticed"
    if code != 1:
        return f"pytest ended with {code}:\n{said}"
    if broken := _BROKEN.search(said):
        return f"the replacement broke the module: {broken[1]}"
    green = [test for test in guard.tests if not any(each == test or each.startswith(f"{test}[") for each in red)]
    return f"not red: {', '.join(green)}\n{said}" if green else ""


@contextmanager
def _taken_out(guard: Guard, folder: Path) -> Iterator[None]:
    """Replace the one place for a while; raises ValueError when the text does not stand there exactly once."""
    path = folder / guard.file
    text = path.read_text(encoding="utf-8")
    if text.count(guard.old) != 1:
        raise ValueError(f"{guard.file} has this {text.count(guard.old)} times, not once: {guard.old}")
    kept = path.rename(path.with_suffix(".kept"))
    try:
        path.write_text(text.replace(guard.old, guard.new), encoding="utf-8")
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
        yield
    finally:
        kept.replace(path)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a copy, which is where it imports from."""
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=folder,
        env=_environment() | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
    )


def _environment() -> dict[str, str]:
    """Without what this pytest, or a person, said to Python and pytest."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    return environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"}
