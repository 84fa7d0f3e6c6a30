"""`include:` → values looked up or new."""

from __future__ import annotations

import pytest

from .conftest import Parse, Problems

START = """\
version: 1
prompt: "{{ a }} {{ p.name }}"
variables: {a: {one: first, two: second}, p: [{name: mug}, {name: pot}], b: [1, true]}
"""


@pytest.mark.parametrize(
    ("rule", "labels"),
    [
        ("{a: one}", {"a": ["one"]}),
        ("{a: first}", {"a": ["one"]}),
        ("{a: [second, third]}", {"a": ["two", "third"]}),
        ("{a: '  a   new  one '}", {"a": ["a new one"]}),
        ("{p: pot, ratio: '21:9', model: flux-kontext-max}",
         {"p": ["pot"], "ratio": ["21:9"], "model": ["flux-kontext-max"]}),
        ("{b: true}", {"b": ["true"]}),
        ("{b: 7}", {"b": ["7"]}),
    ],
)  # fmt: skip
def test_values_are_found_or_new(parse: Parse, rule: str, labels: dict[str, list[str]]) -> None:
    """By label, by text; a group only by its name."""
    (include,) = parse(START + f"include: [{rule}]\n").jobs[0].include
    assert {axis: [value.label for value in values] for axis, values in include.axes.items()} == labels
    assert not include.shared


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{p: jug}", '`p` has no "jug", and its fields cannot be told from a name'),
        ("{aa: one}", "`aa` is not an axis here"),
        ("{n: 2}", "`include` cannot add to `n`"),
        ("{job: main}", "`include` cannot add to `job`"),
        ("{model: flux}", '"flux" is not a model'),
        ("{ratio: '16:10'}", '"16:10" is not a ratio that ToAPIs draws'),
        ("{a: ''}", "an empty value has no name to show"),
        ("{a: []}", "`a` is an empty list"),
        ("{a: {x: 1}}", "`a` must be a value or a list of values, but this is a group of `key: value` lines"),
    ],
)
def test_what_a_rule_cannot_say(problems: Problems, rule: str, message: str) -> None:
    """One message, on its line."""
    (problem,) = problems(START + f"include: [{rule}]\n")
    assert (problem.line, problem.message) == (4, message)


def test_no_size_of_another_image_where_there_is_none(problems: Problems, parse: Parse) -> None:
    """It would be sent, and paid for or refused, without anything to take the size from."""
    (problem,) = problems(START + "include: [{ratio: match_input_image}]\n")
    assert problem.hint == 'write a ratio, like "1:1", or add a reference'
    parse(START + "reference: https://x.example/a.png\nratios: ['1:1']\ninclude: [{ratio: match_input_image}]\n")


def test_rules_at_the_top_are_shared_and_come_first(parse: Parse) -> None:
    """Then those of the job."""
    spec = parse(START + "include: [{a: x}]\njobs: {j: {include: [{a: y}]}, k: {}}\n")
    assert [[(rule.axes["a"][0].label, rule.shared) for rule in job.include] for job in spec.jobs] == [
        [("x", True), ("y", False)],
        [("x", True)],
    ]
