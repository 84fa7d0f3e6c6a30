"""The money of a plan: decimal, complete, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.records import Known, Plan
from flux_batch.plan.totals.estimate import Estimate, ModelCost, estimate
from flux_batch.plan.totals.prices import TABLE, price_of, prices_for
from flux_batch.spec.vocabulary import MODELS

from .kit import plan_of

PHASES = ("planned", "intent", "uncertain", "held", "submitted", "ready", "stored", "failed", "refused", "skipped")
BOTH = "version: 1\nprompt: '{{ it }}'\nvariables: {it: [a, b, c]}\nmodels: [flux-kontext-max, flux-kontext-pro]\n"


def cost_of(plan: Plan, known: dict[str, Known] | None = None, *, retry: bool = False, resend: bool = True) -> Estimate:
    """The estimate of a plan against what is known."""
    return estimate(plan, diff(plan, known or {}, retry_failed=retry), resend=resend)


def test_every_model_has_a_price_with_its_source_and_date() -> None:
    """What is not certain about it is said."""
    assert {price.model for price in TABLE} == set(MODELS)
    for price in TABLE:
        assert isinstance(price.amount, Decimal)
        assert price.amount > 0
        assert price.source
        assert price.date.startswith("20")
    assert price_of("flux-kontext-pro") == Decimal("0.04")
    assert "upper bound" in TABLE[0].note


def test_an_unknown_model_has_no_price_rather_than_none_at_all() -> None:
    """Never 0."""
    assert price_of("flux-3-ultra") is None
    assert prices_for(["flux-3-ultra", "flux-kontext-max"]) == (TABLE[1],)


def test_a_fresh_plan_costs_all_of_it() -> None:
    """Model by model in the order of the plan; the worst case pays every image twice."""
    assert cost_of(plan_of(BOTH)) == Estimate(
        models=(
            ModelCost(model="flux-kontext-max", images=3, unit=Decimal("0.04"), total=Decimal("0.12")),
            ModelCost(model="flux-kontext-pro", images=3, unit=Decimal("0.04"), total=Decimal("0.12")),
        ),
        new=6,
        resumed=0,
        reused=0,
        failed=0,
        removed=0,
        cost=Decimal("0.24"),
        from_scratch=Decimal("0.24"),
        worst_case=Decimal("0.48"),
        unpriced=(),
    )


def test_who_never_resends_never_pays_twice() -> None:
    """`when_uncertain: hold` makes the worst case the estimate."""
    assert cost_of(plan_of(BOTH), resend=False).worst_case == Decimal("0.24")


def test_only_new_images_cost() -> None:
    """Stored, under way and failed ones are counted, not paid; what fails is paid again only on request."""
    plan = plan_of(BOTH)
    phases = ("stored", "stored", "submitted", "failed", "refused")
    known = {
        task.key: Known(task=task, phase=phase) for task, phase in zip(plan.purchases().values(), phases, strict=False)
    }
    found = cost_of(plan, known)
    assert (found.new, found.reused, found.resumed, found.failed) == (1, 2, 1, 2)
    assert (found.cost, found.from_scratch) == (Decimal("0.04"), Decimal("0.24"))
    assert [row.model for row in found.models] == ["flux-kontext-pro"]
    assert cost_of(plan, known, retry=True).cost == Decimal("0.12")


def test_nothing_to_buy_costs_nothing() -> None:
    """An empty table and a zero, not an error."""
    plan = plan_of(BOTH)
    found = cost_of(plan, {task.key: Known(task=task, phase="stored") for task in plan.tasks})
    assert (found.models, found.cost, found.worst_case) == ((), Decimal(0), Decimal(0))


def test_twins_cost_once() -> None:
    """Shown twice, bought once."""
    assert cost_of(plan_of("version: 1\nprompt: a\njobs: {one: {}, two: {}}\n")).cost == Decimal("0.04")


def test_a_selection_is_priced_by_itself() -> None:
    """Also from scratch."""
    found = cost_of(plan_of(BOTH, selection=Selection(limit=2)))
    assert (found.new, found.cost, found.from_scratch) == (2, Decimal("0.08"), Decimal("0.08"))


def test_what_has_no_price_is_named_and_in_no_sum() -> None:
    """So that a budget can refuse it."""
    plan = plan_of(BOTH)
    tasks = tuple(replace(task, price=None) if task.model == "flux-kontext-max" else task for task in plan.tasks)
    found = cost_of(replace(plan, tasks=tasks))
    assert found.unpriced == ("flux-kontext-max",)
    assert found.models[0] == ModelCost(model="flux-kontext-max", images=3, unit=None, total=Decimal(0))
    assert (found.cost, found.from_scratch) == (Decimal("0.12"), Decimal("0.12"))


@given(st.lists(st.sampled_from(PHASES), min_size=6, max_size=6), st.booleans(), st.booleans())
def test_the_sums_always_agree(phases: list[str], retry: bool, resend: bool) -> None:
    """Decimals throughout: rows add up, counts add up, and nothing costs more than from scratch."""
    plan = plan_of(BOTH)
    known = {task.key: Known(task=task, phase=phase) for task, phase in zip(plan.tasks, phases, strict=True)}
    found = cost_of(plan, known, retry=retry, resend=resend)
    assert found.new + found.resumed + found.reused + found.failed == 6
    assert sum(row.images for row in found.models) == found.new
    assert found.cost == found.new * Decimal("0.04") == sum(row.total for row in found.models)
    assert found.cost <= found.from_scratch == Decimal("0.24")
    assert found.worst_case == found.cost * (2 if resend else 1)
    for amount in (found.cost, found.from_scratch, found.worst_case):
        assert isinstance(amount, Decimal)


@pytest.mark.parametrize("images", [3, 7, 25, 99])
def test_cents_stay_cents(images: int) -> None:
    """0.04 a hundred times over is no 3.9999."""
    plan = plan_of({"version": 1, "prompt": "a", "repeat": images})
    assert str(cost_of(plan).cost) == f"{images * 4 / 100:.2f}"
