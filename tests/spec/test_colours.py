"""Colours that can be read: every accent becomes one, and one that can be read already stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.errors import InvalidSpec
from flux_batch.plan.make import make_plan
from flux_batch.spec.building.colours import DARK, ENOUGH, LIGHT, accent_for, contrast, least
from flux_batch.spec.load import parse_spec

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
SPEC = """version: 1
name: branded
prompt: A mug
report: {{accent: {accent}}}
"""


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_wcag_s(one: str, other: str, ratio: float) -> None:
    """Values that everybody's calculator shows."""
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


@given(colours)
def test_any_accent_can_be_read(colour: str) -> None:
    """As text on all that stands behind it, and under text, on both sheets."""
    made = accent_for(colour)
    assert least(made.light, (*LIGHT, made.light_soft)) >= ENOUGH
    assert least(made.dark, (*DARK, made.dark_soft)) >= ENOUGH


def test_what_can_be_read_stays() -> None:
    """A dark colour on the light sheet, a light one on the dark sheet."""
    assert accent_for("#0B5D3B").light == "#0b5d3b"
    assert accent_for("#ffee00").dark == "#ffee00"


def test_a_faint_accent_is_told_with_its_place() -> None:
    """What is wrong with it, and what is taken instead; a sound one is not mentioned."""
    (note,) = make_plan(parse_spec(Path("a.yaml"), SPEC.format(accent='"#FFEE00"'))).notes
    assert (note.line, note.column) == (4, 18)
    assert note.message == "#ffee00 on white has a contrast of 1.0:1 and text needs 4.5:1"
    assert note.hint == f"the light sheet takes {accent_for('#ffee00').light} instead"
    assert make_plan(parse_spec(Path("a.yaml"), SPEC.format(accent='"#0b5d3b"'))).notes == ()


@pytest.mark.parametrize("accent", ["red", '"#fff"', '"#12345g"', '"#123456;}"', "#123456"])
def test_what_is_no_colour(accent: str) -> None:
    """Refused with its place; one without quotes is a comment in YAML."""
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(Path("a.yaml"), SPEC.format(accent=accent))
    assert caught.value.problems[0].line in (4, 5)
