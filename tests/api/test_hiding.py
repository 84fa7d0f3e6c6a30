"""Text without the key, in whatever spelling it comes back."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.api.hiding import MARK, hide_key, hide_key_in_bytes, hide_key_in_json

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=60)
ODD = "sk-a/b+c'd\"e\\f&g=<h>%i"

WRITERS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": lambda key: key,
    "url": lambda key: quote(key, safe=""),
    "path": quote,
    "json": lambda key: json.dumps(key)[1:-1],
    "json of another make": lambda key: json.dumps(key)[1:-1].replace("/", r"\/"),
    "html": html.escape,
    "python": lambda key: repr({"TOAPIS_API_KEY": key}),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_key_is_hidden_however_it_is_written(writer: str) -> None:
    """As text and as bytes, and what stands around it stays."""
    written = WRITERS[writer](ODD)
    for hidden in (hide_key(f"<{written}>", ODD), hide_key_in_bytes(f"<{written}>".encode(), ODD).decode()):
        assert MARK in hidden
        assert hidden.startswith("<")
        assert "sk-a" not in hidden
        assert written not in hidden


@given(KEYS, st.text(), st.text())
def test_no_key_is_left_of_any_text(key: str, before: str, after: str) -> None:
    """Whatever the key and whatever stands around it."""
    hidden = hide_key(f"{before} {key} {after}", key)
    assert key not in hidden.replace(MARK, " ")


def test_in_json_the_values_are_hidden_and_the_names_stay() -> None:
    """With a key like a word of the contract the answer can still be read."""
    answer = {"data": [{"data": "data!", "number": 1, "none": None}], "ok": True}
    assert hide_key_in_json(answer, "data") == {"data": [{"data": "[key]!", "number": 1, "none": None}], "ok": True}


@pytest.mark.parametrize("key", ["", "a", "abc"])
def test_what_is_too_short_to_be_a_key_is_not_looked_for(key: str) -> None:
    """Every text would be full of holes."""
    assert hide_key("abc abc", key) == "abc abc"
    assert hide_key_in_bytes(b"abc abc", key) == b"abc abc"
