"""docs/cookbook.md as a reader uses it: a recipe is shown as it is, planned, bought, changed, and planned again.

All recipes are bought once, from the simulator; each change is then planned in a copy of that project, so that what the
page promises of it is what a reader would see.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from flux_batch.simulator import SimulatorOptions, simulator_thread

from .kit import CANARY, FAST, Desk, furnish

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## \d+\. ([^\n]*)\n(.*?)(?=^## )", re.MULTILINE | re.DOTALL)
BYTES_MAX = 120_000
LINES_MAX = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the page says of one recipe; ``after`` are the arguments of the second plan."""

    name: str
    spec: str
    shown: str
    picture: Path
    before: list[str]
    says: list[str]
    file: str
    change: str
    after: list[str]
    then_says: list[str]


def recipe(text: str) -> Recipe:
    """One section of the page."""
    (shown,), (change,) = blocks(text, "yaml"), blocks(text, "diff")
    commands = [shlex.split(block)[2:] for block in blocks(text, "sh")]
    says, then_says = (block.splitlines() for block in blocks(text, ""))
    (picture,) = re.findall(r"^!\[[^\]]+\]\(([^)]+)\)$", text, re.MULTILINE)
    (file,) = re.findall(r"\*\*Try it\.\*\*[^\n]* In \[([^\]]+)\]\(\.\./\1\):", text)
    return Recipe(
        name=Path(commands[0][0]).stem,
        spec=commands[0][0],
        shown=shown,
        picture=ROOT / "docs" / picture,
        before=commands[0],
        says=says,
        file=file,
        change=change,
        after=commands[-1],
        then_says=then_says,
    )


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [
        body for name, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if name == language
    ]


def changed(text: str, change: str) -> str:
    """A text with the lines of a diff put in, which must stand in it once."""
    lines = change.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in signs) for signs in (" -", " +"))
    assert text.count(old) == 1
    return text.replace(old, new)


def in_order(lines: list[str], text: str) -> list[str]:
    """Those of the lines that the text does not have behind the ones before them."""
    remaining: Iterator[str] = iter(text.splitlines())
    return [line for line in lines if line not in remaining]


RECIPES = [recipe(text) for _, text in SECTION.findall(PAGE)]
each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A project in which every recipe has been run as it stands on the page."""
    options = SimulatorOptions(key=CANARY, tier="unlimited", latency=(0.02, 0.08), pixels=10_000)
    with simulator_thread(options) as simulator, ThreadPoolExecutor(3) as pool:
        desk = Desk(furnish(tmp_path_factory.mktemp("cookbook") / "home"), simulator)
        runs = [pool.submit(desk, "run", *each.before, "--yes", *FAST) for each in RECIPES]
        assert [each.result().code for each in runs] == [0] * len(RECIPES)
        yield desk


def test_there_are_twelve() -> None:
    """As the page says."""
    assert len({each.name for each in RECIPES}) == len(RECIPES) == 12


@each_recipe
def test_the_page_shows_the_file_itself(recipe: Recipe) -> None:
    """All but the line for editors; short enough to be taken in at a glance."""
    text = (ROOT / recipe.spec).read_text(encoding="utf-8")
    modeline, _, rest = text.partition("\n")
    assert modeline.startswith("# yaml-language-server:")
    assert rest.removeprefix("#\n") == recipe.shown
    lines = [line for line in recipe.shown.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(lines) <= LINES_MAX or recipe.name == "edit-chain"


@each_recipe
def test_its_picture_is_small_and_a_picture(recipe: Recipe) -> None:
    """``scripts/cookbook`` makes it."""
    from PIL import Image

    assert recipe.picture.stat().st_size <= BYTES_MAX
    with Image.open(recipe.picture) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert picture.width >= 800


@each_recipe
def test_the_plan_says_what_the_page_says(recipe: Recipe, desk: Desk) -> None:
    """The images and the price of somebody who has none yet; validate has nothing against it."""
    planned = desk("plan", *recipe.before)
    assert planned.code == 0
    assert in_order(recipe.says, planned.out) == []
    assert desk("validate", recipe.spec).code == 0


@each_recipe
def test_the_change_does_what_the_page_says(recipe: Recipe, bought: Desk, tmp_path: Path) -> None:
    """Of somebody who has the first images: only what changed is bought, and the plan says why."""
    home = tmp_path / "home"
    shutil.copytree(bought.home / "specs", home / "specs")
    shutil.copytree(bought.home / "runs" / recipe.name, home / "runs" / recipe.name)
    path = home / recipe.file
    path.write_text(changed(path.read_text(encoding="utf-8"), recipe.change), encoding="utf-8")
    planned = Desk(home)("plan", *recipe.after)
    assert in_order(recipe.then_says, planned.out if planned.code == 0 else planned.err) == []


@each_recipe
def test_unchanged_it_buys_nothing(recipe: Recipe, bought: Desk) -> None:
    """Everything that was planned was made."""
    again = bought("plan", *recipe.before, "--json").json
    assert (again["new"], again["removed"]) == (0, 0)
