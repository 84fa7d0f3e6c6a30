"""Words of the brand, from the spec and from a brand file."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.plan.make import make_plan
from flux_batch.spec.load import parse_spec


def said(folder: Path, prompt: str, lint: str, brand: str | None = None) -> tuple[Problem, ...]:
    """What is wrong with a prompt, if anything."""
    if brand is not None:
        (folder / "brand.yaml").write_text(brand)
    try:
        make_plan(parse_spec(folder / "spec.yaml", f'version: 1\nprompt: "{prompt}"\nlint: {lint}\n'))
    except InvalidSpec as error:
        return error.problems
    return ()


@pytest.mark.parametrize(
    ("word", "prompt", "bans"),
    [
        ("cheap", "A cheap mug", True),
        ("cheap", "A CHEAP mug", True),
        ("Cheap", "a cheap mug", True),
        ("cheap", "A cheap-looking mug", True),
        ("cheap", "A cheaper mug", False),
        ("cheap", "A dirtcheap mug", False),
        ("best ever", "The best   ever mug", True),
        ("best ever", "The best, ever", False),
        ("100%", "A 100% mug", True),
        ("c++", "A c++ mug", True),
        ("größe", "Die GRÖSSE", False),
        ("größe", "Die Größe", True),
        (".*", "A mug", False),
    ],
)
def test_whole_words_in_any_case(word: str, prompt: str, bans: bool, tmp_path: Path) -> None:
    """A part of a word does not count; a word is no pattern."""
    assert bool(said(tmp_path, prompt, f"{{banned: ['{word}']}}")) is bans
    assert bool(said(tmp_path, prompt, f"{{required: ['{word}']}}")) is not bans


def test_the_words_of_both_are_put_together(tmp_path: Path) -> None:
    """The spec's and the brand file's, which is remembered as an input."""
    brand = "banned: [luxury]\nrequired: [studio]\n"
    assert not said(tmp_path, "Studio mug", "{from: brand.yaml, banned: [cheap]}", brand)
    for prompt in ("A studio luxury mug", "A studio cheap mug", "A mug"):
        assert len(said(tmp_path, prompt, "{from: brand.yaml, banned: [cheap]}")) == 1
    spec = parse_spec(tmp_path / "spec.yaml", "version: 1\nprompt: A studio mug\nlint: {from: brand.yaml}\n")
    assert [file.path for file in spec.inputs] == ["brand.yaml"]


@pytest.mark.parametrize(
    ("brand", "place"),
    [
        ("baned: [a]\n", (1, 1)),
        ("required: [x]\nbanned: a\n", (2, 9)),
        ("banned: []\n", (1, 9)),
        ("banned: [a, 3]\n", (1, 13)),
        ("banned: [a, ' ']\n", (1, 13)),
        ("banned: [a\n", (1, 9)),
    ],
)
def test_a_wrong_brand_file_is_shown_where_it_is_wrong(brand: str, place: tuple[int, int], tmp_path: Path) -> None:
    """Its own line and column, once."""
    (problem,) = said(tmp_path, "A mug", "{from: brand.yaml}", brand)
    assert (Path(problem.file).name, problem.line, problem.column) == ("brand.yaml", *place)
