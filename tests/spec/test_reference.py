"""docs/spec.md is the schema's own text: made again it is the same, and what it shows is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flux_batch.cli.schema import HEAD
from flux_batch.spec.reading.values import read_document
from flux_batch.spec.schema.published import breaches, schema_text
from flux_batch.spec.schema.reference import reference

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(schema_text("spec"))
PAGE = (ROOT / "docs" / "spec.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_is_what_the_schema_says() -> None:
    """Byte for byte; ``flux-batch schema --markdown > docs/spec.md`` mends it."""
    done = subprocess.run(
        [sys.executable, "-m", "flux_batch", "schema", "--markdown"], cwd=ROOT, capture_output=True, check=True
    )
    assert done.stdout.replace(b"\r\n", b"\n") == (ROOT / "docs" / "spec.md").read_bytes()


def test_a_changed_word_of_the_schema_changes_the_page() -> None:
    """Nothing on the page is written by hand but its head."""
    other = json.loads(schema_text("spec").replace("The heading of the contact sheet.", "Its heading."))
    made = reference(other, HEAD)
    assert made != PAGE
    assert made.replace("Its heading.", "The heading of the contact sheet.") == PAGE


def test_every_key_of_every_group_is_there() -> None:
    """As many rows as the schema has keys, each group once."""
    groups = _groups(SCHEMA)
    assert len(SECTIONS) == len(groups) > 11
    named = [set(re.findall(r"^\| `(\w+)` \|.*\|.*\|.*\|", text, re.MULTILINE)) for _, text in SECTIONS]
    assert sorted(map(sorted, named)) == sorted(sorted(group["properties"]) for group in groups)


def test_links_lead_to_sections() -> None:
    """By the anchors that a reader's browser makes of headings."""
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title, _ in SECTIONS}
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= anchors


EXAMPLES = re.findall(r"\| `([^`]*: [^`]*)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("written", sorted(set(EXAMPLES)))
def test_examples_are_yaml_that_the_schema_takes(written: str) -> None:
    """Whoever copies an example from the table has a line that is right somewhere in a spec."""
    document = read_document(Path("a.yaml"), written)
    assert (*document.syntax, *document.problems) == ()
    assert isinstance(document.value, dict)
    ((key, value),) = document.value.items()
    homes = [group["properties"] for group in _groups(SCHEMA) if key in group["properties"]]
    assert any(Draft202012Validator({**home[key], "$defs": SCHEMA["$defs"]}).is_valid(value) for home in homes)
    if key in SCHEMA["properties"]:
        assert [each.at for each in breaches({"version": 1, **document.value}, "spec")] == []


def _groups(node: object) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [group for each in node for group in _groups(each)]
    if not isinstance(node, dict):
        return []
    here = [node] if isinstance(node.get("properties"), dict) and "type" in node else []
    return here + [group for each in node.values() for group in _groups(each)]
