"""JSON for people, piece by piece: the bytes of ``json.dumps(indent=…)``, several times as fast, and never held whole.

Python's own encoder is written in C only as long as nothing is indented.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from json.encoder import encode_basestring  # the C one where there is one
from typing import Final

AT_ONCE: Final = 250
"""Items of an iterator that are made one piece."""

_WORDS: Final[Mapping[object, str]] = {None: "null", True: "true", False: "false"}


def indented(value: Mapping[str, object], indent: int = 2, line: str = "\n") -> Iterator[str]:
    """The text of an object in pieces; a list in it or in an object in it may be an iterator.

    Iterators are read as the pieces are taken. ``line`` is the line end with the indentation of what it stands in.
    """
    begin, inner = "{", line + " " * indent
    for name, each in value.items():
        yield f"{begin}{inner}{_head(name)}"
        if isinstance(each, Iterator):
            yield from _items(each, indent, inner)
        elif isinstance(each, dict):
            yield from indented(each, indent, inner)
        else:
            yield text_of(each, indent, inner)
        begin = ","
    yield f"{line}}}" if value else "{}"


def _items(items: Iterator[object], indent: int, line: str) -> Iterator[str]:
    begin, inner = "[", line + " " * indent
    while some := [inner + text_of(each, indent, inner) for each in islice(items, AT_ONCE)]:
        yield begin + ",".join(some)
        begin = ","
    yield "[]" if begin == "[" else f"{line}]"


def text_of(value: object, indent: int, line: str) -> str:
    """One value that holds no iterator."""
    if type(value) is str:
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return _WORDS[value]
    if type(value) is int:
        return int.__repr__(value)
    if isinstance(value, dict):
        return _object(value, indent, line) if value else "{}"
    if isinstance(value, list | tuple):
        inner = line + " " * indent
        parts = [text_of(each, indent, inner) for each in value]
        return f"[{inner}{f',{inner}'.join(parts)}{line}]" if parts else "[]"
    return json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=1024)
def _head(name: str) -> str:
    """What stands before a value: a list of many objects has the same names in each."""
    return f"{encode_basestring(name)}: "


def _object(value: Mapping[str, object], indent: int, line: str) -> str:
    inner = line + " " * indent
    parts = [
        _head(name) + (encode_basestring(each) if type(each) is str else text_of(each, indent, inner))
        for name, each in value.items()
    ]
    return f"{{{inner}{f',{inner}'.join(parts)}{line}}}"
