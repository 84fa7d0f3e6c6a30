"""What a prompt may not have been meant to say is told, and stops nothing."""

from __future__ import annotations

from textwrap import dedent

import pytest

from .kit import plan_of


def notes(text: str) -> list[tuple[int, int, str]]:
    """Where, and what."""
    return [(note.line, note.column, note.message) for note in plan_of(dedent(text)).notes]


EATEN = "the prompt ends before this #, which begins a comment"


@pytest.mark.parametrize(
    ("prompt", "column"),
    [
        ("50% off # this week", 17),
        ("A mug, #vibes", 16),
        ("A mug  #  two", 16),
        ("A mug #", None),
        ("A mug#1", None),
        ('"50% off # this week"', None),
        ('"A mug" # ours', None),
        ("'A mug' # ours", None),
        (">- # folded\n  A mug # in it", None),
        ("A mug\n  on two lines # eaten", None),
    ],
)
def test_a_hash_that_eats_the_end_of_a_prompt(prompt: str, column: int | None) -> None:
    """Of an unquoted prompt on one line; whoever quotes it knows what a comment is."""
    assert notes(f"version: 1\nprompt: {prompt}\n") == ([(2, column, EATEN)] if column else [])


def test_each_job_s_prompt_is_looked_at_once() -> None:
    """One at the top is that of two jobs."""
    text = "version: 1\nprompt: A # b\njobs:\n  a: {}\n  b: {models: [flux-kontext-max]}\n  c:\n    prompt: C # d\n"
    assert [(line, column) for line, column, _ in notes(text)] == [(2, 11), (7, 15)]


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        ("A {product} on linen", "{product}"),
        ("A { product } on linen", "{ product }"),
        ("A {{ a }} with {b} and {c}", "{b}"),
        ("Curly {} and { } and {1} and {a-b}", None),
        ("{{ '{b}' }} {{ a }}", None),
    ],
)
def test_a_word_in_single_braces(prompt: str, word: str | None) -> None:
    """It goes to the provider like that; with a variable's name it is an error, elsewhere."""
    text = f'version: 1\nprompt: "{prompt}"\nvariables: {{a: x}}\n'
    said = [message for _, _, message in notes(text) if "provider" in message]
    assert said == ([f"`{word}` goes to the provider as it stands"] if word else [])
