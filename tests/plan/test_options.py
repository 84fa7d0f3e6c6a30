"""Options and ratios that a variable decides."""

from __future__ import annotations

import pytest

from flux_batch.plan.expansion.options import BadOption, read_option

from .kit import plan_of, problems_of


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("response_format", " png ", "png"),
        ("response_format", "jpg", "jpg"),
        ("safety_tolerance", "0", 0),
        ("safety_tolerance", " 6 ", 6),
        ("prompt_upsampling", "true", True),
        ("prompt_upsampling", "Yes", True),
        ("prompt_upsampling", "off", False),
    ],
)
def test_a_text_becomes_the_value(name: str, text: str, value: object) -> None:
    """As the provider takes it."""
    found = read_option(name, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("response_format", "jpeg"),
        ("response_format", "PNG"),
        ("safety_tolerance", "7"),
        ("safety_tolerance", "-1"),
        ("safety_tolerance", "2.0"),
        ("safety_tolerance", "²"),
        ("safety_tolerance", ""),
        ("prompt_upsampling", "maybe"),
    ],
)
def test_what_the_provider_would_not_take(name: str, text: str) -> None:
    """Is refused, with what it takes."""
    with pytest.raises(BadOption) as caught:
        read_option(name, text)
    assert caught.value.hint


ROWS = "{p: [{name: a, t: 3, f: png, u: true, r: '1:1'}, {name: b, t: '0', f: jpg, u: 'no', r: '4:3'}]}"


def test_each_image_has_its_rows_options_and_ratio() -> None:
    """And they are part of what is bought."""
    plan = plan_of(f"""\
        version: 1
        prompt: "{{{{ p.name }}}}"
        variables: {ROWS}
        ratios: ["{{{{ p.r }}}}"]
        options:
          safety_tolerance: "{{{{ p.t }}}}"
          response_format: "{{{{ p.f }}}}"
          prompt_upsampling: "{{{{ p.u }}}}"
        """)
    one, other = plan.tasks
    assert one.options == {"safety_tolerance": 3, "response_format": "png", "prompt_upsampling": True}
    assert other.options == {"safety_tolerance": 0, "response_format": "jpg", "prompt_upsampling": False}
    assert (one.size, one.axes["ratio"], other.size) == ("1:1", "1:1", "4:3")


def test_a_decided_option_is_the_written_one() -> None:
    """The same request, the same key."""
    decided = plan_of("version: 1\nprompt: A mug\noptions: {safety_tolerance: '{{ t }}'}\nvariables: {t: 2}\n")
    written = plan_of("version: 1\nprompt: A mug\noptions: {safety_tolerance: 2}\n")
    assert [task.key for task in decided.tasks] == [task.key for task in written.tasks]


def test_a_ratio_decided_twice_is_drawn_once() -> None:
    """Where a row says what the job also writes."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ p.name }}"
        variables: {p: [{name: a, r: "1:1"}, {name: b, r: "4:3"}]}
        ratios: ["{{ p.r }}", "1:1"]
        """)
    assert [(task.axes["p"], task.size) for task in plan.tasks] == [("a", "1:1"), ("b", "4:3"), ("b", "1:1")]
    assert plan.notes == ()


def test_every_wrong_row_is_named_once() -> None:
    """However many images it would make."""
    found = problems_of("""\
        version: 1
        prompt: "{{ p.name }}"
        variables: {p: [{name: a, t: 7}, {name: b, t: 1}, {name: c, t: x}]}
        options: {safety_tolerance: "{{ p.t }}"}
        ratios: ["1:1", "4:3"]
        repeat: 3
        """)
    assert [each.message for each in found] == [
        'for p=a: `safety_tolerance` cannot be "7"',
        'for p=c: `safety_tolerance` cannot be "x"',
    ]
