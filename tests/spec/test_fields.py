"""What one value may be, and how conditions see it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.spec.building.fields import (
    Figure,
    NoText,
    Nothing,
    Record,
    fields_of,
    has_text,
    inside,
    naming_field,
    number_in,
    text_of,
)

MUG = Record({"name": "mug", "size": Record({"width": 9, "height": 10})}, "M-01")
PICTURE = Record({"path": "in/mug.png", "name": "mug"}, "mug", "in/mug.png")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12.50", "12.50"),
        ("12,50", "12.50"),
        ("12,5", "12.5"),
        ("€ 12.50", "12.50"),
        ("12,50 €", "12.50"),
        ("$11", "11"),
        ("£9", "9"),
        ("-3", "-3"),
        ("+3", "3"),
        (" 7 ", "7"),
        ("007", "7"),
        (7, "7"),
        (7.5, "7.5"),
        (Decimal("4.50"), "4.50"),
    ],
)
def test_numbers_as_people_write_them(written: object, number: str) -> None:
    """With a point or a comma, a currency before or behind."""
    assert number_in(written) == Decimal(number)


@pytest.mark.parametrize(
    "written", ["1,234", "1.000,50", "1 000", "12.50.1", "ten", "", "12 kg", "$", "1e5", "٣", "9" * 19, ("1",), None]
)
def test_what_could_be_two_numbers_is_none(written: object) -> None:
    """`1,234` is a thousand to one reader and one to another."""
    assert number_in(written) is None


@pytest.mark.parametrize("text", ["12,50", "€ 12.50", "12.50"])
def test_a_figure_compares_as_a_number_and_prints_as_written(text: str) -> None:
    """With numbers, and with other figures."""
    price = Figure(text)
    assert price > 10
    assert price >= 12
    assert price < 13
    assert price <= Decimal("12.50")
    assert price == Decimal("12.50")
    assert price != 12
    assert price > Figure("9")
    assert price > 10
    assert price in (3, Decimal("12.50"))
    assert str(price) == text_of(price) == text


def test_a_figure_is_still_its_text() -> None:
    """Texts compare as texts; a word has no place among numbers."""
    assert Figure("mug") == "mug"
    assert Figure("mug") < Figure("pot")
    assert Figure("10") < Figure("9a")
    assert hash(Figure("mug")) == hash("mug")
    assert Figure("1") != True  # noqa: E712
    with pytest.raises(TypeError, match='"mug" is not a number, and cannot be compared with 3'):
        assert Figure("mug") > 3


@given(left=st.integers(-(10**6), 10**6), right=st.integers(-(10**6), 10**6))
def test_figures_are_ordered_as_their_numbers(left: int, right: int) -> None:
    """However they are written."""
    one, other = Figure(f"€ {left}"), Figure(f"{right},00")
    assert (one < other) == (left < right)
    assert (one <= other) == (left <= right)
    assert (one > right) == (left > right)
    assert (one == right) == (left == right)


def test_a_record_is_called_by_its_label_or_by_what_it_shows() -> None:
    """And is equal to another one with the same fields."""
    assert MUG == "M-01"
    assert MUG != "mug"
    assert PICTURE == "in/mug.png"
    assert Record(dict(MUG.fields), "another label") == MUG
    assert hash(MUG) == hash(Record(dict(MUG.fields)))
    assert "name" not in MUG


def test_ways_into_a_record() -> None:
    """Fields, and fields of fields."""
    assert list(fields_of(MUG)) == [("name",), ("size",), ("size", "width"), ("size", "height")]
    assert inside(MUG, ("size", "height")) == 10
    assert inside(MUG, ("size", "depth")) is None
    assert inside(MUG, ("name", "first")) is None


@pytest.mark.parametrize("value", [MUG, (MUG,), ("a", MUG), Nothing("price")])
def test_what_is_no_text(value: object) -> None:
    """Neither printed, nor joined, nor turned into a text by Python."""
    assert not has_text(value)
    with pytest.raises(NoText):
        text_of(value)
    if not isinstance(value, tuple):
        with pytest.raises(NoText):
            str(value)


def test_texts_of_values() -> None:
    """As YAML writes them; a list with commas."""
    assert text_of(("sage", True, Decimal("4.50"))) == text_of(["sage", True, Decimal("4.50")]) == "sage, true, 4.50"
    assert text_of(PICTURE) == str(PICTURE) == "in/mug.png"


def test_nothing_is_neither_equal_nor_less_nor_more() -> None:
    """Not even than itself; and it counts as no."""
    nothing = Nothing("price")
    assert not nothing
    assert not any((nothing == 1, nothing == nothing, nothing < 1, nothing > 1, nothing <= 1, nothing >= 1))
    assert not any((nothing == None, nothing > 1, nothing == 1, "a" in nothing))  # noqa: E711
    assert nothing != 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"colour": "red", "id": "7", "sku": "M", "title": "T", "name": "N", "label": "L"}, "L"),
        ({"colour": "red", "id": "7", "sku": "M", "title": "T", "name": "N"}, "N"),
        ({"colour": "red", "id": "7", "sku": "M", "title": "T"}, "T"),
        ({"colour": "red", "id": "7", "sku": "M"}, "M"),
        ({"colour": "red", "id": "7"}, "7"),
        ({"colour": "red", "shape": "round"}, "red"),
        ({"name": " ", "shape": "round"}, "round"),
        ({"name": MUG, "shape": "round"}, "round"),
        ({"name": (MUG,), "shape": "round"}, "round"),
        ({"name": MUG}, ""),
    ],
)
def test_a_group_is_called_by_its_first_name(fields: dict[str, object], name: str) -> None:
    """label, name, title, sku, id, or else the first field that has a text."""
    assert naming_field(Record(fields)) == name  # type: ignore[arg-type]
