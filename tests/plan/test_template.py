"""Templates: what they can do, and everything that they cannot."""

from __future__ import annotations

import time

import pytest

from flux_batch.plan.templates.pieces import MAX_OUTPUT, MAX_TEMPLATE, TemplateProblem
from flux_batch.plan.templates.template import compile_condition, compile_template, condition_ways, leftover, squeeze
from flux_batch.spec.building.fields import Record

ATTACKS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ x.__class__ }}",
    "{{ x['__class__'] }}",
    "{{ x|attr('__class__') }}",
    "{{ x|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ ()|attr('__class__')|attr('__base__') }}",
    "{{ [].append.__self__ }}",
    "{{ x['format'] }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ '%s' % x }}",
    "{{ '{0.__class__}'|format(x) }}",
    "{{ x['upper'] }}",
    "{{ x[0] }}",
    "{{ x[::-1] }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__.__builtins__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum(n=200000) }}",
    "{{ range(999999999) }}",
    "{{ namespace(a=1) }}",
    "{{ dict(a=1) }}",
    "{{ x() }}",
    "{{ caller() }}",
    "{{ super() }}",
    "{{ config.items() }}",
    "{{ request.application.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ x|map('upper')|list }}",
    "{{ x|safe }}",
    "{{ x|pprint }}",
    "{{ x|tojson }}",
    "{{ x|replace('a', 'b') }}",
    "{{ x|center(1000000000) }}",
    "{{ x|indent(1000000000) }}",
    "{{ x|upper(1) }}",
    "{{ x|upper(*x) }}",
    "{{ x is defined }}",
    "{{ x is sameas x }}",
    "{{ 'a' * 1000000000 }}",
    "{{ x * 1000000000 }}",
    "{{ 9**9**9**9 }}",
    "{{ 10 ** 1000000 }}",
    "{{ 1 // 0 }}",
    "{{ 1 + 1 }}",
    "{{ x + x }}",
    "{{ {'a': 1} }}",
    "{% for a in x %}{% endfor %}",
    "{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{%- for a in x -%}{%- endfor -%}",
    "{% set x = 1 %}",
    "{% set x %}{% endset %}",
    "{% import 'os' as os %}",
    "{% from 'os' import popen %}",
    "{% include '/etc/passwd' %}",
    "{% extends '/etc/passwd' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}",
    "{% call x() %}{% endcall %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = 1 %}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% do x.append(1) %}",
    "{% debug %}",
    "{% if x.__class__ %}{% endif %}",
    "{% if x() %}{% endif %}",
    "{{ x if x() else x }}",
    "{{ [x, [x, x()]] }}",
    "{{ x ~ x() }}",
    "{{ not x() }}",
    "{{ x == x() }}",
)

BOMBS = (
    "{{ " + "(" * 9_000 + "x" + ")" * 9_000 + " }}",
    "{{ " + "[" * 9_000,
    "{{ " + "not " * 4_900 + "x }}",
    "{{ " + "-" * 19_000 + "x }}",
    "{{ x" + " and x" * 3_000 + " }}",
    "{{ x" + "|upper" * 3_000 + " }}",
    "{{ " + "x if x else " * 1_500 + "x }}",
    "{% if x %}" * 900 + "{% endif %}" * 900,
    "{{ x ~ " * 2_000,
    "{{ x }}" * 3_000,
)


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_is_refused_before_anything_of_it_runs(text: str) -> None:
    """Compiling refuses it, so no part of it is ever executed."""
    with pytest.raises(TemplateProblem) as caught:
        compile_template(text)
    assert "Traceback" not in caught.value.message
    assert "object at 0x" not in caught.value.message


@pytest.mark.parametrize("text", [text.removeprefix("{{").removesuffix("}}") for text in ATTACKS if text[:2] == "{{"])
def test_conditions_are_no_way_around(text: str) -> None:
    """What a template cannot, ``--only`` cannot either."""
    with pytest.raises(TemplateProblem):
        compile_condition(text.strip())


@pytest.mark.parametrize("attribute", ["format", "title", "fields", "label", "shown", "mro", "join", "count"])
@pytest.mark.parametrize(
    "value", ["text", 3, True, ("a", "b"), Record({"name": "x"}, "x")], ids=lambda each: str(type(each))
)
def test_a_dot_reaches_no_attribute_of_python(attribute: str, value: object) -> None:
    """It asks for a field of a record; everything else has none, whatever Python would give."""
    with pytest.raises(TemplateProblem, match=f"`x.{attribute}` is empty"):
        compile_template(f"{{{{ x.{attribute} }}}}").render({"x": value})
    assert not compile_condition(f"x.{attribute}")({"x": value})


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: f"{text[:12]}…")
def test_a_bomb_is_refused_at_once(text: str) -> None:
    """Nesting and length end in a sentence, not in a stack overflow or a long wait."""
    started = time.perf_counter()
    with pytest.raises(TemplateProblem):
        compile_template(text).render({"x": "long enough " * 20})
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize("text", ["lipsum", "range", "config", "request", "cycler", "dict", "joiner", "namespace"])
def test_nothing_is_there_that_the_spec_did_not_bring(text: str) -> None:
    """Jinja's own globals are gone: their names are as unknown as any other."""
    with pytest.raises(TemplateProblem, match=f"`{text}` has no value"):
        compile_template("{{ " + text + " }}").render({"x": 1})


