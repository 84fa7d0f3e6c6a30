"""JSON for people: the same text as Python's own but for what comes one by one, in pieces."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.indented import AT_ONCE, indented

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.integers(1, 3))
def test_it_is_the_text_that_python_writes(value: dict[str, Any], indent: int) -> None:
    """Byte for byte, whatever it holds."""
    assert "".join(indented(value, indent)) == json.dumps(value, ensure_ascii=False, indent=indent)


def test_an_iterator_is_a_list_that_is_never_held() -> None:
    """It is read no further than the pieces that were taken."""
    read = []

    def numbers(count: int) -> Any:
        for number in range(count):
            read.append(number)
            yield {"n": number, "more": [number]}

    pieces = indented({"none": iter([]), "many": numbers(3 * AT_ONCE), "end": 1})
    first = [next(pieces) for _ in range(4)]
    assert len(read) == AT_ONCE
    whole = {"none": [], "many": [{"n": n, "more": [n]} for n in range(3 * AT_ONCE)], "end": 1}
    assert json.loads("".join([*first, *pieces])) == whole


def test_each_item_of_an_iterator_is_one_line() -> None:
    """For ``grep``, and for whoever compares two of them; a list that is no iterator stays as Python writes it."""
    text = "".join(indented({"many": iter([{"é": [1, 2]}, "a\nb"]), "few": [1]}))
    assert (
        text
        == """{
  "many": [
    {"é": [1, 2]},
    "a\\nb"
  ],
  "few": [
    1
  ]
}"""
    )
