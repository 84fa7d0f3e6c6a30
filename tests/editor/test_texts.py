"""The schema's words, read as an editor shows them; needs no editor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from flux_batch.spec.schema.published import schema_text

from .texts import Edit, Place, proposed, split

SCHEMA = json.loads(schema_text("spec"))
SHOWN = ("description", "markdownDescription", "errorMessage", "patternErrorMessage")


def nodes(node: Any, at: str = "spec") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every sub-schema with its place, examples and snippets left out."""
    if isinstance(node, dict):
        if "type" in node or "enum" in node or "const" in node:
            yield at, node
        for key, child in node.items():
            if key not in ("example", "examples", "default", "defaultSnippets"):
                yield from nodes(child, f"{at}.{key}")


NODES = dict(nodes(SCHEMA))


@pytest.mark.parametrize("at", [at for at, node in NODES.items() if "default" in node and "const" not in node])
def test_a_default_is_told(at: str) -> None:
    """No editor shows ``default`` with the mouse; so the words say it, and say the same."""
    default = NODES[at]["default"]
    (value,) = default if isinstance(default, list) else (default,)
    said = value if isinstance(value, str) else json.dumps(value)
    assert NODES[at]["description"].endswith(f" Default: {said}.")


def test_every_pattern_says_what_it_wants() -> None:
    """No editor shows a regular expression to a person."""
    for at, node in NODES.items():
        if at.endswith(".if"):  # decides what else holds, and is never broken itself
            continue
        for holder in (node, node.get("propertyNames", {})):
            assert ("pattern" in holder) == ("patternErrorMessage" in holder), at


def test_no_group_stands_in_examples() -> None:
    """The language server would offer it as "[object Object]"."""
    groups = [at for at, node in NODES.items() for each in node.get("examples", ()) if "{" in str(each)[:2]]
    assert [at for at in groups if NODES[at]["type"] != "string"] == []


def test_no_list_has_a_snippet() -> None:
    """The language server offers it at the dash too, where it would make a list in a list."""
    assert [at for at, node in NODES.items() if node.get("type") == "array" and "defaultSnippets" in node] == []


def test_a_closed_group_has_no_words_that_hide_its_unknown_keys() -> None:
    """For an unknown key the server shows ``errorMessage`` instead of the key: it then must name the known ones."""
    for at, node in NODES.items():
        if node.get("additionalProperties") is False and "errorMessage" in node:
            assert [key for key in node["properties"] if f"{key}:" not in node["errorMessage"]] == [], at


def test_words_are_complete() -> None:
    """A description is a sentence; Markdown begins with what the plain text says too."""
    for at, node in NODES.items():
        if "description" in node:
            assert node["description"][0].isupper(), at
            assert node["description"].endswith((".", "value")), at
        for key in SHOWN:
            assert node.get(key, "x").strip() == node.get(key, "x") != "", at


@pytest.mark.parametrize(
    ("snippet", "text"),
    [
        ("${1:a}: ${2:b {{ c \\}\\}} $0 \\$5", "a: b {{ c }}  $5"),
        ("$1 ${1} ${2:9:16}", "  9:16"),
        ("no marks", "no marks"),
    ],
)
def test_placeholders_become_their_proposals(snippet: str, text: str) -> None:
    """As an editor inserts them."""
    assert proposed(snippet) == text


def test_an_edit_is_applied_as_an_editor_does() -> None:
    """Later lines go under the first one."""
    text, cursor = split("jobs:\n  hero:\n    |x\nend")
    assert cursor == Place(2, 4)
    edit = Edit(start=cursor, end=Place(2, 5), snippet="a: >-\n  ${1:b}", indented=True)
    assert edit.applied(text) == "jobs:\n  hero:\n    a: >-\n      b\nend"
