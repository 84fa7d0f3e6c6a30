"""Every example spec is planned, and makes and costs what it promises."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from flux_batch.plan.difference.diff import diff
from flux_batch.plan.expansion.naming import stem_problem
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Plan
from flux_batch.plan.totals.estimate import estimate
from flux_batch.spec.beside.files import inspect_reference
from flux_batch.spec.load import load_spec

SPECS = Path(__file__).parents[2] / "specs"

EXPECTED = {
    "brand-safe.yaml": (12, "0.48"),
    "campaign.yaml": (66, "2.64"),
    "catalogue.yaml": (7, "0.28"),
    "colour-variants.yaml": (12, "0.48"),
    "draft-to-final.yaml": (6, "0.24"),
    "edit-chain.yaml": (20, "0.80"),
    "experiment.yaml": (240, "9.60"),
    "localisation.yaml": (10, "0.40"),
    "model-ab.yaml": (18, "0.72"),
    "packshots.yaml": (12, "0.48"),
    "product-matrix.yaml": (29, "1.16"),
    "prompt-ab.yaml": (12, "0.48"),
    "quickstart.yaml": (12, "0.48"),
    "reference-edit.yaml": (10, "0.40"),
    "seasonal.yaml": (12, "0.48"),
    "social-sizes.yaml": (12, "0.48"),
    "style-exploration.yaml": (12, "0.48"),
}
"""File → images, USD."""


def plan(name: str) -> Plan:
    """The plan of an example."""
    spec = load_spec(SPECS / name)
    return make_plan(spec, partial(inspect_reference, spec.folder))


def test_every_example_is_in_the_table() -> None:
    """A new one is planned from its first day."""
    assert {path.name for path in SPECS.glob("*.*ml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_makes_and_costs_what_it_should(name: str) -> None:
    """No image twice, no note, good names."""
    made = plan(name)
    images, cost = EXPECTED[name]
    assert len(made.tasks) == len(made.purchases()) == len({task.stem for task in made.tasks}) == images
    assert estimate(made, diff(made, {})).cost == Decimal(cost)
    said = [note.message for note in made.notes]
    assert all("more than the budget" in each for each in said)
    assert bool(said) is (name == "experiment.yaml")  # which is meant to be bought in samples
    assert not [task.stem for task in made.tasks if stem_problem(task.stem)]


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_says_itself_what_it_makes_and_costs(name: str) -> None:
    """In the comment at its top, which nobody may forget to change."""
    head = (SPECS / name).read_text().partition("\nversion:")[0]
    images, cost = EXPECTED[name]
    assert re.search(rf"\b{images} images", head)
    assert f"${cost}" in head


def test_examples_without_naming_need_no_key_in_a_name() -> None:
    """Labels tell all images apart."""
    for name in ("edit-chain.yaml", "model-ab.yaml", "quickstart.yaml", "reference-edit.yaml"):
        for task in plan(name).tasks:
            assert task.key[:8] not in task.stem
