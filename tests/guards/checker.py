"""Takes one guard out of a copy of the project, and runs the tests that should notice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
NEEDED: Final = ("flux_batch", "tests", "schemas", "specs", "pyproject.toml")
"""What the tests of the table need; everything else of the project stays out of the copies."""

AT_ONCE: Final = 2
SECONDS: Final = 120.0
"""The longest a guard's tests may take; they take about two, on a machine with nothing else to do."""

_PYTEST: Final = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin")
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
    done = _python(base, *_PYTEST, *tests, seconds=3 * SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return base


def examine(base: Path, guard: Guard, folder: Path) -> Finding:
    """Take the guard out of a copy of ``base`` at ``folder``, and run its tests there."""
    began = time.monotonic()
    # Links are quick and enough: nothing in a copy is written to, and the one file that changes is replaced.
    shutil.copytree(base, folder, copy_function=os.link)
    try:
        _take_out(guard, folder)
        done = _python(folder, *_PYTEST, *guard.tests, keep=False)
    except (ValueError, subprocess.TimeoutExpired) as error:
        return Finding(guard=guard, red=(), seconds=time.monotonic() - began, trouble=str(error))
    finally:
        shutil.rmtree(folder)
    red = tuple(dict.fromkeys(_FAILED.findall(done.stdout)))
    return Finding(guard=guard, red=red, seconds=time.monotonic() - began, trouble=_trouble(guard, done, red))


def _trouble(guard: Guard, done: subprocess.CompletedProcess[str], red: tuple[str, ...]) -> str:
    """Why this is no red test for that guard."""
    if done.returncode == 0:
        return "nobody noticed"
    if done.returncode != 1:
        return f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    if broken := _BROKEN.search(done.stdout):
        return f"the replacement broke the module: {broken[1]}"
    green = [test for test in guard.tests if not any(each == test or each.startswith(f"{test}[") for each in red)]
    return f"not red: {', '.join(green)}\n{done.stdout}" if green else ""


def _take_out(guard: Guard, folder: Path) -> None:
    """Replace the one place; raises ValueError when the text does not stand there exactly once."""
    path = folder / guard.file
    text = path.read_text(encoding="utf-8")
    if text.count(guard.old) != 1:
        raise ValueError(f"{guard.file} has this {text.count(guard.old)} times, not once: {guard.old}")
    path.unlink()
    path.write_text(text.replace(guard.old, guard.new), encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _python(
    folder: Path, *arguments: str, keep: bool = True, seconds: float = SECONDS
) -> subprocess.CompletedProcess[str]:
    """Python in a copy, which is where it imports from; ``keep`` lets it write down what it compiled."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"}
    if not keep:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
