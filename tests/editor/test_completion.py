"""What an editor offers while a spec is written, and that what it inserts is a spec."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flux_batch.spec.load import parse_spec
from flux_batch.spec.schema.published import schema_text
from flux_batch.spec.vocabulary import MATCH_INPUT, MODELS, RATIOS

from .conftest import Show

SCHEMA = json.loads(schema_text("spec"))
EXTRA = 'version: 1\nprompt: A mug\nmodels: [flux-kontext-pro, flux-kontext-max]\nratios: ["1:1", "9:16"]\n'

SNIPPETS = [
    ("new spec", "|"),
    ("job", "version: 1\nvariables: {product: [mug]}\njobs:\n  |"),
    ("job", "version: 1\nvariables: {product: [mug]}\njobs: |"),
    ("edit of another job", "version: 1\njobs:\n  hero:\n    prompt: A mug\n  |"),
    ("budget", "version: 1\nprompt: A mug\nbudget:\n  |"),
    ("budget", "version: 1\nprompt: A mug\nbudget: |"),
    ("variable", "version: 1\nprompt: A {{ product }}\nvariables:\n  |"),
    ("variable", "version: 1\njobs:\n  hero:\n    prompt: A {{ product }}\n    variables:\n      |"),
    ("variable with labels", "version: 1\nprompt: A mug on {{ scene }}\nvariables:\n  |"),
    ("block", "version: 1\nprompt: |"),
    ("block", "version: 1\njobs:\n  hero:\n    prompt: |"),
    ("table", "version: 1\nprompt: A {{ product.name }}\nvariables:\n  product:\n    |"),
    ("draft and final", "version: 1\nprompt: A mug\nprofiles:\n  |"),
    ("more", f"{EXTRA}include:\n  - |"),
    ("rule", f"{EXTRA}exclude:\n  - |"),
    ("rule", f'{EXTRA}exclude:\n  - ratio: "1:1"\n    model: flux-kontext-max\n  - |'),
]
"""Every snippet's name, with the places where it is tried."""


def snippets(node: Any) -> Iterator[dict[str, Any]]:
    """Every snippet of the schema."""
    if isinstance(node, dict):
        yield from node.get("defaultSnippets", ())
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from snippets(child)


@pytest.mark.parametrize("before", ["|", "version: 1\n|"], ids=["empty file", "begun file"])
def test_every_key_is_offered_with_its_explanation(show: Show, before: str) -> None:
    """At the top of a file."""
    offers = show(before).offers()
    for name, key in SCHEMA["properties"].items():
        if name not in before:
            explained = SCHEMA["$defs"][name] if "$ref" in key else key
            assert offers[name].documentation == explained.get("markdownDescription", explained["description"])


def test_nothing_is_offered_that_stands_there_already(show: Show) -> None:
    """A key is written once."""
    assert "version" not in show("version: 1\n|").offers()


def test_keys_of_a_job_are_offered_below_its_name(show: Show) -> None:
    """And none that only the top of a file knows."""
    assert set(show("version: 1\njobs:\n  hero:\n    |").offers()) == set(SCHEMA["$defs"]["job"]["properties"])


@pytest.mark.parametrize("group", ["execution", "limits", "report", "options"])
def test_keys_of_a_group_are_offered(show: Show, group: str) -> None:
    """Each with its explanation."""
    node = SCHEMA["properties"][group]
    known = SCHEMA["$defs"][group] if "$ref" in node else node
    offers = show(f"version: 1\n{group}:\n  |").offers()
    assert set(offers) == set(known["properties"])
    assert all(offer.documentation for offer in offers.values())


@pytest.mark.parametrize("before", ["- |", "- flux-kontext-pro\n  - |"], ids=["first", "second"])
def test_models_are_offered_in_their_list(show: Show, before: str) -> None:
    """Both, each with what it is good for."""
    offers = show(f"version: 1\nmodels:\n  {before}").offers()
    said = {name: offer.documentation for name, offer in offers.items()}
    assert said == dict(zip(MODELS, SCHEMA["$defs"]["models"]["items"]["enumDescriptions"], strict=True))


