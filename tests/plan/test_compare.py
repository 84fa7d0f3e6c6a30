"""Two sets of images side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from flux_batch.plan.difference.compare import compare
from flux_batch.plan.records import Task

from .kit import plan_of

SPEC = """\
    version: 1
    variables: {{product: {products}, scene: [linen, oak]}}
    ratios: ["1:1"]
    jobs:
      hero: {{prompt: "{{{{ product }}}} on {{{{ scene }}}}"}}
      edit: {{edit: hero, prompt: more light}}
"""


def tasks(products: str = "[mug, pot]") -> tuple[Task, ...]:
    """Each product on two scenes, and an edit of each."""
    return tuple(plan_of(SPEC.format(products=products)).tasks)


def test_a_set_equals_itself() -> None:
    """And costs as much."""
    found = compare(tasks(), tasks())
    assert found.same == tasks()
    assert (found.only_a, found.only_b, found.changed) == ((), (), ())
    assert found.cost_a == found.cost_b == Decimal("0.32")


def test_every_image_is_told_exactly_once() -> None:
    """One value edited, one added: changed with its edits, and only there."""
    a, b = tasks(), tasks("[cup, pot, jug]")
    found = compare(a, b)
    assert len(found.same) == 4
    assert Counter(each.differences[0].text for each in found.changed) == {
        "prompt changed: “mug” → “cup”": 2,
        "its parent changed: prompt changed: “mug” → “cup”": 2,
    }
    assert {task.axes["product"] for task in found.only_b} == {"jug"}
    assert len(found.only_b) == 4
    assert found.only_a == ()
    assert len(found.same) + len(found.changed) + len(found.only_a) == len(a)
    assert len(found.same) + len(found.changed) + len(found.only_b) == len(b)


def test_the_other_way_round_is_the_mirror() -> None:
    """What came has gone."""
    a, b = tasks(), tasks("[cup, pot, jug]")
    there, back = compare(a, b), compare(b, a)
    assert there.only_b == back.only_a
    assert there.cost_a == back.cost_b
    assert len(there.changed) == len(back.changed)


def test_a_renamed_label_is_the_same_image() -> None:
    """What is bought counts, not what it is called; the axis says so all the same."""
    found = compare(tasks(), tasks("{m: mug, p: pot}"))
    assert len(found.same) == 8
    (product,) = (axis for axis in found.axes if axis.axis == "product")
    assert (product.gone, product.come) == (("mug", "pot"), ("m", "p"))


@pytest.mark.parametrize("price", [Decimal("0.05"), None])
def test_another_price_is_a_change(price: Decimal | None) -> None:
    """Of the same image; one without a known price is in no sum."""
    after = [replace(task, price=price) for task in tasks()]
    found = compare(tasks(), after)
    told = "unknown" if price is None else "$0.05"
    assert {each.differences[0].text for each in found.changed} == {f"price changed: $0.04 → {told}"}
    assert found.same == ()
    assert found.cost_b == (price or 0) * 8


def test_twins_are_matched_one_to_one() -> None:
    """Two places that share a purchase stay two images, and are paid once."""
    twins = plan_of("version: 1\nprompt: a\njobs: {one: {}, two: {}}\n").tasks
    found = compare(twins, twins[:1])
    assert (len(found.same), len(found.only_a)) == (1, 1)
    assert found.cost_a == found.cost_b


def test_nothing_against_something() -> None:
    """All of it is on one side."""
    assert compare((), tasks()).only_b == tasks()
    assert compare(tasks(), ()).only_a == tasks()
