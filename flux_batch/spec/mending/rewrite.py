"""A user's spec with a few values changed, and every other byte as it was: comments, order, quotes, blank lines.

The only module that knows ruamel.yaml. It says where each value stands and how a new one is written; the new one is
then put into the user's own text, because no YAML writer gives a file back exactly as a person laid it out.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from flux_batch.errors import UsageError
from flux_batch.spec.reading.quoting import is_plain
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.reading.values import Plain, read_document
from flux_batch.spec.words import code

BOM: Final = "\ufeff"
WIDTH: Final = 80
"""Columns of a block of text that is written anew."""
_FILE: Final = Path("spec.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a value stands in the text, ``start`` to ``end``, and what stands in it; ``alias`` for ``*name``.

    ``keys`` are the places of the names of what is ``inner``; ``style`` is None for a list or group, empty for a text
    or number without quotes.
    """

    start: int
    end: int
    flow: bool = True
    alias: str = ""
    style: str | None = None
    inner: dict[str | int, Spot] = field(default_factory=dict)
    keys: dict[str, Spot] = field(default_factory=dict)
    is_list: bool = False


def rewrite(text: str, changes: Mapping[FilePath, Plain]) -> str:
    """The YAML ``text`` with new values at some places; a key or a list item that is not there yet is added.

    Everything else stays as it is, byte for byte, and the result is read back to be sure of it. UsageError for a text
    that has problems, and for a change that would alter anything else, as one to a value that is repeated by ``*name``.
    """
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    expected = deepcopy(read_sound(body))
    for at, value in changes.items():
        body = _changed(body, at, value)
        put(expected, at, value)
    if changes and not says(body, expected):
        raise UsageError(f"{_told(changes)} cannot be changed here without changing something else: edit the file")
    return mark + body


def read_sound(text: str) -> Plain:
    """What a text says; UsageError where it has problems, and nobody knows."""
    document = read_document(_FILE, text)
    if problems := (*document.syntax, *document.problems):
        raise UsageError(f"a file with a problem is not rewritten: line {problems[0].line}: {problems[0].message}")
    return document.value


def says(text: str, expected: Plain) -> bool:
    """Whether a text says just that."""
    try:
        return read_sound(text) == expected
    except UsageError:
        return False


def _told(changes: Mapping[FilePath, Plain]) -> str:
    return ", ".join(code(".".join(map(str, at))) for at in changes)


def put(document: Plain, at: FilePath, value: Plain) -> None:
    """The same change to values that were read, in place; the way to it is there."""
    here: Any = document
    for step in at[:-1]:
        here = here[step]
    if isinstance(here, list) and at[-1] == len(here):
        here.append(value)
    else:
        here[at[-1]] = value


def _changed(text: str, at: FilePath, value: Plain) -> str:
    spot = spots(text)
    for depth, step in enumerate(at):
        if step in spot.inner:
            spot = spot.inner[step]
        elif depth == len(at) - 1 and _takes(spot, step):
            return _added(text, spot, step, value)
        else:
            raise UsageError(f"{_told({at: None})} is not in this file{_repeated(spot)}")
    return _replaced(text, spot, value)


def _takes(spot: Spot, step: str | int) -> bool:
    """Whether a key or an item can be added."""
    if spot.style is not None or spot.alias:
        return False
    return step == len(spot.inner) if spot.is_list else isinstance(step, str)


def _repeated(spot: Spot) -> str:
    return f": *{spot.alias} repeats what stands at &{spot.alias}, change it there" if spot.alias else ""


def _replaced(text: str, spot: Spot, value: Plain) -> str:
    indent = spot.start - (text.rfind("\n", 0, spot.start) + 1)
    if spot.flow or not value or not isinstance(value, list | dict) or isinstance(value, list) != spot.is_list:
        written = _scalar_like(text, spot, value)
    elif isinstance(value, list):
        written = f"\n{' ' * indent}".join(f"- {_flow(item)}" for item in value)
    else:
        written = f"\n{' ' * indent}".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items())
    space = " " if spot.start == spot.end else ""  # `key:` with nothing behind the colon
    return f"{text[: spot.start]}{space}{_line_ends(written, text)}{text[spot.end :]}"


def _scalar_like(text: str, spot: Spot, value: Plain) -> str:
    """A value in the way of the one before it: a text in quotes stays in quotes, a folded block stays one."""
    if not isinstance(value, str) or spot.style is None:
        return _flow(value)
    if spot.style == ">" and value == " ".join(value.split()) and value:
        start = text.rfind("\n", 0, spot.end) + 1
        indent = len(text[start : spot.end]) - len(text[start : spot.end].lstrip(" "))
        if indent:
            return "\n".join([">-", *_folded(value, indent)])
    return _flow(DoubleQuotedScalarString(value) if spot.style else value)


