"""``--set path=value``: single values replaced before the checks."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.plan.make import make_plan
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Spec

TEXT = 'version: 1\nname: a\nprompt: a {{ cup }}\nvariables: {cup: [red, blue]}\nratios: ["1:1"]\n'


def loaded(*settings: str) -> Spec:
    """The spec with settings."""
    return parse_spec(Path("a.yaml"), TEXT, settings)


def test_a_value_is_replaced_and_read_as_yaml() -> None:
    """Texts, lists and numbers, with the rules of the file itself: 16:9 stays text, 3.50 stays 3.50."""
    spec = loaded("ratios=[16:9, 9:16]", "name=other", "budget.max=3.50", "repeat=2")
    assert spec.jobs[0].ratios == ("16:9", "9:16")
    assert (spec.name, spec.budget.max, spec.jobs[0].repeat) == ("other", Decimal("3.50"), 2)


def test_a_deep_place_is_made_and_a_list_item_is_reached() -> None:
    """Mappings on the way are made; items of lists are counted from 0."""
    spec = loaded("execution.poll.first=9", "variables.cup.1=teal")
    assert spec.execution.poll.first == 9
    assert [value.label for value in spec.jobs[0].variables[0].values] == ["red", "teal"]


def test_later_settings_win() -> None:
    """In the order of the command line."""
    assert loaded("name=one", "name=two").name == "two"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("budget", "--set budget"),
        ("=3", "--set =3"),
        ("name.first=x", "no place `first`"),
        ("variables.cup.7=x", "no place `7`"),
        ("name={", "--set name={"),
        ("repeat=007", "quote"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(setting: str, said: str) -> None:
    """The setting, what is wrong, and how to write one."""
    with pytest.raises(UsageError, match="--set") as caught:
        loaded(setting)
    assert said in str(caught.value)


def test_a_wrong_value_is_found_by_the_same_checks() -> None:
    """A setting is no way around the schema."""
    with pytest.raises(InvalidSpec) as caught:
        loaded("ratios=[16x9]", "modles=[x]")
    messages = [problem.message for problem in caught.value.problems]
    assert any("16x9" in message for message in messages)
    assert any("modles" in message for message in messages)


def test_a_budget_written_short_is_reached_in_full() -> None:
    """`budget: 5` is `{max: 5}`, so `budget.max=3` and `budget.warn=1` have a place in it."""
    spec = parse_spec(Path("a.yaml"), f"{TEXT}budget: 5\n", ("budget.warn=1",))
    assert (spec.budget.max, spec.budget.warn) == (Decimal(5), Decimal(1))
    assert parse_spec(Path("a.yaml"), f"{TEXT}budget: 5\n", ("budget.max=3",)).budget.max == 3


def test_a_wrong_setting_is_shown_as_it_was_typed() -> None:
    """Not at a line of the file, which says something else or nothing at all."""
    for setting, place in (
        ("ratios=16:9", "--set:1:8"),
        ("modles=[a]", "--set:1:1"),
        ("profile=final", "--profile:1:1"),
        ("variables.cup=[]", "--set:1:15"),
        ("prompt=a {{ cpu }}", "--set:1:8"),
    ):
        with pytest.raises(InvalidSpec) as caught:
            make_plan(loaded(setting))
        problem = caught.value.problems[0]
        assert f"{problem.file}:{problem.line}:{problem.column}" == place
        assert problem.excerpt in (setting, setting.removeprefix("profile="))


def test_what_is_read_before_cannot_be_set() -> None:
    """A base named here would be passed over without a word."""
    with pytest.raises(UsageError, match=r"^--set extends=base.yaml: `extends` can only be written in the file; "):
        loaded("extends=base.yaml")
