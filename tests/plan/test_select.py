"""Which of the planned images a run is about."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.errors import UsageError
from flux_batch.plan.choosing.sample import balanced
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Plan, Task
from flux_batch.spec.load import parse_spec

from .kit import plan_of

SPEC = """\
    version: 1
    variables:
      product: [mug, pot]
      scene: {linen: rumpled natural linen, oak: an oiled oak board}
      price: {cheap: 5, dear: 50}
    ratios: ["1:1", "16:9"]
    repeat: 2
    jobs:
      hero: {prompt: "{{ product }} on {{ scene }}"}
      shop: {prompt: "{{ product }} for {{ price }}"}
      edit: {edit: hero, prompt: more light}
      wide: {edit: edit, prompt: widen, ratios: ["21:9"]}
"""


def chosen(
    only: str | None = None, limit: int | None = None, sample: int | None = None, spec: str = SPEC
) -> tuple[Plan, list[Task]]:
    """The plan, and the tasks that are selected."""
    plan = plan_of(spec, selection=Selection(only=only, limit=limit, sample=sample))
    return plan, [task for task in plan.tasks if task.key in plan.selected]


def test_no_selection_is_everything() -> None:
    """And a selection knows whether it is one."""
    plan, tasks = chosen()
    assert list(plan.tasks) == tasks
    assert Selection().everything
    assert not any(each.everything for each in (Selection(only="n == 1"), Selection(limit=1), Selection(sample=1)))


@pytest.mark.parametrize(
    ("only", "count"),
    [
        ("job == 'hero'", 16),
        ("job == 'hero' and ratio == '1:1'", 8),
        ("job == 'hero' and n == 1", 8),
        ("job == 'hero' and n > 1", 8),
        ("job == 'hero' and scene == 'linen'", 8),
        ("job == 'hero' and scene == 'rumpled natural linen'", 8),
        ("job == 'hero' and scene != 'linen'", 8),
        ("job == 'hero' and scene in ['oak', 'marble']", 8),
        ("job == 'hero' and scene not in ['oak', 'marble']", 8),
        ("job == 'hero' and 'natural' in scene", 8),
        ("job == 'hero' and product | upper == 'MUG'", 8),
        ("price == 5", 8),
        ("price > 10", 8),
        ("job == 'shop' and scene != 'linen'", 16),
        ("price > 10 or scene == 'oak' and job == 'hero'", 16),
        ("scene == 'oak' and job == 'hero' or price > 10", 16),
        ("model == 'flux-kontext-pro' and job in ['shop']", 16),
    ],
)
def test_only_takes_the_images_for_which_it_holds(only: str, count: int) -> None:
    """Texts by label or by value, numbers as numbers; what an image does not have equals nothing."""
    assert len(chosen(only)[1]) == count


def test_parents_come_along() -> None:
    """An edit cannot be made without the image it starts from, down to the first."""
    _, tasks = chosen("job == 'wide' and product == 'mug' and scene == 'oak' and n == 1 and edit_ratio == '1:1'")
    assert [task.job for task in tasks] == ["hero", "edit", "wide"]
    assert tasks[1].parent == tasks[0].key
    assert tasks[2].parent == tasks[1].key


def test_an_unknown_axis_is_named_with_the_one_that_was_meant() -> None:
    """As everywhere."""
    with pytest.raises(UsageError) as caught:
        chosen("ratoi == '1:1'")
    assert str(caught.value) == "--only \"ratoi == '1:1'\": `ratoi` is no axis; did you mean `ratio`?"
    with pytest.raises(UsageError, match=r"known here: job, product, scene, model, ratio, n"):
        chosen("xyz > 1")


@pytest.mark.parametrize(
    "only", ["ratio = '1:1'", "ratio == ", "", "ratio == '1:1', n", "a }} {{ b", "job.upper()", "n + 1 == 2"]
)
def test_what_cannot_be_read_is_a_usage_error(only: str) -> None:
    """With an example to go by."""
    with pytest.raises(UsageError, match=r"^--only .*; write for instance: ratio == '1:1'$"):
        chosen(only)


def test_what_fits_no_image_is_a_usage_error() -> None:
    """A misspelt value must not look like a finished run."""
    with pytest.raises(UsageError, match=r'^--only "scene == .marble." fits none of the 64 images; known here: '):
        chosen("scene == 'marble'")


@pytest.mark.parametrize(
    ("only", "hint"),
    [
        ("product == 'mgu'", "did you mean 'mug'?"),
        ("n == 1 and scene == 'oka'", "did you mean 'oak'?"),
        ('scene == "rumpled natural line"', "did you mean 'rumpled natural linen'?"),
        ("scene in ['xyzxyz']", "known here: linen, oak, rumpled natural linen, an oiled oak board"),
        ("job == 'hreo'", "did you mean 'hero'?"),
    ],
)
def test_what_fits_no_image_names_what_was_meant(only: str, hint: str) -> None:
    """By label or by text; the labels there are, where nothing is near."""
    with pytest.raises(UsageError) as caught:
        chosen(only)
    assert str(caught.value).endswith(f"; {hint}")


def test_a_text_that_is_there_gets_no_guess() -> None:
    """Each value is there, only not together."""
    with pytest.raises(UsageError, match=r"images$"):
        chosen("job == 'shop' and scene == 'oak'")


def test_limit_takes_the_first() -> None:
    """Of what ``--only`` left; more than there are is all of them."""
    plan, tasks = chosen(limit=3)
    assert tasks == list(plan.tasks[:3])
    _, tasks = chosen("job == 'shop'", limit=2)
    assert [task.job for task in tasks] == ["shop", "shop"]
    assert len(chosen("job == 'shop'", limit=999)[1]) == 16


def test_sample_and_limit_together() -> None:
    """The first of the sample."""
    _, sampled = chosen("job == 'hero'", sample=4)
    _, both = chosen("job == 'hero'", sample=4, limit=2)
    assert both == sampled[:2]


def test_a_small_sample_shows_every_job() -> None:
    """They are the coarsest difference there is."""
    assert {task.job for task in balanced(plan_of(SPEC).tasks, 4)} == {"hero", "shop", "edit", "wide"}


def matrix(sizes: Sequence[int], hole: int = 0) -> list[Task]:
    """A product of axes with so many values; ``hole`` leaves out every so-manieth image."""
    products = itertools.product(*(range(size) for size in sizes))
    kept = [labels for number, labels in enumerate(products) if not hole or number % hole]
    return [
        Task(
            key=str(labels),
            id=str(labels),
            job="main",
            axes={"job": "main", **{f"v{axis}": f"{axis}-{label}" for axis, label in enumerate(labels)}},
            model="m",
            prompt="p",
            size="1:1",
        )
        for labels in kept
    ]


def shown_values(tasks: Iterable[Task]) -> set[tuple[str, str]]:
    """Every value on them."""
    return {value for task in tasks for value in task.axes.items()}


def shown_pairs(tasks: Iterable[Task]) -> set[object]:
    """Every two values that stand together on one of them."""
    return {pair for task in tasks for pair in itertools.combinations(task.axes.items(), 2)}


SIZES = st.lists(st.integers(1, 6), min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(SIZES)
def test_every_value_appears_as_early_as_it_can(sizes: list[int]) -> None:
    """In a full product the largest axis alone says how many images that takes."""
    tasks = matrix(sizes)
    assert shown_values(balanced(tasks, max(sizes))) == shown_values(tasks)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), st.randoms())
def test_holes_cost_no_value(sizes: list[int], chance: Random) -> None:
    """Where rules leave images out, every image of a sample still shows a new value until all are shown."""
    everything = matrix(sizes)
    tasks = chance.sample(everything, len(everything) // 4 + 1)
    wanted = shown_values(tasks)
    assert shown_values(balanced(tasks, len(wanted))) == wanted
    for count in range(1, min(len(tasks), len(wanted)) + 1):
        found, one_less = (shown_values(balanced(tasks, number)) for number in (count, count - 1))
        assert found > one_less or one_less == wanted


def greedy_pairs(tasks: Sequence[Task]) -> list[int]:
    """How many pairs are shown by one image, by two …, when each is the best of all that are left."""
    left, shown, counts = list(tasks), set[object](), []
    while left:
        best = max(left, key=lambda task: len(shown_pairs([task]) - shown))
        left.remove(best)
        shown |= shown_pairs([best])
        counts.append(len(shown))
    return counts


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=3), st.sampled_from([0, 3, 4]))
def test_pairs_appear_nearly_as_early_as_for_a_greedy_search(sizes: list[int], hole: int) -> None:
    """A covering array made by looking at every image each time is never more than a sixth ahead."""
    tasks = matrix(sizes, hole)
    for count, best in enumerate(greedy_pairs(tasks), start=1):
        assert len(shown_pairs(balanced(tasks, count))) >= best * 5 / 6 - 1


def test_all_pairs_take_no_more_than_a_small_covering_array() -> None:
    """Ten values by ten by ten: 100 images are the least that can show all pairs."""
    tasks = matrix([10, 10, 10])
    counts = [len(shown_pairs(balanced(tasks, count))) for count in (100, 160)]
    assert counts[0] >= 0.85 * len(shown_pairs(tasks))
    assert counts[1] >= 0.97 * len(shown_pairs(tasks))


@settings(deadline=None, max_examples=40)
@given(SIZES, st.sampled_from([0, 2, 3]), st.integers(1, 20), st.integers(0, 20))
def test_a_smaller_sample_is_part_of_a_larger_one(sizes: list[int], hole: int, count: int, more: int) -> None:
    """Growing a sample buys only the difference."""
    tasks = matrix(sizes, hole)
    assert {task.key for task in balanced(tasks, count)} <= {task.key for task in balanced(tasks, count + more)}


@settings(deadline=None)
@given(SIZES, st.integers(1, 40))
def test_a_sample_is_even(sizes: list[int], count: int) -> None:
    """With twice as many images as values, none is shown much more often than another of its axis."""
    tasks = matrix(sizes)
    found = balanced(tasks, count)
    assert len(found) == min(count, len(tasks))
    assert found == sorted(found, key=tasks.index)
    for axis in (f"v{number}" for number in range(len(sizes))):
        shown = Counter(task.axes[axis] for task in found)
        if 2 * sum(sizes) <= count < len(tasks):
            assert max(shown.values()) <= 2.5 * min(shown.values()) + 1


def test_a_sample_of_a_square_is_even() -> None:
    """Ten by ten, twenty of them: two of each row and of each column."""
    found = balanced(matrix([10, 10]), 20)
    for axis in ("v0", "v1"):
        assert set(Counter(task.axes[axis] for task in found).values()) == {2}


def test_small_jobs_do_not_use_up_a_sample() -> None:
    """A job of one image is shown once; the rest of the sample is for what is new."""
    plan = plan_of("""\
        version: 1
        jobs:
          many: {prompt: "{{ a }} {{ b }}", variables: {a: [1, 2, 3, 4, 5, 6], b: [1, 2, 3]}}
          few: {prompt: "{{ c }}", variables: {c: [x, y]}}
        """)
    assert shown_values(balanced(plan.tasks, 15)) == shown_values(plan.tasks)
    assert {task.axes["a"] for task in balanced(plan.tasks, 10) if task.job == "many"} == set("123456")


def test_an_axis_of_many_values_is_shown_in_turn() -> None:
    """More values than are compared at once: all of them all the same."""
    tasks = matrix([150, 3])
    assert shown_values(balanced(tasks, 150)) == shown_values(tasks)
    assert shown_values(balanced(matrix([150, 100], hole=7), 260)) == shown_values(matrix([150, 100]))


FIELDS = """\
    version: 1
    prompt: "{{ product.name }} {{ tone }}"
    variables:
      product: [{name: mug, size: {width: 3}}, {name: pot, colour: red}]
      tone: [calm, bright]
