"""Imports point one way, a library lives in one room, and a command that needs little loads little.

Read from the source with ``ast``, so imports inside of functions count as well.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "flux_batch"

ORDER = ("errors", "spec", "plan", "api", "run", "report", "cli")
"""A stage may import itself and what stands before it."""

ALLOWED = {stage: set(ORDER[: place + 1]) for place, stage in enumerate(ORDER)} | {
    "simulator": {"simulator", "errors", "flux_batch.api.wire"},
    "": {"spec", "plan", "run", "report"},  # flux_batch/__init__.py, the pipeline as a Python API
    "__main__": {"cli"},  # python -m flux_batch
}
ALLOWED["cli"].add("simulator")  # `simulate` and `rehearse` start it
VERSION = "flux_batch.__version__"
"""What every stage may ask the top of the package for, and nothing else."""

ROOMS = {
    "yaml": {"flux_batch.spec.reading.yaml12"},
    "yamlcore": {"flux_batch.spec.reading.yaml12"},
    "ruamel": {"flux_batch.spec.mending.rewrite"},
    "jsonschema": {"flux_batch.spec.schema.published"},
    "referencing": {"flux_batch.spec.schema.published"},
    "aiohttp": {"flux_batch.api", "flux_batch.simulator"},
    "certifi": {"flux_batch.api"},
    "yarl": {"flux_batch.api"},
    "sqlite3": {"flux_batch.run.store.database"},
    "markupsafe": {"flux_batch.report.page.render"},
    "jinja2": {"flux_batch.plan.templates.language", "flux_batch.report.page.render"},
    "click": {"flux_batch.cli"},
    "filelock": {"flux_batch.run"},
    "fsspec": {"flux_batch.run.plane.objects"},
    "s3fs": {"flux_batch.run.plane.objects"},
    "distributed": {"flux_batch.run.plane.cluster"},
    "openpyxl": {"flux_batch.spec.tables.workbook"},
    "c2pa": {"flux_batch.report.credentials"},
    "PIL": {"flux_batch.spec", "flux_batch.run", "flux_batch.report", "flux_batch.simulator"},
}
"""Library → the modules, or folders of modules, that may import it; no other is imported at all."""

HEAVY = (
    "aiohttp",
    "jsonschema",
    "referencing",
    "PIL",
    "openpyxl",
    "jinja2",
    "distributed",
    "c2pa",
)


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports, in full; ``late`` when that happens inside of a function."""

    module: str
    name: str
    line: int
    late: bool
    typing_only: bool

    def __str__(self) -> str:
        """As a failed test shows it."""
        return f"{self.module}:{self.line} imports {self.name}"


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name."""
    return {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def imports() -> tuple[Import, ...]:
    """Every import of every module."""
    return tuple(each for name, path in modules().items() for each in _imports(name, path))


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(module: str, path: Path) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    late = {inner for node in ast.walk(tree) if isinstance(node, functions) for inner in ast.walk(node)}
    guarded = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    typing_only = {inner for node in guarded for inner in ast.walk(node)}
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        for name in _names(node, package):
            yield Import(module, name, getattr(node, "lineno", 0), node in late, node in typing_only)


def _names(node: ast.AST, package: str) -> list[str]:
    """What a statement imports; from a package, whether a name is a module of it or something in it."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        parents = package.split(".")
        base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
    inner = [f"{base}.{alias.name}" for alias in node.names]
    return inner if base == "flux_batch" else [name for name in inner if name in modules()] or [base]


def _stage(module: str) -> str:
    return module.removeprefix("flux_batch").removeprefix(".").partition(".")[0]


def _in(module: str, rooms: set[str]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def test_imports_point_one_way() -> None:
    """``errors ← spec ← plan ← api ← run ← report ← cli``; the simulator knows the errors and the wire."""
    wrong = [
        str(each)
        for each in imports()
        if each.name.split(".")[0] == "flux_batch"
        and _stage(each.name) not in ALLOWED[_stage(each.module)]
        and each.name not in ALLOWED[_stage(each.module)] | {VERSION}
    ]
    assert not wrong


def test_nothing_imports_the_command_line() -> None:
    """It is an end; only ``python -m flux_batch`` begins there."""
    users = [each for each in imports() if _stage(each.name) == "cli" and _stage(each.module) != "cli"]
    assert [each.module for each in users] == ["flux_batch.__main__"]


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_has_its_room(library: str) -> None:
    """Swapping it touches nothing else."""
    users = {each for each in imports() if each.name.split(".")[0] == library}
    assert not [str(each) for each in users if not _in(each.module, ROOMS[library])]


def test_every_library_is_known_here() -> None:
    """One that is not in the list has no room yet."""
    found = {each.name.split(".")[0] for each in imports()}
    assert found - set(sys.stdlib_module_names) - {"flux_batch"} <= set(ROOMS)


def test_what_is_paid_knows_no_way_to_buy() -> None:
    """The rules behind an acceptance have no word for a request: not even a slip there can send one."""
    tree = ast.parse((PACKAGE / "run" / "protocol" / "paid.py").read_text(encoding="utf-8"))
    words = {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
    assert {"Fetch", "Poll"} <= words
    assert not words & {"Post", "Prepare"}


def test_pictures_are_loaded_late() -> None:
    """PIL takes 27 ms, which a command without pictures should not pay."""
    early = [each for each in imports() if each.name.split(".")[0] == "PIL" and not each.late and not each.typing_only]
    assert not [str(each) for each in early if _stage(each.module) != "simulator"]


def test_no_modules_import_each_other() -> None:
    """Not even late, and not even for types only."""
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for each in imports():
        if each.name in graph:
            graph[each.module].add(each.name)
    assert not _cycle(graph)


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """Modules on or between circles; empty when there are none."""
    left = {name: set(targets) for name, targets in graph.items()}
    while done := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in done}
    return sorted(left)


def test_a_circle_would_be_found() -> None:
    """The search itself works."""
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == ["a", "b", "c", "d"]
    assert _cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


HELP = """
import contextlib, sys
from flux_batch.cli.main import main
sys.argv = ["flux-batch", "--help"]
with contextlib.suppress(SystemExit):
    main()
"""


@pytest.mark.parametrize(
    "code",
    [
        "import flux_batch.cli.main",
        HELP,
    ],
    ids=["import", "--help"],
)
def test_the_door_is_light(code: str) -> None:
    """Neither the import nor ``--help`` loads what only some commands need."""
    assert not set(HEAVY) & _loaded(code)


def test_a_first_plan_is_light() -> None:
    """Nothing that draws, sends or remembers; and its templates are plain, so no Jinja."""
    code = HELP.replace('"--help"', f'"plan", {str(ROOT / "specs" / "quickstart.yaml")!r}, "--out", "no-such-run"')
    loaded = _loaded(code)
    assert "jsonschema" in loaded
    assert not ({*HEAVY, "sqlite3"} - {"jsonschema", "referencing"}) & loaded


def _loaded(code: str) -> set[str]:
    """The packages that are there after it."""
    after = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", after], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return set(found.stderr.split())
