"""What prompts may make of a value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.templates.helpers import HELPERS, article, list_and
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.template import compile_template
from flux_batch.spec.building.fields import Nothing, Record

from .kit import plan_of


@pytest.mark.parametrize(
    "words",
    [
        "a mug", "an olive mug", "an hour", "a house", "an honest man", "a university", "an uninteresting box",
        "an umbrella", "a user", "a useful tool", "a euro", "a ewer", "a one-piece", "an LED lamp", "a USB lamp",
        "an X-ray", "an SLR", "a UFO", "an 8 cm mug", "an 11 cm mug", "an 18-piece set", "a 7 cm mug", "a 12-piece set",
        "an 80 cm table", "an herb", "an heirloom", "a ukulele", "an urn", "an elegant mug", "an 'olive' mug",
        "a “sage” mug", "a 1980s mug", "a unicorn", "an Apple", "a Uniform",
    ],
)  # fmt: skip
def test_article_goes_by_the_sound(words: str) -> None:
    """A vowel that is heard, not one that is written."""
    assert article(words.partition(" ")[2]) == words


@pytest.mark.parametrize("nothing", ["", " "])
def test_no_article_before_nothing(nothing: str) -> None:
    """There is nothing to be one."""
    assert article(nothing) == nothing


@given(st.text(max_size=40))
def test_article_never_loses_the_text(text: str) -> None:
    """Whatever it is."""
    assert article(text).endswith(text)
    assert article(text) in (text, f"a {text}", f"an {text}")


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (("sage", "cream", "gold"), "sage, cream and gold"),
        (("sage", "cream"), "sage and cream"),
        (("sage",), "sage"),
        ((), ""),
        ((True, 3), "true and 3"),
        ("sage", "sage"),
        (["sage", "cream"], "sage and cream"),
    ],
)
def test_list_and(items: object, text: str) -> None:
    """As one says it."""
    assert list_and(items) == text


@pytest.mark.parametrize(
    ("helper", "text"),
    [("upper", "SAGE MUG'S"), ("lower", "sage mug's"), ("capitalize", "Sage MUG's"), ("trim", "sage MUG's")],
)
def test_plain_helpers(helper: str, text: str) -> None:
    """The text in capitals, and so on; capitalize leaves the rest alone."""
    assert HELPERS[helper](" sage MUG's ".strip()) == text


@pytest.mark.parametrize("helper", HELPERS)
@pytest.mark.parametrize("value", [Nothing("price"), Record({"a": "b"})])
def test_no_helper_makes_a_text_of_what_is_none(helper: str, value: object) -> None:
    """An empty field or a whole row is an error behind every helper too."""
    row = Record({"price": value} if isinstance(value, Record) else {})
    with pytest.raises(TemplateProblem, match=r"is empty|is a group of fields"):
        compile_template(f"{{{{ p.price | {helper} }}}}").render({"p": row})


@pytest.mark.parametrize("template", ["{{ p.price ~ ' USD' }}", "{{ 'a' ~ p.price }}", "{{ ('a' ~ p.price) | upper }}"])
def test_nothing_is_never_joined(template: str) -> None:
    """It would print as Python shows it, and be paid for."""
    with pytest.raises(TemplateProblem, match=r"`p\.price` is empty"):
        compile_template(template).render({"p": Record({"name": "mug"})})


def test_lists_are_joined_as_they_print() -> None:
    """Not as Python shows them; also those that a prompt makes itself."""
    values = {"c": ("sage", "cream"), "x": "mug"}
    assert compile_template("{{ 'in ' ~ c }}").render(values) == "in sage, cream"
    assert compile_template("{{ [x, 'pot'] }} {{ [x, 'pot'] | list_and }}").render(values) == "mug, pot mug and pot"


def test_a_list_within_a_list_is_one_value() -> None:
    """Named by its text."""
    plan = plan_of("""\
        version: 1
        prompt: A mug in {{ colours | list_and }}
        variables: {colours: [[sage, cream], [olive, gold], black]}
        """)
    assert [(task.axes["colours"], task.prompt) for task in plan.tasks] == [
        ("sage, cream", "A mug in sage and cream"),
        ("olive, gold", "A mug in olive and gold"),
        ("black", "A mug in black"),
    ]