def test_a_value_is_never_a_template() -> None:
    """What a value says is text, whatever it looks like."""
    for attack in ATTACKS:
        assert compile_template("a {{ x }} b").render({"x": attack}) == f"a {attack} b"


def test_an_unknown_name_stops_even_where_it_would_print_nothing() -> None:
    """Undefined is an error in text, in conditions and in comparisons."""
    for text in (
        "{{ y }}",
        "{{ y | upper }}",
        "{% if y %}a{% endif %}",
        "{{ 'a' if y == 'b' else 'c' }}",
        "{{ x ~ y }}",
    ):
        with pytest.raises(TemplateProblem, match="`y` has no value") as caught:
            compile_template(text).render({"x": "mug"})
        assert caught.value.needle == "y"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{ x }} b", "a small Mug b"),
        ("{{x}}", "small Mug"),
        ("{{ x | upper }}", "SMALL MUG"),
        ("{{ x | lower }}", "small mug"),
        ("{{ x | title }}", "Small Mug"),
        ("{{ x | capitalize }}", "Small Mug"),
        ("{{ '  ' ~ x ~ ' ' | trim }}", "  small Mug"),
        ("{{ x | lower | title | upper }}", "SMALL MUG"),
        ("{{ n }} of {{ price }}", "2 of 4.50"),
        ("{{ yes }}", "true"),
        ("{{ yes | upper }}", "TRUE"),
        ("{{ 'two' if n == 2 else 'other' }}", "two"),
        ("{{ 'cheap' if price < 5 and not n > 3 else 'dear' }}", "cheap"),
        ("{% if n >= 2 %}many{% elif n == 1 %}one{% else %}none{% endif %}", "many"),
        ("{% if x in ['small Mug', 'big'] %}known{% endif %}", "known"),
        ("{{ 'big' if 'Mug' not in x else 'mug' }}", "mug"),
        ("{{ -n }}", "-2"),
        ("no variable, no { brace }", "no variable, no { brace }"),
        ("{# a comment #}text", "text"),
        ("{{ '{{' }}", "{{"),
        ("<b>{{ x }} & co</b>", "<b>small Mug & co</b>"),
    ],
)
def test_what_templates_can_do(text: str, expected: str) -> None:
    """Variables, five filters, conditions, and nothing is escaped."""
    from decimal import Decimal

    values = {"x": "small Mug", "n": 2, "price": Decimal("4.50"), "yes": True}
    assert compile_template(text).render(values) == expected


def test_names_come_in_the_order_of_the_text() -> None:
    """Each once, those in conditions too."""
    assert compile_template("{{ b }} {% if a == c %}{{ b }}{% endif %} {{ d | upper }}").names == ("b", "a", "c", "d")


def test_output_has_a_cap() -> None:
    """A text of the limit passes, one character more does not."""
    template = compile_template("{{ x }}{{ y }}")
    assert len(template.render({"x": "a" * 4_000, "y": "b" * 4_000})) == MAX_OUTPUT
    with pytest.raises(TemplateProblem, match=r"the text has 8,001 characters; the limit is 8,000"):
        template.render({"x": "a" * 4_000, "y": "b" * 4_001})


def test_a_giant_value_is_refused_before_it_is_multiplied() -> None:
    """Otherwise a thousand uses of one megabyte would be a gigabyte for a moment."""
    template = compile_template("{{ x }}" * 1_000)
    with pytest.raises(TemplateProblem, match="the value of `x` has 1,000,000 characters"):
        template.render({"x": "a" * 1_000_000})


def test_a_long_value_is_refused_where_it_is_only_compared() -> None:
    """Although nothing of it comes out."""
    with pytest.raises(TemplateProblem, match="the value of `x` has 8,001 characters"):
        compile_template("{{ 'a' if x == 'b' else 'c' }}").render({"x": "b" * (MAX_OUTPUT + 1)})


def test_a_template_has_a_cap_too() -> None:
    """Also one without variables."""
    with pytest.raises(TemplateProblem, match="the template has 20,001 characters"):
        compile_template("a" * (MAX_TEMPLATE + 1))


