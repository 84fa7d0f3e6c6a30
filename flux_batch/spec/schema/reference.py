"""The published schema → its page of reference in Markdown: a section for each group, a row for each key; pure.

All of the text is the schema's own, so that the page and what an editor shows can never say different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from re import sub
from typing import Any, Final

from flux_batch.spec.schema.reference_words import NONE, default_words, example_line, in_cell, type_words

Schema = Mapping[str, Any]

TOP: Final = "The top of the file"
HEAD: Final = "| key | type | default | meaning | example |\n|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of keys and what it is called: ``execution.poll``."""

    name: str
    schema: Schema

    @property
    def title(self) -> str:
        return f"`{self.name}`" if self.name else TOP

    def of(self, key: str) -> str:
        """What a key in it is called."""
        return f"{self.name}.{key}".removeprefix(".")

    @property
    def link(self) -> str:
        """What leads to the section: a heading in lower case, its spaces as hyphens and its signs left out."""
        return "#" + sub(r"[^\w -]", "", self.title.lower()).replace(" ", "-")


def reference(schema: Schema, head: str) -> str:
    """The whole page; ``head`` stands before the first section."""
    page = _Page(schema)
    sections = [page.section(group) for group in page.groups()]
    return "\n\n".join((head.strip(), _meaning(schema), *sections)) + "\n"


class _Page:
    """Groups in the order in which they are met, and which key was explained where."""

    def __init__(self, schema: Schema) -> None:
        self.root = schema
        self.explained: dict[int, _Group] = {}
        self.met: set[int] = set()
        self.merged: dict[int, Schema] = {}

    def groups(self, group: _Group | None = None) -> Iterator[_Group]:
        """Every group once, by its shortest name, each followed by those in it."""
        group = group or _Group("", self.root)
        yield group
        keys = group.schema["properties"].items()
        inner = [each for name, key in keys for each in self.inside(group.of(name), self.found(key))]
        fresh = [each for each in inner if id(each.schema) not in self.met]
        self.met.update(id(each.schema) for each in fresh)
        for each in fresh:
            yield from self.groups(each)

    def inside(self, name: str, key: Schema) -> Iterator[_Group]:
        """The groups with keys of their own that a key may hold: itself, what its names hold, a table of values."""
        if "properties" in key:
            yield _Group(name, key)
        elif isinstance(key.get("additionalProperties"), Mapping):
            yield from self.inside(f"{name}.NAME", self.found(key["additionalProperties"]))
        elif "then" in key:
            yield from self.inside(name, self.found(key["then"]))
        elif "items" in key:
            yield from self.inside(name, self.found(key["items"]))

    def found(self, schema: Schema) -> Schema:
        """What a ``$ref`` leads to; what stands beside it counts before what stands there."""
        while "$ref" in schema:
            found: Any = self.root
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            beside = {word: value for word, value in schema.items() if word != "$ref"}
            schema = self.merged.setdefault(id(schema), {**found, **beside}) if beside else found
        return schema

    def section(self, group: _Group) -> str:
        keys = {name: self.found(key) for name, key in group.schema["properties"].items()}
        fresh = {name: key for name, key in keys.items() if id(key) not in self.explained}
        rows = [self.row(name, key, group) for name, key in keys.items()]
        parts = [f"## {group.title}"]
        if group.name and _meaning(group.schema):
            parts.append(_meaning(group.schema))
        parts.append("\n".join((HEAD, *rows)))
        for name, key in fresh.items():
            parts.extend(_more(name, key))
            parts.extend(self.choices(name, key))
        return "\n\n".join(parts)

    def row(self, name: str, key: Schema, group: _Group) -> str:
        if (first := self.explained.setdefault(id(key), group)) is group:
            own = next(self.inside(group.of(name), key), None)
            see = f" See [{own.title}]({own.link})." if own else ""
            meaning, default = f"{_first(key)}{see}", default_words(key)
        else:
            meaning, default = f"as [at the top]({first.link})", NONE
        cells = (f"`{name}`", type_words(key, self.found), default, meaning, example_line(name, key))
        return f"| {' | '.join(map(in_cell, cells))} |"

    def choices(self, name: str, key: Schema) -> Iterator[str]:
        """What each value of a key with choices means."""
        key = self.found(key.get("items", key))
        key = self.found(key.get("else", key))
        if "enumDescriptions" in key:
            rows = zip(key["enum"], key["enumDescriptions"], strict=True)
            head = f"| choice of `{name}` | what it is |\n|---|---|"
            yield "\n".join((head, *(f"| `{value}` | {in_cell(text)} |" for value, text in rows)))


def _meaning(key: Schema) -> str:
    return str(key.get("markdownDescription") or key.get("description", ""))


def _first(key: Schema) -> str:
    """The first paragraph, without the default, which has a column of its own."""
    return sub(r" Default: \S+\.$", "", _meaning(key).partition("\n\n")[0])


def _more(name: str, key: Schema) -> Iterator[str]:
    """What there is to say of a key beyond its first sentences."""
    if rest := _meaning(key).partition("\n\n")[2]:
        yield f"**`{name}`.** {rest}"
