"""How many images there will be, and random small specs of the whole language."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.plan.expansion.expand import expand, parents_first
from flux_batch.plan.expansion.naming import same_place
from flux_batch.plan.expansion.size import counts_of
from flux_batch.spec.vocabulary import MATCH_INPUT, MODELS, RATIOS

from .kit import Folder, problems_of, spec_of

RECORDS = [{"name": "mug", "price": "12,50", "ratio": "1:1"}, {"name": "pot", "price": 9, "ratio": "4:3"}]
WHERE = [
    "a == 'a1'", "b != 'b2'", "p.price > 10", "n < 2", "ratio in ['1:1', '16:9']", "not p.price", "a == b",
    "p == 'mug' or c == 'c1'", "model == 'flux-kontext-pro'", "a", "a = 'x'", "zz == 1", "p.zz == 1",
]  # fmt: skip
PROMPTS = [
    "{{ a }}", "{{ a }} {{ b }}", "{{ a }} {{ b }} {{ c }}", "{{ p.name | article }}", "{{ p.name }} {{ a }}", "plain",
    "{% if p.price %}{{ p.price }}{% endif %} x", "{{ c | list_and }}", "{{ p }}", "{{ q }}", "{{ 'x' ~ b }}",
    "{{ p.name }} {{ a }} {{ b }}",
]  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "a": [["a1", "a2"], ["a2", "a1"], {"a1": "long a1", "a2": "long a2"}, ["a1", "a2", "a3"]],
    "b": [["b1", "b2"], ["b2", "b1"], [1, 2]],
    "c": [["c1", "c2"], [["c1", "c2"], ["c3"]], [True, False]],
    "p": [RECORDS, RECORDS[::-1], {"mug": RECORDS[0], "pot": RECORDS[1]}],
}


def some(values: list[Any], most: int = 3) -> st.SearchStrategy[list[Any]]:
    """Some of these, each once."""
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True)


def level(own: bool) -> dict[str, st.SearchStrategy[Any]]:
    """What may stand at the top and in a job."""
    axes: dict[str, list[Any]] = {"a": ["a1", "a2", "new"], "b": ["b1", "b2", "b9"], "p": ["mug", "pot"]}
    rule: dict[Any, Any] = {name: st.one_of(st.sampled_from(each), some(each, 2)) for name, each in axes.items()}
    rule |= {"model": st.sampled_from(MODELS), "ratio": st.sampled_from(RATIOS[:3])}
    rules = st.lists(st.fixed_dictionaries({}, optional=rule).filter(bool), max_size=2)
    variables = {name: st.sampled_from(each) for name, each in VALUES.items()}
    found: dict[str, st.SearchStrategy[Any]] = {
        "prompt": st.sampled_from(PROMPTS),
        "models": some(list(MODELS)),
        "ratios": some([*RATIOS[:3], "{{ p.ratio }}", *([MATCH_INPUT] if own else [])], 2),
        "repeat": st.integers(1, 2),
        "pair": st.lists(some(["a", "b", "c", "p"], 2).filter(lambda each: len(each) > 1), min_size=1, max_size=2),
        "where": st.sampled_from(WHERE),
        "include": rules,
        "exclude": rules,
        "options": st.fixed_dictionaries({"safety_tolerance": st.sampled_from([1, "{{ n }}"])}),
        "variables": st.fixed_dictionaries({}, optional=variables) if own else st.fixed_dictionaries(variables),
    }
    return found


@st.composite
def few(draw: st.DrawFn, keys: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Some of the keys, so that most of them can stand together."""
    return {key: draw(keys[key]) for key in draw(some(list(keys), 3))} if draw(st.integers(0, 5)) else {}


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A small spec, mostly a good one: three jobs at most, chained or not."""
    top = level(own=False)
    needed = {"prompt": top.pop("prompt"), "variables": top.pop("variables")}
    spec = {"version": 1, **draw(st.fixed_dictionaries(needed)), **draw(few(top))}
    if draw(st.booleans()):
        jobs: dict[str, Any] = {}
        for name in ("x", "y", "z")[: draw(st.integers(1, 3))]:
            parent = draw(st.sampled_from([None, *jobs]))
            jobs[name] = draw(few(level(own=True))) | ({} if parent is None else {"edit": parent})
        spec["jobs"] = jobs
    if draw(st.integers(0, 3)) == 0:
        spec["defaults"] = draw(st.fixed_dictionaries({"ratios": some(list(RATIOS[:2]))}))
    if draw(st.integers(0, 9)) == 7:
        spec["naming"] = draw(
            st.sampled_from(["{{ job }}/{{ n }}", "{{ job }}/{{ a }}-{{ model }}-{{ ratio }}-{{ n }}"])
        )
    if draw(st.integers(0, 9)) == 7:
        spec["lint"] = {"banned": ["mug"]}
    return spec


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs())
def test_any_spec_is_planned_or_refused_in_words(value: dict[str, Any]) -> None:
    """And never are there more images than were counted before, nor two of one name, nor one with a brace in it."""
    try:
        spec = spec_of(value)
        found = expand(spec, Folder())
    except (InvalidSpec, UsageError):
        return
    tasks = found.tasks
    counts = counts_of(parents_first(spec.jobs))
    for job in spec.jobs:
        made = [task for task in tasks if task.job == job.name]
        assert 0 < len(made) <= counts[job.name]
        assert len({tuple(task.axes.items()) for task in made}) == len(made)
    stems = {task.key: same_place(task.stem) for task in tasks}
    assert len(set(stems.values())) == len(stems)
    assert len({task.id for task in tasks}) == len(tasks)
    for task in tasks:
        assert task.size in (*RATIOS, MATCH_INPUT)
        assert task.size != MATCH_INPUT or task.reference is not None
        assert task.prompt
        assert not {"{", "}"} & set(task.prompt)
        assert " object at " not in task.prompt
    for one, other in itertools.combinations(tasks, 2):
        same = (one.prompt, one.model, one.size, one.options, one.reference, one.n) == (
            other.prompt, other.model, other.size, other.options, other.reference, other.n,
        )  # fmt: skip
        assert (one.key == other.key) == same


def bound(text: str) -> tuple[int, int]:
    """What is counted before, and what there is."""
    spec = spec_of(text)
    return sum(counts_of(parents_first(spec.jobs)).values()), len(expand(spec, Folder()).tasks)


@pytest.mark.parametrize(
    ("rest", "images"),
    [
        ("prompt: '{{ a }} {{ b }}'\n", 4),
        ("prompt: '{{ a }} {{ b }}'\npair: [[a, b]]\n", 2),
        ("prompt: '{{ a }} {{ b }}'\npair: [[a, b]]\ninclude: [{a: a1, b: b2}]\n", 3),
        ("prompt: '{{ a }} {{ b }}'\npair: [[a, b]]\ninclude: [{a: new}]\n", 4),
        ("prompt: '{{ a }} {{ b }}'\npair: [[a, b]]\ninclude: [{a: new, b: [b1, newer]}]\n", 4),
        ("pair: [[a, b]]\njobs: {x: {prompt: '{{ a }}'}, y: {edit: x, prompt: '{{ b }}'}}\n", 4),
        ("prompt: '{{ a }}'\nrepeat: 3\nratios: ['1:1', '4:3']\n", 12),
    ],
)
def test_the_count_is_exact_where_nothing_is_left_out(rest: str, images: int) -> None:
    """Nobody is refused for images that would never be."""
    assert bound("version: 1\nvariables: {a: [a1, a2], b: [b1, b2]}\n" + rest) == (images, images)


def test_a_new_value_of_the_parent_has_no_step_to_keep() -> None:
    """Its edits multiply over all that is paired with it, and that is counted."""
    counted, made = bound("""\
        version: 1
        variables: {a: [a1, a2], b: [b1, b2]}
        pair: [[a, b]]
        jobs:
          x: {prompt: "{{ a }}", include: [{a: new}]}
          y: {edit: x, prompt: "{{ b }}"}
        """)
    assert made == 3 + 2 + 2
    assert counted >= made


def test_too_many_are_refused_before_they_are_made() -> None:
    """Ten to the ninth combinations would never end."""
    (problem,) = problems_of(
        {
            "version": 1,
            "prompt": "{{ a }} {{ b }} {{ c }}",
            "variables": {name: list(range(1000)) for name in "abc"},
            "pair": [["a", "b"]],
            "include": [{"a": ["new", "newer"], "c": "other"}],
        }
    )
    assert problem.message.startswith("this multiplies to 1,002,000 images, about $")


@pytest.mark.parametrize("limit", [1, 3, 4])
def test_the_limit_is_the_count(limit: int) -> None:
    """One more is refused."""
    text = f"version: 1\nprompt: '{{{{ a }}}}'\nvariables: {{a: [1, 2, 3, 4]}}\nlimits: {{max_tasks: {limit}}}\n"
    if limit < 4:
        assert "multiplies to 4 images" in problems_of(text)[0].message
    else:
        assert len(expand(spec_of(text), Folder()).tasks) == 4


def test_two_jobs_with_one_problem_have_one_message() -> None:
    """The second job is as broken as the first."""
    (problem,) = problems_of("""\
        version: 1
        prompt: A luxury mug
        lint: {banned: [luxury]}
        jobs: {x: {}, y: {ratios: ["1:1"]}}
        """)
    assert problem.line == 2


def test_a_condition_that_cannot_be_read_is_one_problem_of_all_jobs() -> None:
    """Nothing is multiplied by it."""
    (problem,) = problems_of("""\
        version: 1
        prompt: A mug
        where: n = 1
        jobs: {x: {}, y: {}}
        """)
    assert (problem.line, problem.hint) == (3, "two equal signs compare: ==")
