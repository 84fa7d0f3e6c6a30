"""What the documents show is true: their specs are planned, their Python runs, their commands and links exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flux_batch.cli.main import COMMANDS
from flux_batch.plan.make import make_plan
from flux_batch.spec.load import parse_spec

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_spec_of_the_readme_is_planned() -> None:
    """The first YAML a reader meets gives eight images."""
    (text,) = blocks(ROOT / "README.md", "yaml")
    assert len(make_plan(parse_spec(ROOT / "specs" / "readme.yaml", text)).tasks) == 8


def test_the_python_of_the_readme_runs() -> None:
    """The Python API as shown."""
    (code,) = blocks(ROOT / "README.md", "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("12 images, first: Studio photo of a sage green mug")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_exists(page: Path) -> None:
    """``flux-batch word`` is a command wherever a page shows one to type."""
    typed = re.findall(r"(?:`|bin/|&& |\$ )flux-batch ([a-z]+)\b", page.read_text(encoding="utf-8"))
    shown = re.findall(r"^flux-batch ([a-z]+)\b", "\n".join(blocks(page, "sh")), re.MULTILINE)
    assert {*typed, *shown} <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Links and pictures inside the repository are there."""
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith(("http://", "https://", "mailto:"))]
    assert [link for link in inside if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_test_named_is_there(page: Path) -> None:
    """A page that points at a test points at one that exists."""
    named = re.findall(r"`(tests/[\w/.]+)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []
