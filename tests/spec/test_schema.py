"""The published schema: valid, complete for editors, and found wherever the package lies."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flux_batch.errors import UsageError
from flux_batch.spec.schema.published import breaches, schema_text
from flux_batch.spec.vocabulary import MATCH_INPUT, MODELS, OPTIONS, RATIOS

SCHEMA = json.loads(schema_text("spec"))


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every sub-schema that describes a value."""
    if isinstance(schema, dict):
        if "type" in schema or "enum" in schema:
            yield schema
        for key, value in schema.items():
            if key not in ("example", "examples", "default", "defaultSnippets", "x-intellij-enum-metadata"):
                yield from nodes(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from nodes(value)


def _at(reference: str) -> Any:
    """What a ``$ref`` leads to."""
    found: Any = SCHEMA
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_schema_is_valid() -> None:
    """The schema keeps to its own draft."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "urn:flux-batch:schema:spec:1"


def test_schema_speaks_the_provider_s_words() -> None:
    """Models, ratios and options are those of the vocabulary."""
    assert SCHEMA["$defs"]["models"]["items"]["enum"] == list(MODELS)
    assert SCHEMA["$defs"]["ratio"]["enum"] == [*RATIOS, MATCH_INPUT]
    assert tuple(SCHEMA["$defs"]["options"]["properties"]) == OPTIONS


def test_every_key_is_explained() -> None:
    """An editor has something to show at every key."""
    for node in nodes(SCHEMA):
        for name, key in node.get("properties", {}).items():
            target = _at(key["$ref"]) if "$ref" in key and "description" not in key else key
            assert target.get("description"), name


def test_every_choice_is_explained() -> None:
    """Every enum has as many descriptions as values."""
    for node in nodes(SCHEMA):
        assert len(node.get("enumDescriptions", ())) == len(node.get("enum", ()))


def test_jetbrains_is_told_the_same_of_every_choice() -> None:
    """By its own word for it: the other one is VS Code's."""
    for node in nodes(SCHEMA):
        said = node.get("x-intellij-enum-metadata", {})
        assert list(said) == node.get("enum", [])
        assert [each["description"] for each in said.values()] == list(node.get("enumDescriptions", ()))


def test_unknown_keys_are_refused_everywhere() -> None:
    """No group of settings takes a key silently."""
    for node in nodes(SCHEMA):
        if "properties" in node:
            assert node["additionalProperties"] is False


def test_alternatives_do_not_spoil_messages() -> None:
    """Where alternatives are allowed, nobody can say which one was meant; `if` decides by what is plainly seen."""
    assert [key for node in nodes(SCHEMA) for key in node if key in ("oneOf", "anyOf", "allOf", "not")] == []
    seen = [node["if"] for node in nodes(SCHEMA) if "if" in node]
    assert all(rule.keys() <= {"type", "pattern", "required"} for rule in seen)


def test_examples_and_defaults_are_valid() -> None:
    """What an editor offers would be accepted."""
    for node in nodes(SCHEMA):
        validator = Draft202012Validator({**node, "$defs": SCHEMA["$defs"]})
        offered = [*node.get("examples", ()), *(node[key] for key in ("example", "default") if key in node)]
        for value in offered:
            assert validator.is_valid(value), value


def test_defaults_are_those_of_the_records() -> None:
    """The schema tells the same defaults that the records have."""
    from flux_batch.spec.records import Execution, Limits, Poll

    execution = SCHEMA["properties"]["execution"]["properties"]
    for name in ("concurrency", "submit_rate", "when_uncertain", "settle_seconds", "reference_metadata"):
        assert execution[name]["default"] == getattr(Execution(), name)
    for name in ("first", "every"):
        assert execution["poll"]["properties"][name]["default"] == getattr(Poll(), name)
    assert SCHEMA["properties"]["limits"]["properties"]["max_tasks"]["default"] == Limits().max_tasks


def test_schema_is_found_where_the_package_was_installed(tmp_path: Path) -> None:
    """A wheel carries the schemas inside of the package."""
    root = Path(__file__).parents[2]
    shutil.copytree(root / "flux_batch", tmp_path / "flux_batch", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "schemas", tmp_path / "flux_batch" / "schemas")
    code = "from flux_batch.spec.schema.published import schema_text, _folder; print(_folder()); schema_text('spec')"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "flux_batch" / "schemas")


def test_unknown_schema_names_the_known() -> None:
    """Asking for a schema that is not there says which are."""
    with pytest.raises(UsageError, match="`spce`: did you mean `spec`"):
        schema_text("spce")


def test_breaches_point_at_names_of_keys() -> None:
    """A bad key is told apart from a bad value, though both stand at the path of the group."""
    (breach,) = breaches({"version": 1, "variables": {"a b": "c"}}, "spec")
    assert (breach.keyword, breach.at, breach.value) == ("propertyNames", ("variables",), "a b")
