"""JSON for people and for ``grep``, piece by piece and never held whole.

All is indented as ``json.dumps(indent=…)`` does it, but for the items of an iterator: there are many, and each is one
line, so that one of them is found, compared and cut out. Python's own encoder is written in C only as long as nothing
is indented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

AT_ONCE: Final = 250
"""Items of an iterator that are made one piece."""

_on_a_line: Final = json.JSONEncoder(ensure_ascii=False).encode


def indented(value: Mapping[str, object], indent: int = 2, line: str = "\n") -> Iterator[str]:
    """The text of an object in pieces; a list in it or in an object in it may be an iterator.

    Iterators are read as the pieces are taken. ``line`` is the line end with the indentation of what it stands in.
    """
    begin, inner = "{", line + " " * indent
    for name, each in value.items():
        yield f"{begin}{inner}{_on_a_line(name)}: "
        if isinstance(each, Iterator):
            yield from _items(each, inner, inner + " " * indent)
        elif isinstance(each, dict):
            yield from indented(each, indent, inner)
        else:
            yield json.dumps(each, ensure_ascii=False, indent=indent).replace("\n", inner)
        begin = ","
    yield f"{line}}}" if value else "{}"


def _items(items: Iterator[object], line: str, inner: str) -> Iterator[str]:
    begin = "["
    while some := [inner + _on_a_line(each) for each in islice(items, AT_ONCE)]:
        yield begin + ",".join(some)
        begin = ","
    yield "[]" if begin == "[" else f"{line}]"
