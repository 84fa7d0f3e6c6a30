"""Choosing rows, columns and tabs."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from flux_batch.report.page.layout import Labels, Layout, choose, grid, varying_axes
from flux_batch.spec.records import ReportOptions

MODELS = ["flux-kontext-pro", "flux-kontext-max"]


def places(**axes: list[str]) -> list[Labels]:
    """Every combination."""
    return [dict(zip(axes, labels, strict=True)) for labels in product(*axes.values())]


def chosen(all_places: list[Labels], **asked: Any) -> Layout:
    """The layout for these places."""
    return choose(varying_axes(all_places), all_places, ReportOptions(**asked))


def test_only_what_varies_is_an_axis() -> None:
    """A constant is no axis; variables come before job, model, ratio and variation."""
    found = varying_axes(
        places(job=["hero"], product=["mug", "pot"], tone=["warm"], model=MODELS, ratio=["1:1"], n=["1"])
    )
    assert [axis.name for axis in found] == ["product", "model"]


def test_models_lose_what_they_share() -> None:
    """Captions say pro and max."""
    (axis,) = varying_axes(places(model=MODELS))
    assert [value.short for value in axis.values] == ["pro", "max"]


def test_an_axis_of_one_job_only_is_an_axis() -> None:
    """Jobs use different variables."""
    mixed: list[Labels] = [{"job": "hero", "scene": "linen"}, {"job": "hero", "scene": "oak"}, {"job": "logo"}]
    assert [axis.name for axis in varying_axes(mixed)] == ["scene", "job"]


@pytest.mark.parametrize(
    ("axes", "rows", "columns"),
    [
        ({"product": ["a", "b"], "scene": ["x", "y", "z"]}, "product", "scene"),
        ({"product": ["a", "b"], "scene": [str(number) for number in range(9)]}, "scene", "product"),
        ({"product": ["a", "b"], "ratio": ["1:1", "16:9"], "model": MODELS}, "product", "model"),
        ({"product": ["a", "b"], "ratio": ["1:1", "16:9"]}, "product", "ratio"),
        ({"product": ["a", "b"]}, None, "product"),
        ({"product": [str(number) for number in range(20)]}, None, None),
        ({"model": MODELS, "ratio": ["1:1", "16:9"]}, "model", "ratio"),
        ({"n": ["1", "2"]}, None, None),
        ({}, None, None),
    ],
)
def test_rows_and_columns_choose_themselves(axes: dict[str, list[str]], rows: str | None, columns: str | None) -> None:
    """From what varies, when the spec says nothing."""
    layout = chosen(places(**axes))
    assert (layout.rows, layout.columns) == (rows, columns)


def test_the_spec_decides() -> None:
    """Named axes are taken; what is left fills the other side; named tabs come first."""
    everything = places(product=["a", "b"], scene=["x", "y"], model=MODELS, ratio=["1:1", "16:9"])
    assert chosen(everything, rows="scene", columns="ratio", tabs=("model",)) == Layout(
        rows="scene", columns="ratio", tabs={"model": None, "product": None}
    )
    assert chosen(everything, columns="product").rows == "scene"
    assert chosen(everything, rows="scene").columns == "product"


def test_an_asked_axis_that_does_not_vary_is_passed_over() -> None:
    """A spec cut down to one scene still has a sheet."""
    layout = chosen(places(product=["a", "b"], scene=["x"], ratio=["1:1", "16:9"]), rows="product", columns="scene")
    assert (layout.rows, layout.columns) == ("product", "ratio")


def test_crowded_cells_open_on_one_tab() -> None:
    """Up to six images stand side by side; beyond that a tab is chosen."""
    few = places(product=["a", "b"], scene=["x", "y"], ratio=["1:1", "16:9"])
    many = places(product=["a", "b"], scene=["x", "y"], model=MODELS, ratio=["1:1", "16:9", "9:16", "4:3"])
    assert chosen(few).tabs == {"ratio": None}
    assert chosen(many).tabs == {"model": "flux-kontext-pro", "ratio": None}


def test_a_grid_keeps_the_order_and_every_image() -> None:
    """Headings stand in the order of the spec; an axis that a job lacks has an empty one."""
    laid = grid({0: {"p": "b", "s": "x"}, 1: {"p": "a", "s": "y"}, 2: {"p": "b", "s": "x"}, 5: {"p": "a"}}, "p", "s")
    assert laid.columns == ("x", "y", "")
    assert [(row.label, row.cells) for row in laid.rows] == [("b", ((0, 2), (), ())), ("a", ((), (1,), (5,)))]


def test_a_grid_without_axes_is_one_cell() -> None:
    """A plain flow."""
    laid = grid({0: {"n": "1"}, 1: {"n": "2"}}, None, None)
    assert (laid.columns, [row.cells for row in laid.rows]) == ((None,), [((0, 1),)])