def _folded(text: str, indent: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{' ' * indent}{word}")
    return lines


def _added(text: str, spot: Spot, step: str | int, value: Plain) -> str:
    written = _flow(value) if isinstance(step, int) else f"{_flow(step)}: {_flow(value)}"
    last = list(spot.inner.values())[-1].end if spot.inner else spot.start + 1
    if spot.flow:
        return f"{text[:last]}{', ' if spot.inner else ''}{written}{text[last:]}"
    indent = spot.start - (text.rfind("\n", 0, spot.start) + 1)
    line = f"{' ' * indent}{'- ' if spot.is_list else ''}{written}"
    end = text.find("\n", last)
    if end < 0:
        return text + _line_ends(f"\n{line}\n", text)
    return f"{text[: end + 1]}{_line_ends(line + chr(10), text)}{text[end + 1 :]}"


def _line_ends(written: str, text: str) -> str:
    """New lines end as the others do."""
    return written.replace("\n", "\r\n") if "\r\n" in text else written


def spots(text: str) -> Spot:
    """The places of everything in a text; UsageError where they cannot be told."""
    try:
        return _Reader(text).spot()
    except (YAMLError, StopIteration):
        raise UsageError("this file is laid out in a way that cannot be rewritten: edit it by hand") from None


class _Reader:
    """Spots from one text's events."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.events: Iterator[Any] = iter(YAML(typ="rt", pure=True).parse(text))
        self.next()  # the stream's start
        self.next()  # the document's start

    def next(self) -> Any:
        return next(self.events)

    def spot(self, event: Any = None) -> Spot:
        event = event or self.next()
        start = event.start_mark.index
        match event:
            case AliasEvent():
                return Spot(start=start, end=event.end_mark.index, alias=event.anchor)
            case ScalarEvent():
                return Spot(start=start, end=self.trimmed(start, event.end_mark.index), style=event.style or "")
            case MappingStartEvent():
                return self.group(event)
            case SequenceStartEvent():
                return self.list(event)
        raise StopIteration  # a file of nothing but comments

    def group(self, event: Any) -> Spot:
        inner: dict[str | int, Spot] = {}
        keys: dict[str, Spot] = {}
        key = self.next()
        while not isinstance(key, MappingEndEvent):
            name = getattr(key, "value", "")
            keys[name] = Spot(start=key.start_mark.index, end=key.end_mark.index, style=getattr(key, "style", None))
            inner[name] = self.spot()
            key = self.next()
        return self.whole(event, key, inner, keys)

    def list(self, event: Any) -> Spot:
        inner: dict[str | int, Spot] = {}
        item = self.next()
        while not isinstance(item, SequenceEndEvent):
            inner[len(inner)] = self.spot(item)
            item = self.next()
        return self.whole(event, item, inner, {})

    def whole(self, event: Any, end: Any, inner: dict[str | int, Spot], keys: dict[str, Spot]) -> Spot:
        """A list or group; a block ends with the last thing in it, its own mark stands somewhere below."""
        flow = bool(event.flow_style)
        last = end.end_mark.index if flow or not inner else max(each.end for each in inner.values())
        is_list = isinstance(event, SequenceStartEvent)
        return Spot(start=event.start_mark.index, end=last, flow=flow, inner=inner, keys=keys, is_list=is_list)

    def trimmed(self, start: int, end: int) -> int:
        """The end of what is written: a block's mark stands behind the blank lines that follow it."""
        return start + len(self.text[start:end].rstrip())


def _flow(value: object) -> str:
    """A value on one line, as it may stand anywhere, within brackets too."""
    match value:
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case dict():
            return f"{{{', '.join(f'{_flow(key)}: {_flow(item)}' for key, item in value.items())}}}"
        case str() if not is_plain(value):
            value = DoubleQuotedScalarString(value)  # a ratio above all
    return _scalar(value)


def _scalar(value: object) -> str:
    writer = YAML(typ="rt", pure=True)
    writer.default_flow_style, writer.width, writer.allow_unicode = True, 2**30, True
    writer.representer.add_representer(Decimal, _decimal)
    stream = io.StringIO()
    writer.dump([value], stream)
    return stream.getvalue().strip()[1:-1]


def _decimal(writer: Any, value: Decimal) -> Any:
    return writer.represent_scalar("tag:yaml.org,2002:float", f"{value:f}")