@pytest.mark.parametrize(
    ("text", "message", "needle"),
    [
        ("a {{ x }} and {{ x * 3 }}", "templates fill in variables; this one uses arithmetic", "{{ x * 3 }}"),
        ("a {{ x }} and {{ x() }}", "templates fill in variables; this one uses a call", "{{ x() }}"),
        ("{{ x }}{% for a in x %}b{% endfor %}", "templates fill in variables; this one uses a loop",
         "{% for a in x %}"),
        ("{{ x }} {% set x = 1 %}", "templates fill in variables; this one uses `set`", "{% set x = 1 %}"),
        ("{{ ('a' ~ x).name }}", "`.name` is no field: a dot stands between a variable and one of its fields",
         "{{ ('a' ~ x).name }}"),
        ("{{ x }} {{ x|shout }}",
         "there is no filter `shout`; filters are: article, capitalize, list_and, lower, title, trim, upper",
         "{{ x|shout }}"),
        ("{{ x|upper(2) }}", "the filter `upper` takes nothing in parentheses", "{{ x|upper(2) }}"),
        ("{{ x }} {{ x", "cannot be read: a {{ is not closed with }}", "{{"),
        ("{{ x }} {{ a b }}", "cannot be read: `b` is not expected here", "{{ a b }}"),
        ("{{ x }} {{ }}", "cannot be read: it ends too early", "{{ }}"),
    ],
)  # fmt: skip
def test_a_message_says_what_and_points_at_the_tag(text: str, message: str, needle: str) -> None:
    """Not at the first tag, but at the one that is wrong."""
    with pytest.raises(TemplateProblem) as caught:
        compile_template(text)
    assert caught.value.message == message
    assert caught.value.needle == needle


def test_squeeze_makes_one_line() -> None:
    """Line breaks, tabs and exotic spaces of a block scalar never reach the provider."""
    assert squeeze("\n  Studio photo\n\n of a\t mug,\u00a0 soft\u2003light \n") == "Studio photo of a mug, soft light"


NAMES = frozenset({"product", "n"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a {product} on linen", "{product}"),
        ("a { product } on linen", "{ product }"),
        ("a {product}} on linen", "{product}"),
        ("a product}} on linen", "}}"),
        ("a {{ product on linen", "{{"),
        ("a {% if on linen", "{%"),
        ("a 50%} on linen", "%}"),
        ("variation {n}", "{n}"),
        ("a {whatever} on linen", None),
        ("a {} b { } c } d {", None),
        ('{"scene": "linen", "camera": {"lens": "50 mm", "f": {"stop": 2}}}', None),
        ('{"discount": {"in percent": 50%}}', None),
        ("set notation {a, b}, {mug}", None),
        ("body { color: red }", None),
        ("a smile :-}", None),
    ],
)
def test_leftover_braces(text: str, found: str | None) -> None:
    """A slip is found; braces that are balanced and name no variable are somebody's prompt."""
    assert leftover(text, NAMES) == found


def test_a_condition_holds_or_does_not() -> None:
    """Over texts and numbers, with and, or, not and in."""
    values = {"ratio": "1:1", "n": 2, "product": "mug"}
    for text in (
        "ratio == '1:1'",
        "n > 1 and product != 'pot'",
        "not n == 3",
        "product in ['mug', 'pot']",
        "'u' in product",
    ):
        assert compile_condition(text)(values), text
    for text in ("ratio != '1:1'", "n > 2", "product in ['pot']", "n > 'a'", "n in product"):
        assert not compile_condition(text)(values), text


def test_an_axis_that_an_image_does_not_have_equals_nothing() -> None:
    """So the order of an ``or`` does not matter, and ``!=`` holds."""
    values = {"ratio": "1:1"}
    for text in (
        "scene == 'linen' or ratio == '1:1'",
        "ratio == '1:1' or scene == 'linen'",
        "scene != 'linen'",
        "not scene",
        "n > 3 or ratio == '1:1'",
    ):
        assert compile_condition(text)(values), text
    for text in ("scene == 'linen'", "scene", "scene > 3", "'l' in scene"):
        assert not compile_condition(text)(values), text


@pytest.mark.parametrize(
    "text", ["", " ", "ratio =", "ratio = '1:1'", "a, b", "a }} {{ b", "a }}", "a %} b", "(", "a b", "{{ a }}"]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    """With a problem of ours, whatever Jinja makes of it."""
    with pytest.raises(TemplateProblem):
        compile_condition(text)


def test_a_condition_tells_its_names() -> None:
    """So that a misspelt axis can be named."""
    found = condition_ways("ratio == '1:1' and n > 2 or ratio in [scene] or product.size.width < 3")
    assert found == (("ratio",), ("n",), ("scene",), ("product", "size", "width"))


def test_a_helper_that_is_misspelt_is_named() -> None:
    """The nearest one; of what is not near, the ways to use a variable."""
    for written, hint in (("{{ x | artikel }}", "did you mean `article`?"), ("{{ x | shout }}", "use {{ name }}, ")):
        with pytest.raises(TemplateProblem) as caught:
            compile_template(written)
        assert caught.value.hint.startswith(hint)
