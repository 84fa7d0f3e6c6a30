"""How messages speak."""

from __future__ import annotations

from decimal import Decimal

import pytest

from flux_batch.spec.building.ratios import not_a_ratio
from flux_batch.spec.vocabulary import RATIOS
from flux_batch.spec.words import closest, closest_file, did_you_mean, kind, quoted


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("modles", "models"),
        ("Models", "models"),
        ("ref", "reference"),
        ("x", None),
        ("zzzzzz", None),
        ("m" * 1000, None),
    ],
)
def test_a_slip_finds_the_word_that_was_meant(word: str, meant: str | None) -> None:
    """Letters swapped, upper case, a beginning; nothing for what is like nothing."""
    assert closest(word, ("models", "ratios", "reference", "repeat")) == meant


def test_the_choices_are_named_when_nothing_is_near() -> None:
    """Better than silence."""
    assert did_you_mean("zzz", ("a", "b")) == "known here: a, b"
    assert did_you_mean("zzz", ()) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "the word true"),
        (969, "the number 969"),
        (Decimal("4.50"), "the number 4.50"),
        ("a", 'the text "a"'),
        ([], "a list"),
        ({}, "a group of `key: value` lines"),
    ],
)
def test_kinds_are_named_as_people_do(value: object, words: str) -> None:
    """No word of a programmer's."""
    assert kind(value) == words


def test_quoted_text_is_short_and_harmless() -> None:
    """One line, no control characters, no end of a screen."""
    assert quoted("a\n\tb") == '"a b"'
    assert quoted("\x1b[2J") == '"\N{REPLACEMENT CHARACTER}[2J"'
    assert len(quoted("x" * 1000)) <= 62


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_base_60_ratio_is_recognised(ratio: str) -> None:
    """Whatever YAML 1.1 made of a ratio, the ratio is named."""
    width, height = (int(side) for side in ratio.split(":"))
    message, _ = not_a_ratio(width * 60 + height)
    assert message == f'{width * 60 + height} is not a ratio: did you mean "{ratio}"?'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("16x9", "16:9"),
        ("16:09", "16:9"),
        ("9/16", "9:16"),
        ("1920x1080", "16:9"),
        ("1024 x 1024", "1:1"),
        ("3-4", "3:4"),
    ],
)
def test_other_ways_to_write_a_ratio_are_recognised(written: str, meant: str) -> None:
    """Pixels, slashes and spreadsheets' leading zeros."""
    assert f'did you mean "{meant}"?' in not_a_ratio(written)[0]


@pytest.mark.parametrize(("written", "near"), [("4:5", "3:4"), ("2:1", "16:9"), ("1:3", "9:21"), ("5:4", "4:3")])
def test_a_ratio_that_is_not_drawn_names_the_nearest(written: str, near: str) -> None:
    """What the provider cannot do is said, with what comes closest."""
    assert f'the nearest is "{near}"' in not_a_ratio(written)[1]


@pytest.mark.parametrize("written", ["0:0", "1:0", "", "a:b", "1:2:3", 0, -1, True, 1.5, None])
def test_nonsense_is_no_traceback(written: object) -> None:
    """Anything at all gets an answer."""
    assert not_a_ratio(written)[0]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tase.png", "tasse.png"),
        ("tasse.pgn", "tasse.png"),
        ("kanne.jpg", "kanne.png"),
        ("missing.png", None),
        ("kanne.webq", "kanne.webp"),
        ("Tasse", "tasse.png"),
    ],
)
def test_a_file_is_guessed_by_its_name_and_not_by_its_ending(name: str, meant: str | None) -> None:
    """All pictures end in .png; that does not make two of them alike."""
    assert closest_file(name, ("tasse.png", "kanne.png", "kanne.webp", "liste.png")) == meant
