"""What words in a file become."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from flux_batch.errors import InvalidSpec
from flux_batch.spec.reading import yaml12
from flux_batch.spec.reading.source import Mark
from flux_batch.spec.reading.values import Plain, read_document


def value(text: str) -> Plain:
    """What ``x`` is in a file of one line."""
    document = read_document(Path("x.yaml"), f"x: {text}\n")
    assert document.problems == ()
    assert isinstance(document.value, dict)
    return document.value["x"]


@pytest.mark.parametrize(
    "text",
    ["16:9", "1:1", "21:9", "NO", "no", "on", "off", "yes", "2026-11-01", "12:30:45", "1_000", "0b11", "1,5", "=", "y"],
)
@pytest.mark.parametrize("loader", ["CCoreLoader", "CoreLoader"])
def test_words_that_older_tools_reinterpret_stay_text(text: str, loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """YAML 1.2's core rules hold, with and without the C parser."""
    monkeypatch.setattr(yaml12, "Loader", getattr(yaml12.yamlcore, loader))
    assert value(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("-3", -3),
        ("0", 0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"012"', "012"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("a b", "a b"),
        ("[1, a]", [1, "a"]),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
    ],
)
def test_plain_values(text: str, expected: Plain) -> None:
    """Numbers, true and false are what they look like; quoted, they are text; keys are always text."""
    assert value(text) == expected
    assert type(value(text)) is type(expected)


@pytest.mark.parametrize("text", ["4.50", "0.10", "-1.00", "100.0"])
def test_numbers_with_a_point_keep_their_digits(text: str) -> None:
    """4.50 dollars stay 4.50."""
    assert value(text) == Decimal(text)
    assert str(value(text)) == text


def test_every_node_keeps_its_place() -> None:
    """Keys, values, items and ends are found by their path."""
    document = read_document(Path("x.yaml"), 'a:\n  b: ["x", yy]\nc: >-\n  one\n  two\n')
    marks = document.source.marks
    assert marks["a", "b"].key == Mark(2, 3, 1)
    assert marks["a", "b"].value == Mark(2, 6, 9)
    assert marks["a", "b", 1].value == Mark(2, 12, 2)
    assert marks["a", "b", 1].key is None
    assert marks["c",].end == Mark(6, 1, 1)


def test_an_alias_stands_in_both_places() -> None:
    """A repeated value is there twice, and both places lead to where it is written."""
    document = read_document(Path("x.yaml"), "a: &a [x]\nb: *a\n")
    assert document.value == {"a": ["x"], "b": ["x"]}
    assert document.source.mark(("b", 0)) == document.source.mark(("a", 0)) == Mark(1, 8, 1)


def test_the_first_of_two_equal_keys_counts() -> None:
    """Both are named; what follows is checked against the first."""
    document = read_document(Path("x.yaml"), "a: 1\nb: 2\na: 3\n")
    assert document.value == {"a": 1, "b": 2}
    assert [(each.line, each.message) for each in document.problems] == [
        (3, 'the key "a" is written twice: first on line 1, column 1')
    ]


def test_two_problems_of_syntax_are_both_found() -> None:
    """A fault that is understood does not hide the next one."""
    document = read_document(Path("x.yaml"), "a: {{ x }} y\nb: c: d\ne: 1\n")
    assert [each.line for each in document.syntax] == [1, 2]
    assert isinstance(document.value, dict)
    assert document.value["e"] == 1


def test_a_fault_that_is_not_understood_is_the_last() -> None:
    """What lies behind it would be guesswork."""
    with pytest.raises(InvalidSpec) as caught:
        read_document(Path("x.yaml"), 'a: c: d\nb: "open\ne: f: g\n')
    assert [each.line for each in caught.value.problems] == [1, 2]


def test_a_mended_line_may_hold_any_character() -> None:
    """Mending must not write an emoji in a way that YAML refuses."""
    document = read_document(Path("x.yaml"), "a: {{ x }} 😀\nb: 1\n")
    assert [(each.line, each.message) for each in document.syntax] == [
        (1, "a value that starts with {{ must be quoted")
    ]


def test_every_error_of_the_yaml_library_is_known() -> None:
    """A new kind of error in PyYAML must be translated too; those of writing cannot happen here."""
    reading = {each for each in _below(yaml.YAMLError) if not issubclass(each, yaml.MarkedYAMLError)}
    writing = {"EmitterError", "SerializerError", "RepresenterError", "ResolverError"}
    assert {each.__name__ for each in reading} - writing == {"ReaderError"}


def _below(error: type[Exception]) -> set[type[Exception]]:
    """Every kind of an error."""
    return {each for child in error.__subclasses__() for each in {child, *_below(child)}}


def test_version_directive_of_this_yaml_is_fine() -> None:
    """A file may say that it is YAML 1.2."""
    assert read_document(Path("x.yaml"), "%YAML 1.2\n---\na: 1\n").value == {"a": 1}
