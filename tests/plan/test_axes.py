"""What every value costs: pure sums over the images of a plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.records import Task
from flux_batch.plan.totals.axes import AxisCost, ValueCost, axis_costs
from flux_batch.plan.totals.columns import columns_of

from .kit import plan_of

TWO_JOBS = """
    version: 1
    name: spring
    jobs:
      hero:
        prompt: "a {{ cup }} cup"
        variables: {cup: [red, blue]}
        ratios: ["1:1", "9:16"]
      packshot:
        prompt: a plain cup
        repeat: 2
"""


def task(number: int, axes: dict[str, str], *, price: str | None = "0.04") -> Task:
    """A task of its own key."""
    return Task(
        key=f"k{number}", id=f"t{number}", job="main", axes=axes, model="flux-kontext-pro", prompt="a cup", size="1:1",
        price=None if price is None else Decimal(price),
    )  # fmt: skip


def by_name(axes: tuple[AxisCost, ...]) -> dict[str, dict[str, ValueCost]]:
    """Axis and label to what it costs."""
    return {axis.axis: {value.label: value for value in axis.values} for axis in axes}


def costs(tasks: Iterable[Task], new: Collection[str]) -> tuple[AxisCost, ...]:
    """What the values of all these tasks cost, when these keys are new."""
    columns = columns_of(tasks)
    return axis_costs(columns, [1] * len(columns), [key in new for key in columns.keys()])  # noqa: SIM118


def test_every_value_has_its_images_and_its_price() -> None:
    """Jobs first, then the spec's variables, ratio and variation; an axis with one value is none."""
    plan = plan_of(TWO_JOBS)
    axes = costs(plan.tasks, {task.key for task in plan.tasks})
    assert [axis.axis for axis in axes] == ["job", "cup", "ratio", "n"]
    found = by_name(axes)
    assert found["job"]["hero"] == ValueCost(label="hero", images=4, new=4, cost=Decimal("0.16"))
    assert found["cup"]["red"] == ValueCost(label="red", images=2, new=2, cost=Decimal("0.08"))
    assert found["n"]["2"] == ValueCost(label="2", images=1, new=1, cost=Decimal("0.04"))


def test_what_is_there_costs_nothing() -> None:
    """24 images, 12 new: the count says both, the price only what is bought."""
    plan = plan_of(TWO_JOBS)
    new = {task.key for task in plan.tasks if task.axes.get("cup") == "red"}
    found = by_name(costs(plan.tasks, new))
    assert found["ratio"]["9:16"] == ValueCost(label="9:16", images=2, new=1, cost=Decimal("0.04"))
    assert found["cup"]["blue"].new == 0
    assert found["cup"]["blue"].cost == 0


def test_images_that_share_a_request_are_bought_once() -> None:
    """The first of them carries the price, so that the prices of an axis add up."""
    one, other = task(1, {"cup": "red"}), task(2, {"cup": "blue"})
    (cups,) = costs([one, replace(other, key=one.key)], {one.key})
    assert [(value.images, value.new, value.cost) for value in cups.values] == [
        (1, 1, Decimal("0.04")),
        (1, 0, Decimal(0)),
    ]


def test_an_unknown_price_is_never_nothing() -> None:
    """One image without a price, and its value has none."""
    tasks = [task(1, {"cup": "red"}, price=None), task(2, {"cup": "blue"})]
    (cups,) = costs(tasks, {"k1", "k2"})
    assert [value.cost for value in cups.values] == [None, Decimal("0.04")]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans()), min_size=1, max_size=30)
)  # fmt: skip
def test_an_axis_that_all_images_have_adds_up_to_the_whole(made: list[tuple[str, str, bool]]) -> None:
    """Images, purchases and money."""
    tasks = [task(number, {"one": one, "two": two}) for number, (one, two, _) in enumerate(made)]
    new = {f"k{number}" for number, (_, _, bought) in enumerate(made) if bought}
    for axis in costs(tasks, new):
        assert sum(value.images for value in axis.values) == len(tasks)
        assert sum(value.new for value in axis.values) == len(new)
        assert sum((value.cost for value in axis.values if value.cost), Decimal(0)) == len(new) * Decimal("0.04")
