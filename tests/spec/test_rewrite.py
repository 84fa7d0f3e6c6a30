"""Rewriting a user's file: what is changed is changed, and every other byte is theirs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.errors import UsageError
from flux_batch.spec.mending.rewrite import rewrite
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.reading.text import UNREADABLE
from flux_batch.spec.reading.values import Plain, read_document

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))

LIVED_IN = """\
# yaml-language-server: $schema=x.json

version:   1          # always
name: 'spring'        # it''s spring


prompt: >-            # folded
  Studio photo of {{ product }} on
  {{ scene }}, 😀 "quoted": yes

# --- the things we sell ---
things: [ mug ,  'tea pot' ]   # odd spaces
variables:
    product: &things [mug, tea pot]
    scene:
        # two scenes
        linen: rumpled linen
        marble: |-
            polished
            marble

        snow: "fresh \\u2744 snow"
    others: *things
ratios:
- "1:1"     # feed
# the wide one
- 16:9
options: {safety_tolerance: 2, response_format: png}
budget: {max: 5.00}

# the end
"""


def value_of(text: str) -> Plain:
    """A text as our loader reads it."""
    document = read_document(Path("a.yaml"), text.removeprefix("\ufeff"))
    assert not document.syntax
    assert not document.problems
    return document.value


@pytest.mark.parametrize(
    ("at", "value", "before", "after"),
    [
        (("name",), "NO", "name: 'spring' ", 'name: "NO" '),
        (("name",), "summer", "name: 'spring' ", 'name: "summer" '),
        (("version",), 2, "version:   1 ", "version:   2 "),
        (("ratios", 1), "9:16", "- 16:9\n", '- "9:16"\n'),
        (("ratios", 0), "3:2", '- "1:1"     # feed', '- "3:2"     # feed'),
        (("things", 0), "a, b", "[ mug ,", '[ "a, b" ,'),
        (("variables", "scene", "linen"), "linen: new #1", "linen: rumpled linen", 'linen: "linen: new #1"'),
        (("variables", "scene", "snow"), "😀", '"fresh \\u2744 snow"', '"😀"'),
        (("variables", "scene", "marble"), "white", "|-\n            polished\n            marble", '"white"'),
        (("options", "safety_tolerance"), 6, "safety_tolerance: 2,", "safety_tolerance: 6,"),
        (("budget",), {"warn": 1}, "{max: 5.00}", "{warn: 1}"),
        (("budget", "max"), Decimal("2.50"), "{max: 5.00}", "{max: 2.50}"),
        (("budget", "warn"), Decimal("3.00"), "{max: 5.00}", "{max: 5.00, warn: 3.00}"),
        (("ratios", 2), "9:16", "- 16:9\n", '- 16:9\n- "9:16"\n'),
        (("variables", "tone"), ["warm", "no"], "others: *things\n", 'others: *things\n    tone: [warm, "no"]\n'),
        (("variables", "others"), ["cup"], "*things", "[cup]"),
        (("repeat",), 2, "budget: {max: 5.00}\n", "budget: {max: 5.00}\nrepeat: 2\n"),
        (("ratios",), ["1:1", "3:2"], '- "1:1"     # feed\n# the wide one\n- 16:9\n', '- "1:1"\n- "3:2"\n'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_only_that_value_is_written_anew(
    at: FilePath, value: Plain, before: str, after: str, end: str, bom: str
) -> None:
    """Comments, quotes, anchors, odd spaces, blank lines, line ends and the byte order mark stay."""
    assert LIVED_IN.count(before) == 1
    expected = bom + LIVED_IN.replace(before, after).replace("\n", end)
    assert rewrite(bom + LIVED_IN.replace("\n", end), {at: value}) == expected


def test_a_folded_prompt_stays_a_block() -> None:
    """It is broken between words, and is the same text again; the remark behind the sign goes with the old text."""
    words = "Packshot of {{ product }}: 50% off # today, with the words OPEN LATE above the door of the shop"
    changed = rewrite(LIVED_IN, {("prompt",): words})
    assert "prompt: >-\n  Packshot of {{ product }}: 50% off # today, with the words" in changed
    assert max(map(len, changed.splitlines())) <= 80
    assert value_of(changed)["prompt"] == words  # type: ignore[index, call-overload]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_no_change_is_no_change(spec: Path) -> None:
    """Every example comes out as it went in, and so does one that is set to what it says."""
    text = spec.read_text(encoding="utf-8")
    assert rewrite(text, {}) == text
    assert rewrite(text, {("version",): 1}) == text


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_one_line_of_an_example_changes(spec: Path) -> None:
    """A new model is one line's difference."""
    text = spec.read_text(encoding="utf-8")
    changed = rewrite(text, {("name",): "another"}).splitlines()
    assert [line for line in changed if line not in text.splitlines()] == [
        line for line in changed if line.startswith("name: another")
    ]


def test_several_changes_at_once() -> None:
    """Each finds its place, wherever the one before it moved things."""
    changed = rewrite(LIVED_IN, {("name",): "a much longer name", ("ratios", 1): "2:3", ("repeat",): 3})
    value = value_of(changed)
    assert isinstance(value, dict)
    assert (value["name"], value["ratios"], value["repeat"]) == ("a much longer name", ["1:1", "2:3"], 3)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (("variables", "product"), "without changing something else"),  # *things would have nothing to repeat
        (("variables", "product", 1), "without changing something else"),  # and here it would say something else
        (("variables", "others", 0), "change it there"),
        (("jobs", "hero", "prompt"), "not in this file"),
        (("ratios", 5), "not in this file"),
        (("name", "x"), "not in this file"),
    ],
)
def test_what_would_change_more_is_refused(at: FilePath, words: str) -> None:
    """An anchor's value is another's as well."""
    with pytest.raises(UsageError, match=words):
        rewrite(LIVED_IN, {at: "x"})


def test_a_file_with_a_problem_is_left_alone() -> None:
    """Nobody knows what it says."""
    with pytest.raises(UsageError, match="not rewritten: line 2"):
        rewrite("version: 1\nsku: 012\n", {("version",): 1})


def test_a_key_without_a_value_gets_one() -> None:
    """Also as the last thing of a file that ends without a line end."""
    assert rewrite("a: 1\nname:", {("name",): "x"}) == "a: 1\nname: x"
    assert rewrite("a: 1", {("b",): {"c": ["1:1"]}}) == 'a: 1\nb: {c: ["1:1"]}\n'


def test_a_file_of_comments_is_refused() -> None:
    """There is nothing to change in it."""
    with pytest.raises(UsageError):
        rewrite("# nothing\n", {("a",): 1})


TEXTS = st.text(max_size=40).filter(lambda text: not UNREADABLE.search(text) and "\ufeff" not in text)


@settings(max_examples=150, deadline=None)
@given(
    text=TEXTS, at=st.sampled_from([("name",), ("prompt",), ("variables", "scene", "linen"), ("ratios", 1), ("new",)])
)
def test_any_text_reads_back(text: str, at: FilePath) -> None:
    """Quotes, colons, braces, stars, line breaks: what goes in comes out."""
    here = value_of(rewrite(LIVED_IN, {at: text}))
    for step in at:
        here = here[step]  # type: ignore[index]
    assert here == text
