"""What a job multiplies over, and what is left out."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .kit import axes_of, only, plan_of, problems_of

MODELS = ("flux-kontext-pro", "flux-kontext-max")


def test_the_product_stands_in_the_order_of_the_spec() -> None:
    """Variables in the order they are declared, then model, ratio, variation; the last turns fastest."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ b }} {{ a }}"
        variables: {a: [a1, a2], b: [b1, b2]}
        models: [flux-kontext-max, flux-kontext-pro]
        ratios: ["16:9", "1:1"]
        repeat: 2
        """)
    expected = itertools.product(["a1", "a2"], ["b1", "b2"], reversed(MODELS), ["16:9", "1:1"], ["1", "2"])
    assert axes_of(plan, "a", "b", "model", "ratio", "n") == list(expected)
    assert list(plan.tasks[0].axes) == ["job", "a", "b", "model", "ratio", "n"]


def test_only_used_variables_multiply() -> None:
    """Nobody pays for an axis that changes nothing, and the plan says that it is there."""
    plan = plan_of("version: 1\nprompt: '{{ a }}'\nvariables: {a: [a1, a2], b: [b1, b2, b3]}\n")
    assert len(plan.tasks) == 2
    assert "b" not in plan.tasks[0].axes
    (note,) = plan.notes
    assert (note.line, note.message) == (3, "variable `b` is used in no prompt")


def test_a_variable_in_the_reference_multiplies_too() -> None:
    """The picture is a part of the request."""
    plan = plan_of(
        "version: 1\nprompt: On linen\nreference: 'in/{{ sku }}.png'\nvariables: {sku: [a1, a2]}\n",
        {"in/a1.png": "one", "in/a2.png": "two"},
    )
    assert axes_of(plan, "sku") == [("a1",), ("a2",)]
    assert not plan.notes


def test_a_constant_is_an_axis_of_one() -> None:
    """It fills in, and multiplies by one."""
    task = only(plan_of("version: 1\nprompt: 'A mug, {{ tone }}'\nvariables: {tone: warm light}\n"))
    assert task.prompt == "A mug, warm light"
    assert task.axes["tone"] == "warm light"


def test_labels_name_and_values_say() -> None:
    """The value goes into the prompt, the label into the axes; numbers and words print as they were written."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ scene }} {{ price }} {{ glossy }}"
        variables: {scene: {linen: rumpled linen, oak: an oak board}, price: 4.50, glossy: true}
        """)
    assert axes_of(plan, "scene", "price", "glossy") == [("linen", "4.50", "true"), ("oak", "4.50", "true")]
    assert [task.prompt for task in plan.tasks] == ["rumpled linen 4.50 true", "an oak board 4.50 true"]


@pytest.mark.parametrize("rule", ["{scene: linen, ratio: '1:1'}", "{scene: rumpled linen, ratio: '1:1'}"])
def test_exclude_by_label_and_by_value(rule: str) -> None:
    """All of a rule's axes must match."""
    plan = plan_of(f"""\
        version: 1
        prompt: "{{{{ scene }}}}"
        variables: {{scene: {{linen: rumpled linen, oak: an oak board}}}}
        ratios: ["1:1", "16:9"]
        exclude: [{rule}]
        """)
    assert axes_of(plan, "scene", "ratio") == [("linen", "16:9"), ("oak", "1:1"), ("oak", "16:9")]


def test_an_exclude_never_takes_the_neighbour_whose_value_is_that_label() -> None:
    """`rumpled` means the label linen; the scene whose label is linen's text stays."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ scene }}"
        variables: {scene: {linen: rumpled, sheet: linen}}
        exclude: [{scene: rumpled}]
        """)
    assert axes_of(plan, "scene") == [("sheet",)]


