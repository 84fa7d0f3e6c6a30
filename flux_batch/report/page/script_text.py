"""Values as JavaScript: nothing in them can end a script element or a line; long lists come in pieces."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

AT_ONCE: Final = 500
"""Items of a long list that are made one piece."""

_MARKUP: Final = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def script_text(value: object) -> str:
    """A value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_MARKUP)


def object_text(fields: Iterable[tuple[str, object]]) -> Iterator[str]:
    """An object in pieces; a value may be an iterator, which is read to its end before the next field is asked for."""
    begin = "{"
    for name, value in fields:
        yield f"{begin}{script_text(name)}:"
        yield from _list_text(value) if isinstance(value, Iterator) else (script_text(value),)
        begin = ","
    yield "{}" if begin == "{" else "}"


def _list_text(items: Iterator[object]) -> Iterator[str]:
    begin = "["
    while some := list(islice(items, AT_ONCE)):
        yield begin
        yield script_text(some)[1:-1]
        begin = ","
    yield "[]" if begin == "[" else "]"
