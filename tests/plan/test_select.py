"""Which of the planned images a run is about."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.errors import UsageError
from flux_batch.plan.records import Plan, Task
from flux_batch.plan.select import Selection

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
    with pytest.raises(UsageError, match=r'^--only "scene == .marble." fits none of the 64 images$'):
        chosen("scene == 'marble'")


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
    plan = plan_of(SPEC)
    from flux_batch.plan.select import _balanced

    assert {task.job for task in _balanced(plan.tasks, 4)} == {"hero", "shop", "edit", "wide"}


@settings(deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 3), st.integers(1, 40))
def test_a_sample_is_balanced(sizes: list[int], ratios: int, count: int) -> None:
    """Every value appears before any is shown a third time, as soon as there are as many images as values."""
    names = [f"v{number}" for number in range(len(sizes))]
    spec = {
        "version": 1,
        "prompt": " ".join(f"{{{{ {name} }}}}" for name in names),
        "variables": {name: [f"{name}-{it}" for it in range(size)] for name, size in zip(names, sizes, strict=True)},
        "ratios": ["1:1", "4:3", "3:4"][:ratios],
    }
    plan = plan_of(spec, selection=Selection(sample=count))
    tasks = [task for task in plan.tasks if task.key in plan.selected]
    assert len(tasks) == min(count, len(plan.tasks))
    for axis in (*names, "ratio"):
        wanted = {task.axes[axis] for task in plan.tasks}
        shown = Counter(task.axes[axis] for task in tasks)
        if count >= sum(sizes) + ratios:
            assert set(shown) == wanted
        if count >= 2 * (sum(sizes) + ratios) and count < len(plan.tasks):
            assert max(shown.values()) <= 2.5 * min(shown.values()) + 1


def test_a_sample_of_a_square_is_even() -> None:
    """Ten by ten, twenty of them: two of each row and of each column."""
    spec = {
        "version": 1,
        "prompt": "{{ a }} {{ b }}",
        "variables": {"a": list(range(10)), "b": list(range(10))},
    }
    plan = plan_of(spec, selection=Selection(sample=20))
    tasks = [task for task in plan.tasks if task.key in plan.selected]
    for axis in ("a", "b"):
        assert set(Counter(task.axes[axis] for task in tasks).values()) == {2}


def test_a_large_sample_is_quick() -> None:
    """Three hundred of ten thousand."""
    plan = plan_of(
        {
            "version": 1,
            "prompt": "{{ a }} {{ b }}",
            "variables": {"a": list(range(100)), "b": list(range(50))},
            "models": ["flux-kontext-pro", "flux-kontext-max"],
        }
    )
    from flux_batch.plan.select import _balanced

    started = time.perf_counter()
    assert len(_balanced(plan.tasks, 300)) == 300
    assert time.perf_counter() - started < 4