def test_exclude_takes_lists_numbers_and_jobs() -> None:
    """Rules at the top hold for every job that has their axes."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ product }}"
        variables: {product: [mug, pot, tray]}
        repeat: 2
        exclude: [{product: [mug, pot], n: 2}, {job: second, product: tray}]
        jobs: {first: {}, second: {prompt: "{{ product }}!"}}
        """)
    assert axes_of(plan, "job", "product", "n") == [
        ("first", "mug", "1"),
        ("first", "pot", "1"),
        ("first", "tray", "1"),
        ("first", "tray", "2"),
        ("second", "mug", "1"),
        ("second", "pot", "1"),
    ]


def test_excluding_everything_is_a_problem() -> None:
    """Nobody means a job without images."""
    (problem,) = problems_of("version: 1\nprompt: a\nratios: ['1:1']\nexclude:\n  - ratio: '1:1'\n")
    assert problem.message == "`exclude` leaves nothing of job `main`"
    assert (problem.line, problem.column) == (4, 1)


def test_sizes_nobody_named() -> None:
    """16:9 for a picture made from nothing, the size of the input for an edit of one."""
    assert only(plan_of("version: 1\nprompt: a\n")).size == "16:9"
    task = only(plan_of("version: 1\nprompt: a\nreference: mug.png\n", {"mug.png": "x"}))
    assert task.size == "match_input_image"
    explicit = plan_of("version: 1\nprompt: a\nreference: mug.png\nratios: ['1:1']\n", {"mug.png": "x"})
    assert only(explicit).size == "1:1"


def test_without_models_the_cheapest_draws() -> None:
    """The first of the provider's list."""
    assert only(plan_of("version: 1\nprompt: a\n")).model == "flux-kontext-pro"


CHAIN = """\
    version: 1
    variables: {product: [mug, pot], season: [winter, spring]}
    jobs:
      hero:
        prompt: "{{ product }}"
        models: [flux-kontext-max]
        ratios: ["1:1", "16:9"]
        repeat: 2
      my-edit:
        edit: hero
"""


def edited(lines: str) -> list[tuple[str, ...]]:
    """The axes of the edits of CHAIN with these lines in its edit."""
    body = "\n".join(f"        {line}" for line in lines.splitlines())
    plan = plan_of(f"{CHAIN}{body}\n")
    tasks = [task for task in plan.tasks if task.job == "my-edit"]
    return [tuple(f"{axis}={label}" for axis, label in task.axes.items()) for task in tasks]


def test_an_edit_follows_its_parents() -> None:
    """One edit per parent image: its model, its labels, its variation, and the size of the input."""
    plan = plan_of(f"{CHAIN}        prompt: more light\n")
    heroes, edits = plan.tasks[:8], plan.tasks[8:]
    for hero, edit in zip(heroes, edits, strict=True):
        assert edit.axes == {**hero.axes, "job": "my-edit"}
        assert (edit.model, edit.size, edit.n, edit.parent) == (hero.model, "match_input_image", 1, hero.key)


def test_an_edit_multiplies_over_what_it_adds() -> None:
    """A variable its parents already have follows them; a new one multiplies."""
    found = edited("prompt: '{{ product }} in {{ season }}'")
    assert len(found) == 8 * 2
    assert found[0] == (
        "job=my-edit",
        "product=mug",
        "season=winter",
        "model=flux-kontext-max",
        "ratio=1:1",
        "n=1",
    )


def test_own_models_ratios_and_repeats_keep_the_parents_labels_in_sight() -> None:
    """As axes called after the parent."""
    found = edited("prompt: a\nmodels: [flux-kontext-pro]\nratios: ['9:16', '21:9']\nrepeat: 3")
    assert len(found) == 8 * 2 * 3
    assert found[0] == (
        "job=my-edit",
        "product=mug",
        "hero_model=flux-kontext-max",
        "hero_ratio=1:1",
        "hero_n=1",
        "model=flux-kontext-pro",
        "ratio=9:16",
        "n=1",
    )


def test_own_match_input_image_is_no_new_ratio() -> None:
    """The picture keeps its size, so it keeps its label."""
    assert edited("prompt: a\nratios: [match_input_image]")[0][-2] == "ratio=1:1"


