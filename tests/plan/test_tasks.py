"""The tasks of a plan, kept as tables: each is there when it is asked for, and none is held."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping

import pytest

from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Action, Known, Plan, Remembered
from flux_batch.plan.totals.columns import AllKeys, ByKey, Listed, chosen, columns_of

from .kit import Folder, plan_of, spec_of

SPEC = """
    version: 1
    name: spring
    models: [flux-kontext-pro, flux-kontext-max]
    variables:
      cup: {oak: an oak cup, tin: a tin cup}
      tone: [warm, Warm]
    jobs:
      hero: {prompt: "{{ cup }} in {{ tone }} light", ratios: ["1:1", "9:16"], include: [{cup: clay, ratio: "21:9"}]}
      winter: {edit: hero, prompt: "Let it snow on {{ place }}", variables: {place: [hills, fields]}}
      late: {edit: winter, prompt: Put it at night, models: [flux-kontext-max]}
      again: {prompt: "{{ cup }} in {{ tone }} light", ratios: ["1:1"]}
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Edits of edits, an added value, names that meet, and images that repeat the request of another job."""
    return plan_of(SPEC)


def test_they_are_a_sequence(plan: Plan) -> None:
    """By place, from the end, in slices, equal to themselves made anew; no place beyond."""
    tasks, each = plan.tasks, list(plan.tasks)
    assert [tasks[place] for place in range(len(tasks))] == each
    assert tasks[-1] == each[-1]
    assert tasks[3:40:7] == tuple(each[3:40:7])
    assert tasks == each
    assert tasks != each[1:]
    assert each[5] in tasks
    with pytest.raises(IndexError):
        tasks[len(tasks)]


def test_every_column_says_what_the_tasks_say(plan: Plan) -> None:
    """The same as of tasks that are there one by one."""
    kept, made = columns_of(plan.tasks), Listed(plan.tasks)
    assert len(kept.repeats) == 8
    for one, other in (
        (kept.keys(), made.keys()),
        (kept.stems(), made.stems()),
        (kept.parents(), made.parents()),
        (kept.parent_keys(), made.parent_keys()),
        (kept.repeats.items(), made.repeats.items()),
        (kept.firsts(), made.firsts()),
        (map(kept.offer, kept.offers()), map(made.offer, made.offers())),
        (map(kept.id_of, range(len(kept)), kept.keys()), map(made.id_of, range(len(made)), made.keys())),
    ):
        assert list(one) == list(other)
    for place, task in enumerate(plan.tasks):
        group = next(each for each in kept.groups() if each.start <= place < each.start + each.size)
        labels = {}
        for axis in group.axes:
            numbers, label_of = group.label(axis)
            labels[axis] = label_of(numbers[place - group.start])
        assert (group.job, labels) == (task.job, task.axes)


def test_all_keys_are_the_keys(plan: Plan) -> None:
    """Each once, in order; a selection of some is a mask."""
    keys = [task.key for task in plan.tasks]
    assert isinstance(plan.selected, AllKeys)
    assert list(plan.selected) == list(dict.fromkeys(keys))
    assert (len(plan.selected), set(plan.selected), "x" in plan.selected) == (len(set(keys)), set(keys), False)
    assert list(chosen(columns_of(plan.tasks), plan.selected)) == [1] * len(keys)
    assert list(chosen(columns_of(plan.tasks), {keys[0]})) == [int(key == keys[0]) for key in keys]
    assert dict(ByKey(plan.tasks)) == plan.purchases()


def test_a_plan_in_which_nothing_is_new_reads_no_record_of_the_run(plan: Plan) -> None:
    """What was bought is known by its key alone; a new image asks what stood there before."""

    def never() -> Mapping[str, Known]:
        raise AssertionError("the records were read")

    phases = {task.key: "stored" for task in plan.tasks}
    assert {change.action for change in diff(plan, Remembered(phases, never))} == {Action.REUSED}
    with pytest.raises(AssertionError, match="the records were read"):
        diff(plan, Remembered(dict(list(phases.items())[1:]), never))


def test_a_plan_weighs_a_hundred_bytes_an_image() -> None:
    """A task by itself is a kilobyte and more; a selection of everything holds no key a second time."""
    side = 60
    spec = spec_of(
        {
            "version": 1,
            "prompt": "Studio photo of {{ cup }} on {{ scene }}, soft light from the left",
            "variables": {name: [f"{name} {n}" for n in range(side)] for name in ("cup", "scene")},
            "ratios": ["1:1", "16:9"],
        }
    )
    make_plan(spec, Folder())  # what is made once for a spec of any size
    tracemalloc.start()
    try:
        made = make_plan(spec, Folder(), Selection())
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(made.tasks) == 2 * side * side
    assert held / len(made.tasks) < 150
