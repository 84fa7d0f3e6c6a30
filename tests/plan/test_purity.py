"""The same spec, the same plan: byte for byte, on every machine, at every time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLAN = """
import sys
from functools import partial
from pathlib import Path
from flux_batch.plan.indented import indented
from flux_batch.plan.make import make_plan
from flux_batch.plan.saved import plan_to_json
from flux_batch.plan.choosing.select import Selection
from flux_batch.spec.beside.files import inspect_reference
from flux_batch.spec.load import load_spec

spec = load_spec(Path(sys.argv[1]))
selection = Selection(only="ratio != '9:16'", sample=7)
plan = make_plan(spec, partial(inspect_reference, spec.folder), selection)
value = plan_to_json(plan, spec="spec.yaml", selection=selection, settings=[], out=None)
sys.stdout.buffer.write("".join(indented(value, 1)).encode())
"""

WATCHED = """
import codecs, json, sys
from pathlib import Path
from flux_batch.errors import InvalidSpec
from flux_batch.plan.make import make_plan
from flux_batch.plan.choosing.select import Selection
import flux_batch.plan.templates.language  # where a template is not plain, it would be imported while we watch
from flux_batch.spec.load import load_spec
from flux_batch.spec.records import ReferenceFile

specs = [load_spec(Path(path)) for path in sys.argv[1:]]
asked, seen, watching = [], [], False

def inspect(path):
    asked.append(path)
    return ReferenceFile(path=path, sha256="00" * 32, bytes=1, mime="image/png", width=1, height=1)

# What happens within Python alone.
WITHIN = ("object.", "sys._getframe", "code.__new__", "array.__new__", "builtins.id")

def watch(event, arguments):
    if watching and not (event.startswith(WITHIN) or event in ("compile", "exec")):
        seen.append(f"{event} {arguments!r:.200}")

codecs.lookup("unicode_escape")  # a codec of Python's own, which Jinja asks for once
sys.addaudithook(watch)
watching = True
for spec in specs:
    plan = make_plan(spec, inspect, Selection(only="n >= 1 and ratio != 'x'", sample=9, limit=5))
watching = False
print(json.dumps({"asked": asked, "seen": seen}))
"""


PLANNED = ("campaign.yaml", "catalogue.yaml", "draft-to-final.yaml", "packshots.yaml")
"""Matrix and chain, table and house style, picks, references by row."""
VERSION = "import sys, jinja2, jsonschema, yaml, yamlcore; print('%d.%d' % sys.version_info[:2])"


def run(
    code: str, *arguments: Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None, python: str = sys.executable
) -> bytes:
    """What a fresh interpreter prints."""
    found = subprocess.run(
        [python, "-c", code, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout


def other_pythons() -> dict[str, str]:
    """Version → an interpreter of it that has what flux-batch needs, beside the one that runs the tests.

    Named in ``FLUX_BATCH_PYTHONS``, with the path separator between them, or else found on the ``PATH``.
    """
    named = os.environ.get("FLUX_BATCH_PYTHONS", "").split(os.pathsep)
    on_path = [shutil.which(f"python3.{minor}") for minor in (11, 12, 13, 14)]
    found: dict[str, str] = {}
    for python in filter(None, [*named, *on_path]):
        done = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 0 and python != sys.executable:
            found.setdefault(done.stdout.strip(), python)
    found.pop("{}.{}".format(*sys.version_info[:2]), None)
    return found


@pytest.fixture(scope="module")
def usual() -> dict[str, bytes]:
    """The plans of all example specs as they are made here and now."""
    return {path.name: run(PLAN, path) for path in (ROOT / "specs" / name for name in PLANNED)}


@pytest.mark.parametrize(
    "env",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "4242", "PYTHONOPTIMIZE": "1"},
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1", "HOME": "/nowhere", "USER": "x"},
        {"SOURCE_DATE_EPOCH": "1", "TZ": "UTC", "FAKETIME": "2001-01-01"},
    ],
    ids=" ".join,
)
def test_the_environment_does_not_matter(env: dict[str, str], usual: dict[str, bytes]) -> None:
    """Hash seed, time zone, locale, encoding, home."""
    for name, plan in usual.items():
        assert run(PLAN, ROOT / "specs" / name, env=env) == plan


def test_the_version_of_python_does_not_matter(usual: dict[str, bytes]) -> None:
    """On every other Python that is at hand; skipped where there is none, which then is not shown."""
    pythons = other_pythons()
    if not pythons:
        pytest.skip("no other Python with our dependencies: name some in FLUX_BATCH_PYTHONS")
    for python in pythons.values():
        for name, plan in usual.items():
            assert run(PLAN, ROOT / "specs" / name, python=python) == plan


def test_the_clock_does_not_matter(usual: dict[str, bytes]) -> None:
    """Nor does chance."""
    years_later = (
        "import time, random\n"
        "for name in ('time', 'time_ns', 'monotonic', 'perf_counter'):\n"
        "    setattr(time, name, lambda real=getattr(time, name): real() * 3 + 10**9)\n"
        "random.seed(99)\n"
    )
    assert run(years_later + PLAN, ROOT / "specs/campaign.yaml") == usual["campaign.yaml"]


def test_the_place_does_not_matter(tmp_path: Path, usual: dict[str, bytes]) -> None:
    """Another folder, another working directory, a relative path."""
    there = tmp_path / "wo änders"
    shutil.copytree(ROOT / "specs", there)
    for name, plan in usual.items():
        assert run(PLAN, there / name, cwd=tmp_path) == plan
        assert run(PLAN, Path(name), cwd=there) == plan


def test_a_plan_says_nothing_about_this_machine(usual: dict[str, bytes]) -> None:
    """No folder, no user, no time."""
    for plan in usual.values():
        text = plan.decode()
        assert str(ROOT) not in text
        assert str(Path.home()) not in text
        assert "object at 0x" not in text


def test_planning_opens_no_file_and_no_socket() -> None:
    """What it knows of files it was told by ``inspect``: Python's own audit sees nothing else happen."""
    found = json.loads(run(WATCHED, *sorted((ROOT / "specs").glob("*.yaml"))))
    packshots = sorted((ROOT / "specs/assets/packshots").glob("*.png"))
    assert set(found["asked"]) == {"assets/mug.png", *(f"assets/packshots/{path.name}" for path in packshots)}
    assert found["seen"] == []