def test_a_variable_that_an_edit_writes_itself_is_its_own() -> None:
    """It multiplies, although the parent has one of that name, which stays in sight."""
    found = edited("prompt: 'paint it {{ product }}'\nvariables: {product: [red, blue]}")
    assert len(found) == 8 * 2
    assert found[0][:3] == ("job=my-edit", "hero_product=mug", "product=red")
    plan = plan_of(f"""{CHAIN}        prompt: 'paint the {{{{ hero_product }}}} {{{{ product }}}}'
        variables: {{product: [red, blue]}}
""")
    assert plan.tasks[-1].prompt == "paint the pot blue"


def test_templates_of_an_edit_see_the_axes_of_its_parents() -> None:
    """A hyphen in the parent's name becomes an underscore."""
    plan = plan_of("""\
        version: 1
        jobs:
          first-draft: {prompt: a, ratios: ["1:1"]}
          wide: {edit: first-draft, prompt: "from {{ first_draft_ratio }} to {{ ratio }}", ratios: ["21:9"]}
          wider: {edit: wide, prompt: "{{ first_draft_ratio }}, {{ ratio }}, {{ wide_n }}, {{ n }}", repeat: 2}
        """)
    assert [task.prompt for task in plan.tasks[1:]] == ["from 1:1 to 21:9", "1:1, 21:9, 1, 1", "1:1, 21:9, 1, 2"]


def test_chains_of_three_that_branch() -> None:
    """Every image of a step starts from one of the step before, wherever the jobs stand in the file."""
    plan = plan_of("""\
        version: 1
        variables: {season: [winter, spring]}
        jobs:
          banner: {edit: season, prompt: widen, ratios: ["21:9"]}
          season: {edit: base, prompt: "{{ season }}"}
          base: {prompt: a mug, ratios: ["4:3"], repeat: 2}
          ribbon: {edit: base, prompt: tie a ribbon}
          card: {edit: banner, prompt: add a greeting}
        """)
    assert [task.job for task in plan.tasks] == ["banner"] * 4 + ["season"] * 4 + ["base"] * 2 + ["ribbon"] * 2 + [
        "card"
    ] * 4
    by_key = {task.key: task for task in plan.tasks}
    for card in plan.tasks[-4:]:
        lineage = [card]
        while lineage[-1].parent is not None:
            lineage.append(by_key[lineage[-1].parent])
        assert [task.job for task in lineage] == ["card", "banner", "season", "base"]
        assert {task.axes["n"] for task in lineage} == {card.axes["n"]}
        assert {task.axes["season"] for task in lineage[:3]} == {card.axes["season"]}


def test_an_excluded_parent_has_no_edits() -> None:
    """And an edit's own rule leaves its parent alone."""
    plan = plan_of("""\
        version: 1
        jobs:
          base: {prompt: a, ratios: ["1:1", "4:3", "3:4"], exclude: [{ratio: "3:4"}]}
          edit: {edit: base, prompt: b, exclude: [{ratio: "4:3"}]}
        """)
    assert axes_of(plan, "job", "ratio") == [("base", "1:1"), ("base", "4:3"), ("edit", "1:1")]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 2), st.integers(1, 3), st.integers(1, 2))
def test_the_size_of_a_product(sizes: list[int], models: int, ratios: int, repeat: int) -> None:
    """Is the product of the sizes, and no two images have the same axes or the same key."""
    names = [f"v{number}" for number in range(len(sizes))]
    plan = plan_of(
        {
            "version": 1,
            "prompt": " ".join(f"{{{{ {name} }}}}" for name in names),
            "variables": {
                name: [f"{name}-{value}" for value in range(size)] for name, size in zip(names, sizes, strict=True)
            },
            "models": MODELS[:models],
            "ratios": ["1:1", "4:3", "3:4"][:ratios],
            "repeat": repeat,
        }
    )
    expected = models * ratios * repeat
    for size in sizes:
        expected *= size
    assert len(plan.tasks) == expected
    assert len({tuple(task.axes.items()) for task in plan.tasks}) == expected
    assert len(plan.purchases()) == expected