def test_models_are_offered_in_brackets(show: Show) -> None:
    """Whichever way the list is written."""
    assert set(MODELS) <= set(show("version: 1\nmodels: [|]").offers())


def test_the_key_models_brings_its_default(show: Show) -> None:
    """A chosen key is followed by what most people write."""
    page = show("version: 1\nprompt: A mug\n|")
    assert parse_spec(page.path, page.offers()["models"].edit.applied(page.text)).jobs[0].models == (MODELS[0],)


def test_ratios_are_offered_with_what_they_are_for(show: Show) -> None:
    """All nine, and the one of a reference."""
    offers = show("version: 1\nratios:\n  - |").offers()
    assert set(offers) == {*RATIOS, MATCH_INPUT}
    assert offers["16:9"].documentation == "wide: web header, video"
    assert "reference" in offers[MATCH_INPUT].documentation


def test_the_choices_of_a_setting_are_offered(show: Show) -> None:
    """With the consequence of each."""
    offers = show("version: 1\nexecution:\n  when_uncertain: |").offers()
    assert set(offers) == {"resend", "hold"}
    assert "flux-batch resolve" in offers["hold"].documentation


def test_every_snippet_is_tried_below() -> None:
    """A new snippet needs a place where it is tried; each says what it is for."""
    assert {snippet["label"] for snippet in snippets(SCHEMA)} == {label for label, _ in SNIPPETS}
    assert [snippet["label"] for snippet in snippets(SCHEMA) if not snippet.get("description")] == []


@pytest.mark.parametrize(("label", "marked"), SNIPPETS)
def test_a_snippet_gives_a_valid_spec(show: Show, label: str, marked: str) -> None:
    """Inserted as it is proposed: our loader takes it, and the editor underlines nothing."""
    page = show(marked)
    text = page.offers()[label].edit.applied(page.text)
    table = page.path.parent / "data" / "products.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("name,sku\nmug,M-01\n", encoding="utf-8")
    parse_spec(page.path, text)
    assert show(text, modeline="").problems() == []


def test_the_first_snippet_keeps_quotes_and_has_a_budget(show: Show) -> None:
    """Whoever begins with it is on the safe side."""
    page = show("|")
    text = page.offers()["new spec"].edit.applied(page.text)
    assert '- "16:9"' in text
    assert str(parse_spec(page.path, text).budget.max) == "5.00"


def test_what_comes_with_a_key_is_valid(show: Show) -> None:
    """A key that brings a value brings one that loads."""
    page = show("version: 1\nprompt: A {{ job }}\n|")
    offers = {name: offer for name, offer in page.offers().items() if name in SCHEMA["properties"]}
    texts = {name: offer.edit.applied(page.text) for name, offer in offers.items()}
    whole = {name: text for name, text in texts.items() if text.rstrip("\n- ")[-1] != ":"}
    assert {"models", "execution", "limits"} <= set(whole)
    for name in set(whole) - {"name", "naming", "reference", "extends", "where", "profile"}:
        parse_spec(page.path, whole[name])


def test_no_offer_is_called_by_a_word_of_the_machine(show: Show) -> None:
    """The server names groups in ``examples`` so, and inserts that name."""
    for group in ("jobs", "variables", "budget", "execution", "report", "exclude", "limits", "options"):
        offers = show(f"version: 1\n{group}: |").offers()
        assert [each for each in offers.values() if "[object" in each.label + each.edit.snippet] == []


def test_the_line_of_jetbrains_works_here_too(show: Show) -> None:
    """Either of the two lines that ``init`` writes is enough."""
    assert "models" in show("|", modeline="# $schema: .flux-batch/spec.schema.json\n").offers()


def test_without_the_line_nothing_is_offered(show: Show) -> None:
    """It is the line that does it; the server offers to write one."""
    assert set(show("|", modeline="").offers()) == {"Inline schema"}


def test_the_project_is_what_init_writes(project: Path) -> None:
    """With the extension that VS Code recommends on opening it."""
    assert json.loads((project / ".vscode/extensions.json").read_text())["recommendations"] == ["redhat.vscode-yaml"]