"""


@pytest.mark.parametrize(
    ("only", "said"),
    [
        ("product.nmae == 'mug'", "`product` has no field `nmae`; did you mean `name`?"),
        ("product.size.widht > 1", "`product.size` has no field `widht`; did you mean `width`?"),
        ("product.size.width.x > 1", "`product.size.width` is one text or number and has no `.x`"),
        ("tone.name == 'calm'", "`tone` is one text or number and has no `.name`"),
        ("product.name == 'mug' and prodct.name == 'x'", "`prodct` is no axis; did you mean `product`?"),
    ],
)
def test_an_unknown_field_is_named(only: str, said: str) -> None:
    """Not taken for an empty one."""
    with pytest.raises(UsageError) as caught:
        chosen(only, spec=FIELDS)
    assert str(caught.value) == f'--only "{only}": {said}'


def test_a_field_that_only_some_values_have_may_be_asked_for() -> None:
    """The others equal nothing."""
    assert len(chosen("product.colour == 'red'", spec=FIELDS)[1]) == 2
    assert len(chosen("product.size.width > 1", spec=FIELDS)[1]) == 2


def test_an_empty_column_may_be_asked_for(tmp_path: Path) -> None:
    """It is a field of the table, although no row has it; what is no column is not."""
    (tmp_path / "products.csv").write_text("name,sale\nmug,\npot,\n")
    text = 'version: 1\nprompt: "{{ product.name }}"\nvariables: {product: {from: products.csv}}\n'
    spec = parse_spec(tmp_path / "a.yaml", text)
    assert len(make_plan(spec, selection=Selection(only="not product.sale")).selected) == 2
    with pytest.raises(UsageError, match="`product` has no field `sael`; did you mean `sale`"):
        make_plan(spec, selection=Selection(only="not product.sael"))
