"""Plain templates are read without Jinja, and read as Jinja reads them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flux_batch.plan.templates.language import template_parts
from flux_batch.plan.templates.pieces import TemplateProblem, plain_pieces
from flux_batch.plan.templates.template import Compiled, compile_template
from flux_batch.spec.building.fields import Field, Record

NAMES = ["x", "product", "product.name", "product.size.width", "product.size", "product.y", "x.y.z", "x2", "lost"]
ODD_NAMES = [*NAMES, "_x", "x._y", "true", "none", "self", "loop", "1x"]
FILTERS = ["", "", "|upper", " | lower | title", "| trim|article", "|list_and"]
ODD_FILTERS = [*FILTERS, "|shout", "|upper()", ".", " is x", " ~ x"]


def tags(*parts: list[str]) -> st.SearchStrategy[str]:
    """One of each, in their order."""
    return st.tuples(*map(st.sampled_from, parts)).map("".join)


PLAIN = tags(["{{", "{{ ", "{{\n", "{{\t"], NAMES, FILTERS, ["", " ", "\n"], ["}}", "}}", "}}}"])
ODD = tags(["{{", "{{-", "{", "{{{", "{%"], ODD_NAMES, ODD_FILTERS, ["", "\u00a0", "\r"], ["}}", "}", "-}}", "%}"])
TEXTS = st.sampled_from(["a", " ", "{", "}", "%", "#", "{#", "#}", "\n", "'", "}}"])
WRITTEN = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, TEXTS, ODD), min_size=1, max_size=4).map("".join)

MUG = Record(
    fields={"name": "Mug", "size": Record(fields={"width": 3}, shown="3 cm"), "y": ("a", "b")},
    shown="the mug",
)


@example("{{ x }}\n", MUG)
@example("{{ x }}\n\n", MUG)
@example("{ {{ lost }} {{ product }}}", MUG)
@given(WRITTEN, st.sampled_from([MUG, "an olive bowl", ("red",), True]))
def test_what_is_read_without_jinja_is_what_jinja_reads(text: str, value: Field) -> None:
    """The same pieces, the same variables, and the same text or the same words about why there is none."""
    assume("{" in text and plain_pieces(text) is not None)
    ways, render, same = template_parts(text)
    plain = compile_template(text)
    assert (plain.pieces, plain.ways) == (same, ways)
    values = {"x": value, "product": MUG, "x2": 2}
    assert _filled(plain, values) == _filled(Compiled(text, ways, render, same), values)


def _filled(template: Compiled, values: Mapping[str, object]) -> tuple[str, str]:
    try:
        return template.render(values), ""
    except TemplateProblem as problem:
        return problem.message, problem.hint + problem.needle


@pytest.mark.parametrize("text", ["a {{ x }}", "{{ product.name | upper }}\n", "{x} {{\tx2|trim }}}", "none"])
def test_a_plain_template_is_read_without_jinja(text: str) -> None:
    """Its import would be a fifth of the start of ``plan``."""
    assert plain_pieces(text) is not None


@pytest.mark.parametrize(
    "text", ["{{ x", "{{- x }}", "{% if x %}a{% endif %}", "{{ none }}", "{{ x|shout }}", "{{{ x }}", "a\r\n{{ x }}"]
)
def test_what_is_not_surely_plain_is_left_to_jinja(text: str) -> None:
    """So there is one place only that says what is wrong."""
    assert plain_pieces(text) is None
