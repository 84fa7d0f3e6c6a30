"""The published JSON Schemas: their text, and what a value breaks. The only module that knows jsonschema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flux_batch.errors import UsageError
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.words import did_you_mean

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jsonschema.protocols import Validator

SUFFIX = ".schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One broken rule: ``keyword`` with its ``rule`` in ``schema``, against the ``value`` at ``at``."""

    keyword: str
    rule: Any
    schema: Mapping[str, Any]
    value: Any
    at: FilePath


def schema_text(name: str) -> str:
    """A schema as published: ``schema_text("spec")``. UsageError names the schemas there are."""
    known = {entry.name.removesuffix(SUFFIX): entry for entry in _folder().iterdir() if entry.name.endswith(SUFFIX)}
    if name not in known:
        raise UsageError(f"there is no schema `{name}`: {did_you_mean(name, sorted(known))}")
    return known[name].read_text(encoding="utf-8")


def breaches(value: Any, name: str) -> Iterator[Breach]:
    """Every rule of a schema that a value breaks, the children of a broken node included."""
    for error in _validator(name).iter_errors(value):
        schema = error.schema if isinstance(error.schema, Mapping) else {}
        # The name of a key is checked as a bare word at the path of its mapping: only the way through the schema tells.
        named = "propertyNames" in error.absolute_schema_path
        yield Breach(
            keyword="propertyNames" if named else str(error.validator),
            rule=error.validator_value,
            schema=schema,
            value=error.instance,
            at=tuple(error.absolute_path),
        )


def _folder() -> Traversable:
    """Inside of the package where it was installed, beside it in a checkout."""
    installed = resources.files("flux_batch") / "schemas"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "schemas"


@cache
def _validator(name: str) -> Validator:
    # jsonschema takes 65 ms to import, which `flux-batch --help` should not pay.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(schema_text(name)))
