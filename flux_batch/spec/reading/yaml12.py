"""YAML 1.2 text → plain values with a mark on every node, or every problem. The only module that knows YAML.

PyYAML alone reads ``16:9`` as 969 and ``NO`` as false; yamlcore gives it the core rules of YAML 1.2. Values are
built here from the parser's events, not by its constructor: the depth is known before it can hurt, and every
node keeps its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml
import yamlcore as yamlcore

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.reading.fault import Fault
from flux_batch.spec.reading.source import Mark, Source
from flux_batch.spec.reading.syntax import explain

Loader: Any = getattr(yamlcore, "CCoreLoader", None) or yamlcore.CoreLoader

DEPTH_MAX: Final = 20
REPAIRS_MAX: Final = 10
"""Syntax errors reported at once; each is mended on a copy of the text to look behind it."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word or a text; ``tag`` is what YAML's core rules made of it."""

    tag: str
    text: str
    mark: Mark
    end: Mark


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    mark: Mark
    end: Mark


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values, in the order written and with duplicates."""

    pairs: tuple[tuple[Node, Node], ...]
    mark: Mark
    end: Mark


Node: TypeAlias = Scalar | Sequence | Mapping


def compose(path: Path, text: str) -> tuple[Node | None, list[Problem]]:
    """The document's root node (None: nothing but comments) and the syntax problems that could be looked behind.

    InvalidSpec when the text cannot be read to its end.
    """
    source = Source(path=path, text=text, marks={})
    problems: list[Problem] = []
    for _ in range(REPAIRS_MAX):
        try:
            return _Composer(text, source).document(), problems
        except yaml.MarkedYAMLError as error:
            explained = explain(Source(path=path, text=text, marks={}).lines, _fault(error))
        except yaml.reader.ReaderError as error:  # text.py has refused these characters; a newer YAML may refuse more
            unreadable = source.problem_at(Mark(1, 1, 1), f"the file cannot be read: {error.reason}")
            raise InvalidSpec((*problems, unreadable)) from None
        problems.append(source.problem_at(explained.mark, explained.message, explained.hint))
        if explained.repaired is None:
            break
        text = explained.repaired
    raise InvalidSpec(tuple(problems))


def _fault(error: yaml.MarkedYAMLError) -> Fault:
    place = error.problem_mark or error.context_mark
    start = error.context_mark or place
    assert place is not None  # noqa: S101 - the scanner, the parser and the reader of anchors all say where
    assert start is not None  # noqa: S101
    return Fault(
        what=f"{error.context or ''}: {error.problem or ''}",
        line=place.line + 1,
        column=place.column + 1,
        start_line=start.line + 1,
        start_column=start.column + 1,
    )


class _Composer:
    """Nodes from one text's events; anchors are shared, so an alias costs nothing until it is walked."""

    def __init__(self, text: str, source: Source) -> None:
        self.loader = Loader(text)
        self.source = source
        self.anchors: dict[str, Node | None] = {}

    def document(self) -> Node | None:
        self.loader.get_event()  # the stream's start
        if self.loader.check_event(yaml.StreamEndEvent):
            return None
        start = self.loader.get_event()
        if start.version not in (None, (1, 1), (1, 2)) or start.tags:
            raise self.refused(start, "a spec has no lines that start with %", "take this line out")
        root = self.node(1)
        self.loader.get_event()  # the document's end
        event = self.loader.get_event()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.refused(event, "a second document starts here", "a spec is one document: take the `---` out")
        return root

    def node(self, depth: int) -> Node:
        event = self.loader.get_event()
        if depth > DEPTH_MAX:
            raise self.refused(
                event, f"nested more than {DEPTH_MAX} levels deep", "no spec needs that: is a bracket open?"
            )
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if event.anchor:
            self.anchors[event.anchor] = None
        node = self.content(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any) -> Node:
        node = self.anchors.get(event.anchor)
        if node is not None:
            return node
        if event.anchor in self.anchors:
            raise self.refused(event, f"*{event.anchor} stands inside of what it repeats", "write the values out")
        raise self.refused(
            event,
            f"*{event.anchor} repeats something named &{event.anchor}, but nothing above has that name",
            f'if the star belongs to the text, quote it: "*{event.anchor}"',
        )

    def content(self, event: Any, depth: int) -> Node:
        mark = _mark(event)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(self.tag(event), event.value, mark, _end(event))
        self.tag(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not self.loader.check_event(yaml.SequenceEndEvent):
                items.append(self.node(depth + 1))
            return Sequence(tuple(items), *self.span(event))
        pairs = []
        while not self.loader.check_event(yaml.MappingEndEvent):
            pairs.append((self.node(depth + 1), self.node(depth + 1)))
        return Mapping(tuple(pairs), *self.span(event))

    def span(self, start: Any) -> tuple[Mark, Mark]:
        """The marks of a collection whose end event comes next."""
        end = self.loader.get_event()
        return _mark(start, end if start.flow_style else start), _end(end)

    def tag(self, event: Any) -> str:
        """What the core rules say a node is; a tag in the text may only repeat that, or ask for text."""
        if not isinstance(event, yaml.ScalarEvent):
            allowed: tuple[str | None, ...] = (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
            resolved = ""
        else:
            resolved = str(self.loader.resolve(yaml.ScalarNode, event.value, event.implicit))
            if event.tag in ("!", "tag:yaml.org,2002:str"):
                return "tag:yaml.org,2002:str"
            allowed = (None, resolved)
        if event.tag in allowed:
            return resolved
        word = str(event.tag).replace("tag:yaml.org,2002:", "!!")
        raise self.refused(
            event,
            f"{word} is a YAML tag, which a spec does not use",
            "if the ! belongs to the text, put the text in quotes",
        )

    def refused(self, event: Any, message: str, hint: str) -> InvalidSpec:
        return InvalidSpec((self.source.problem_at(_mark(event), message, hint),))


def _mark(event: Any, last: Any = None) -> Mark:
    """Where an event starts; it is underlined to its end, or to the end of its first line."""
    start, end = event.start_mark, (last or event).end_mark
    return Mark(start.line + 1, start.column + 1, end.column - start.column if end.line == start.line else 10_000)


def _end(event: Any) -> Mark:
    return Mark(event.end_mark.line + 1, event.end_mark.column + 1, 1)
