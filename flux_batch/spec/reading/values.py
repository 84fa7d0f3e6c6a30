"""Nodes → plain Python values and a mark for every place, refusing what a reader would misread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.reading.scalars import Unfit, read_scalar
from flux_batch.spec.reading.source import FilePath, Mark, Marks, Source
from flux_batch.spec.reading.yaml12 import DEPTH_MAX, Mapping, Node, Scalar, Sequence, compose
from flux_batch.spec.words import quoted

Plain: TypeAlias = "str | int | Decimal | bool | list[Plain] | dict[str, Plain] | None"
"""What a document may hold."""

NODES_MAX: Final = 50_000
"""Nodes once every alias is written out: 306 bytes of aliases can mean a billion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text read: its value, its source with marks, and what is wrong so far.

    ``syntax`` are the faults that were looked behind: whatever else is said about their lines may follow from the
    mending. ``problems`` are values and keys that cannot be used; ``lost`` are their places.
    """

    value: Plain
    source: Source
    syntax: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    lost: frozenset[FilePath]


def read_document(path: Path, text: str) -> Document:
    """The document in a text; InvalidSpec when it cannot be read to its end."""
    root, syntax = compose(path, text)
    marks: dict[FilePath, Marks] = {}
    source = Source(path=path, text=text, marks=marks)
    walk = _Walk(source, marks)
    value = None if root is None else walk.value(root, (), None)
    return Document(
        value=value,
        source=source,
        syntax=tuple(syntax),
        problems=tuple(walk.problems),
        lost=frozenset(walk.lost),
    )


class _Walk:
    """One pass over a document's nodes, counting them."""

    def __init__(self, source: Source, marks: dict[FilePath, Marks]) -> None:
        self.source = source
        self.marks = marks
        self.problems: list[Problem] = []
        self.lost: set[FilePath] = set()
        self.count = 0

    def value(self, node: Node, at: FilePath, key: Mark | None) -> Plain:
        self.marks[at] = Marks(key, node.mark, node.end)
        self.guard(at)
        if isinstance(node, Scalar):
            return self.scalar(node, at)
        if isinstance(node, Sequence):
            return [self.value(item, (*at, index), None) for index, item in enumerate(node.items)]
        return self.mapping(node, at)

    def guard(self, at: FilePath) -> None:
        self.count += 1
        if self.count <= NODES_MAX and len(at) < DEPTH_MAX:
            return
        message = f"the aliases (*name) of this file unfold to more than {NODES_MAX:,} values or {DEPTH_MAX} levels"
        place = self.source.mark(at[:2], key=True)
        raise InvalidSpec((self.source.problem_at(place, message, "write fewer values, or split the spec"),))

    def scalar(self, node: Scalar, at: FilePath) -> Plain:
        value = read_scalar(node.tag, node.text)
        if value is None and (comment := self.comment_after(node)):
            written = self.source.lines[comment.line - 1][comment.column - 1 :].rstrip()
            self.report(comment, "# begins a comment, so there is no value here", f'put it in quotes: "{written}"')
            self.lost.add(at)
        if not isinstance(value, Unfit):
            return value
        self.report(node.mark, value.message, value.hint)
        self.lost.add(at)
        return None

    def comment_after(self, node: Scalar) -> Mark | None:
        """The comment that stands where a value was expected: colours and hashtags begin with # too."""
        lines = self.source.lines
        line = lines[node.mark.line - 1] if node.mark.line <= len(lines) else ""
        rest = line[node.mark.column - 1 :]
        if node.text or not re.match(r"\s*#\S", rest):
            return None
        return Mark(node.mark.line, line.index("#", node.mark.column - 1) + 1, len(rest.strip()))

    def mapping(self, node: Mapping, at: FilePath) -> Plain:
        result: dict[str, Plain] = {}
        places: dict[str, Mark] = {}
        for key_node, value_node in node.pairs:
            key = self.key(key_node, at)
            if key is None:
                continue
            if key in places:
                first = places[key]
                self.report(
                    key_node.mark,
                    f"the key {quoted(key)} is written twice: first on line {first.line}, column {first.column}",
                    "keep one of the two",
                )
                continue
            places[key] = key_node.mark
            result[key] = self.value(value_node, (*at, key), key_node.mark)
        return result

    def key(self, node: Node, at: FilePath) -> str | None:
        """A key's text as written: ``2024: …`` is a label, whatever a number would look like."""
        if not isinstance(node, Scalar):
            self.key_problem(node)
            return None
        if node.text == "<<" and node.tag.endswith(":str"):
            self.report(
                node.mark,
                "`<<` (merge) is not part of YAML 1.2",
                "write shared settings at the top of the file: every job inherits them",
            )
            self.lost.add((*at, "<<"))
            return None
        return node.text

    def key_problem(self, node: Node) -> None:
        if isinstance(node, Mapping):
            mark = Mark(node.mark.line, max(1, node.mark.column - 1), node.mark.width + 2)
            written = self.source.lines[mark.line - 1][mark.column - 1 : mark.column - 1 + mark.width].rstrip()
            self.report(mark, "a value that starts with {{ must be quoted", f'put it in quotes: "{written}"')
        else:
            self.report(node.mark, "a list cannot be a key", "put it in quotes if it is text")

    def report(self, mark: Mark, message: str, hint: str) -> None:
        self.problems.append(self.source.problem_at(mark, message, hint))
