"""`pair:` → the groups that go in step."""

from __future__ import annotations

import pytest

from .conftest import Parse, Problems

START = "version: 1\nprompt: '{{ a }} {{ b }}'\nvariables: {a: [1, 2], b: [3, 4], c: [5, 6, 7], d: [8]}\n"


@pytest.mark.parametrize(
    ("pair", "found"),
    [("[[a, b]]", (("a", "b"),)), ("[[b, a]]", (("b", "a"),))],
)
def test_groups_as_written(parse: Parse, pair: str, found: tuple[tuple[str, ...], ...]) -> None:
    """In their order."""
    assert parse(START + f"pair: {pair}\n").jobs[0].pairs == found


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("[[a, c]]", "`a` has 2 values and `c` has 3, so they cannot go in step"),
        ("[[d, a]]", "`d` has 1 value and `a` has 2, so they cannot go in step"),
        ("[[a, e]]", "`e` is not a variable that can be paired"),
        ("[[a, ratio]]", "`ratio` is not a variable that can be paired"),
        ("[[a, b], [b, a]]", "`b` goes in step with others already"),
        ("[[a]]", "an item of `pair` has fewer than 2 names"),
        ("[a, b]", "`pair` is a list of groups, and this is one group"),
        ("[[a, a]]", '"a" is already in this list'),
    ],
)
def test_one_message_for_one_mistake(problems: Problems, pair: str, message: str) -> None:
    """Whatever else follows from it."""
    (problem,) = problems(START + f"pair: {pair}\n")
    assert problem.message == message
    assert problem.line == 4
    assert problem.hint


def test_several_jobs_have_one_problem_with_the_pair_at_the_top(problems: Problems) -> None:
    """It is one line."""
    (problem,) = problems(START + "pair: [[a, c]]\njobs: {x: {}, y: {}}\n")
    assert problem.line == 4
