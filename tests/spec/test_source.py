"""Finding places, and showing them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from flux_batch.spec.reading.source import Mark, Source
from flux_batch.spec.reading.values import read_document

TEXT = """\
version: 1
prompt: >-
  Photo of a {{ product }}
  on {{ prodct }} and {{ pro }},
  soft light
naming: "{{ prodct }}"
variables: {product: [mug, "prodct"]}
"""


@pytest.fixture
def source() -> Source:
    """The text's source, with marks."""
    return read_document(Path("x.yaml"), TEXT).source


@pytest.mark.parametrize(
    ("needle", "mark"),
    [
        ("prodct", Mark(4, 9, 6)),
        ("{{ prodct }}", Mark(4, 6, 12)),
        ("pro", Mark(4, 26, 3)),
        ("product }} on", Mark(3, 17, 15)),
        ("ligh", Mark(5, 8, 4)),
        ("nowhere", Mark(2, 9, 10_000)),
        ("variables", Mark(2, 9, 10_000)),
        (" ", Mark(2, 9, 10_000)),
    ],
)
def test_finds_a_word_inside_a_block(source: Source, needle: str, mark: Mark) -> None:
    """Whole words first, over line breaks, never outside of the value, and its own place if nowhere."""
    assert source.find(("prompt",), needle) == mark


def test_finds_inside_of_quotes_and_items(source: Source) -> None:
    """Other values can be searched too."""
    assert source.find(("naming",), "prodct") == Mark(6, 13, 6)
    assert source.find(("variables", "product", 1), "prodct") == Mark(7, 29, 6)


def test_a_place_that_is_not_written_is_its_nearest_parent(source: Source) -> None:
    """What is missing is missed at the key it belongs to."""
    assert source.mark(("variables", "scene", 3)) == Mark(7, 1, 9)
    assert source.mark(("jobs", "hero")).line == 1
    assert source.find(("variables", "scene"), "mug") == Mark(7, 1, 9)


def test_a_problem_shows_its_line(source: Source) -> None:
    """The caret's width never leaves the line."""
    problem = source.problem(("prompt",), "too plain")
    assert (problem.line, problem.column, problem.width, problem.excerpt) == (2, 9, 2, "prompt: >-")


def test_an_excerpt_cannot_command_a_terminal() -> None:
    """Tabs become one space, so that the caret stays right; control characters are shown as such."""
    source = Source(path=Path("x.yaml"), text="a:\t\x1b[31mred\n", marks={})
    assert source.problem_at(Mark(1, 4, 1), "x").excerpt == "a: \N{REPLACEMENT CHARACTER}[31mred"


def test_an_endless_line_is_not_shown() -> None:
    """A minified JSON file has one line; only its place is named."""
    source = Source(path=Path("x.json"), text="x" * 5000, marks={})
    assert source.problem_at(Mark(1, 4000, 1), "x").excerpt == ""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(end: str) -> None:
    """Files from Windows and from old Macs count the same."""
    document = read_document(Path("x.yaml"), end.join(["a: 1", "b: 2", "c: 3"]))
    problem = document.source.problem(("c",), "x", key=True)
    assert (problem.line, problem.column, problem.excerpt) == (3, 1, "c: 3")


def test_hash_is_of_the_text() -> None:
    """The same text has the same hash, wherever it lies."""
    one, two = (Source(path=Path(name), text="a: é", marks={}) for name in ("a", "b"))
    assert one.sha256 == two.sha256 == hashlib.sha256("a: é".encode()).hexdigest()
