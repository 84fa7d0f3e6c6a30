"""What an editor tells about the word under the mouse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flux_batch.spec.schema.published import schema_text
from flux_batch.spec.vocabulary import MATCH_INPUT, RATIOS

from .conftest import Show

SCHEMA = json.loads(schema_text("spec"))


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ('rat|ios: ["1:1"]', ["Width to height, **in quotes**", "969", "`match_input_image`"]),
        ("bud|get: 5.00", ["US dollars", "`max` is never passed", "`budget: {max: 5.00}`"]),
        ("budget: {ma|x: 5.00}", ["No image is bought that could pass this"]),
        ("execution: {settle|_seconds: 60}", ["in seconds", "counts as lost", "Default: 120."]),
        ("execution: {when_|uncertain: hold}", ["may or may not have arrived", "`resend`", "flux-batch resolve"]),
        ("mod|els: [flux-kontext-max]", ["every image is made by each", "Default: flux-kontext-pro."]),
        ("models: [flux-kontext|-max]", ["`flux-kontext-max`: Higher quality.", "`flux-kontext-pro`: Fast"]),
        ("jobs: {hero: {ed|it: other}}", ["becomes the reference of one edit"]),
    ],
)
def test_a_word_is_explained(show: Show, marked: str, said: list[str]) -> None:
    """In words, with the default and what each choice means."""
    text = show(f"version: 1\n{marked}\n").hover()
    assert [each for each in said if each not in text] == []


@pytest.mark.parametrize("written", ['["16|:9"]', "[16|:9]", "[match_|input_image]"])
def test_a_ratio_tells_what_each_ratio_is_for(show: Show, written: str) -> None:
    """Quoted or not."""
    text = show(f"version: 1\nratios: {written}\n").hover()
    said = SCHEMA["$defs"]["ratio"]["enumDescriptions"]
    uses = [f"`{ratio}`: {use}" for ratio, use in zip((*RATIOS, MATCH_INPUT), said, strict=True)]
    assert [use for use in uses if use not in text] == []


@pytest.mark.parametrize("name", SCHEMA["properties"])
def test_every_key_is_explained(show: Show, name: str) -> None:
    """The mouse shows what the schema says, at the top of a file."""
    assert explanation(SCHEMA["properties"][name], name) in show(f"{name}|: 1\n").hover()


@pytest.mark.parametrize("name", SCHEMA["$defs"]["job"]["properties"])
def test_every_key_of_a_job_is_explained(show: Show, name: str) -> None:
    """And in a job."""
    key = SCHEMA["$defs"]["job"]["properties"][name]
    assert explanation(key, name) in show(f"version: 1\njobs:\n  hero:\n    {name}|: 1\n").hover()


@pytest.mark.parametrize("name", SCHEMA["properties"]["execution"]["properties"])
def test_every_setting_is_explained(show: Show, name: str) -> None:
    """And in a group of settings."""
    key = SCHEMA["properties"]["execution"]["properties"][name]
    assert explanation(key, name) in show(f"version: 1\nexecution:\n  {name}|: 1\n").hover()


def explanation(key: dict[str, Any], name: str) -> str:
    """What the schema says about a key, in its richest form."""
    found = SCHEMA["$defs"][name] if "$ref" in key else key
    return str(found.get("markdownDescription", found["description"]))
