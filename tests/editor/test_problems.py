"""What an editor underlines, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Show
from .editor import Editor

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))


@pytest.mark.parametrize(
    ("written", "underlined", "said"),
    [
        ("modles: [flux-kontext-pro]", "modles", "Property modles is not allowed."),
        ("jobs: {hero: {promt: A mug}}", "promt", "Property promt is not allowed."),
        ("execution: {concurency: 5}", "concurency", "Property concurency is not allowed."),
        ("budget: {mx: 5}", "mx", "a number of US dollars, like 5.00, or {max: 5.00, warn: 3.00}"),
        ("models: [flux-kontext-ultra]", "flux-kontext-ultra", 'Valid values: "flux-kontext-pro", "flux-kontext-max".'),
        ("models: flux-kontext-pro", "flux-kontext-pro", 'a list, like ["flux-kontext-pro"]'),
        ("repeat: two", "two", "a whole number, like 2"),
        ('ratios: ["5:4"]', '"5:4"', "Valid values:"),
        ("ratios: 16:9", "16:9", 'a list, like ["1:1", "16:9"]'),
        ("name: my batch", "my batch", "cannot name a folder: use letters, digits"),
        ("jobs: {my hero: {}}", "my hero", "cannot name a job: use letters, digits"),
        ("variables: {my product: [mug]}", "my product", "cannot name a variable: use letters, digits"),
        ("execution: {when_uncertain: maybe}", "maybe", 'Valid values: "resend", "hold".'),
        ("options: {safety_tolerance: 9}", "9", "maximum of 6"),
    ],
)
def test_a_mistake_is_underlined(show: Show, written: str, underlined: str, said: str) -> None:
    """The wrong word and nothing else, with what is wrong."""
    ((word, message),) = show(f"version: 1\n{written}\n").problems()
    assert word == underlined
    assert said in message


def test_a_missing_version_is_told(show: Show) -> None:
    """In a file that says something else already."""
    ((_, message),) = show("prompt: A mug\n").problems()
    assert '"version"' in message


@pytest.mark.parametrize("written", ["16:9", "[16:9, 1:1, 9:21]", "[NO]"])
def test_what_old_readers_take_for_something_else_is_text(show: Show, written: str) -> None:
    """The server reads YAML 1.2, as we do."""
    page = show(f"version: 1\nprompt: A mug\nvariables: {{market: {written}}}\n")
    assert page.problems() == []


def test_ratios_without_quotes_are_not_underlined(show: Show) -> None:
    """We advise quotes, for other tools; here they are not needed."""
    assert show("version: 1\nprompt: A mug\nratios: [16:9, 1:1, 21:9, 4:3]\n").problems() == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_example_specs_are_clean(editor: Editor, path: Path) -> None:
    """Opened where they lie, their first line leads to the schema."""
    text = path.read_text(encoding="utf-8")
    editor.open(path, text)
    assert editor.problems(path) == []


def test_the_starter_is_clean(editor: Editor, project: Path) -> None:
    """The file that ``init`` wrote, opened as it is."""
    path = project / "first.yaml"
    editor.open(path, path.read_text(encoding="utf-8"))
    assert editor.problems(path) == []


def test_the_starter_with_everything_uncommented_is_clean(show: Show, project: Path) -> None:
    """Its examples in comments are right too."""
    lines = (project / "first.yaml").read_text(encoding="utf-8").split("\n")
    start = next(number for number, line in enumerate(lines) if line.startswith("version:"))
    examples = [line for line in lines[start:] if line.startswith("# ") and ":" in line and not line.endswith(":")]
    assert len(examples) >= 8
    prose = ("# Every {{", "# Several prompts")
    rest = [line[2:] if line.startswith("# ") and not line.startswith(prose) else line for line in lines[start:]]
    page = show("\n".join(rest))
    assert page.problems() == []


def test_a_schema_elsewhere_is_not_fetched(show: Show) -> None:
    """The guard against the network works: a file that asks for a schema on the internet gets none."""
    ((_, message),) = show(
        "a: 1\n", modeline="# yaml-language-server: $schema=https://schema.invalid/a.json\n"
    ).problems()
    assert "tried to reach the network" in message


def test_the_server_ends_when_it_is_asked_to(editor: Editor, project: Path) -> None:
    """A second server, from hello to goodbye."""
    second = Editor(project)
    assert second.leave() == 0
