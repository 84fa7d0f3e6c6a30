"""The key: it changes exactly with what is bought."""

from __future__ import annotations

import hashlib
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.expansion.identity import content_key
from flux_batch.plan.records import Reference

from .kit import keys, only, plan_of

FILE = Reference(kind="file", source="assets/mug.png", sha256="ab" * 32)
BASE: dict[str, Any] = {
    "model": "flux-kontext-pro",
    "prompt": "Studio photo of a mug — weiß, 🫖",
    "size": "1:1",
    "options": {"response_format": "png", "safety_tolerance": 2},
    "reference": FILE,
    "n": 1,
}
GOLDEN = "33221c83ff7861fdc18706214932ec0b864614abfd5f5301d519b8a4123093bb"


def test_the_scheme_never_changes_by_accident() -> None:
    """A changed key would buy every image of every user again: change it only together with ``flux-batch/1``."""
    assert content_key(**BASE) == GOLDEN
    said = (
        '["flux-batch/1","flux-kontext-pro","Studio photo of a mug — weiß, 🫖","1:1",'
        '[["response_format","png"],["safety_tolerance",2]],["file","' + "ab" * 32 + '"],1]'
    )
    assert hashlib.sha256(said.encode()).hexdigest() == GOLDEN


CHANGES: list[dict[str, Any]] = [
    {"model": "flux-kontext-max"},
    {"prompt": "Studio photo of a mug"},
    {"size": "16:9"},
    {"options": {}},
    {"options": {"response_format": "png"}},
    {"options": {"response_format": "jpg", "safety_tolerance": 2}},
    {"options": {"response_format": "png", "safety_tolerance": 3}},
    {"options": {"response_format": "png", "safety_tolerance": 2, "prompt_upsampling": True}},
    {"reference": None},
    {"reference": Reference(kind="file", source="assets/mug.png", sha256="cd" * 32)},
    {"reference": Reference(kind="url", source="https://cdn.example/mug.png")},
    {"reference": Reference(kind="url", source="https://cdn.example/pot.png")},
    {"reference": Reference(kind="parent", source="ab" * 32)},
    {"reference": Reference(kind="parent", source="cd" * 32)},
    {"n": 2},
]


def test_every_part_of_a_request_makes_another_purchase() -> None:
    """Model, prompt, size, options, the reference's content or address or parent, and the variation."""
    found = [content_key(**{**BASE, **change}) for change in ({}, *CHANGES)]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in found)


SAME: list[dict[str, Any]] = [
    {"reference": Reference(kind="file", source="moved/elsewhere.png", sha256="ab" * 32)},
    {"options": {"safety_tolerance": 2, "response_format": "png"}},
    {"options": {"response_format": "png", "safety_tolerance": 2, "prompt_upsampling": False}},
]


@pytest.mark.parametrize("same", SAME)
def test_what_asks_for_the_same_is_the_same_purchase(same: dict[str, Any]) -> None:
    """A file that moved, the order of options, an option that says the API's own default."""
    assert content_key(**{**BASE, **same}) == content_key(**BASE)


parts = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["flux-kontext-pro", "flux-kontext-max"]),
        "prompt": st.text(st.sampled_from('ab",[]:1'), max_size=4),
        "size": st.sampled_from(["1:1", "16:9"]),
        "options": st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([1, 2, "1", "a"]), max_size=2),
        "reference": st.sampled_from([None, FILE, Reference(kind="url", source="https://a.b/c")]),
        "n": st.integers(1, 2),
    }
)


@given(parts, parts)
def test_two_requests_have_one_key_only_when_they_are_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Nothing in a prompt can be mistaken for another part of the request."""
    assert (content_key(**one) == content_key(**other)) == (one == other)


SPEC: dict[str, Any] = {
    "version": 1,
    "name": "spring",
    "variables": {"product": ["mug", "pot"], "scene": {"linen": "rumpled linen", "oak": "an oak board"}},
    "models": ["flux-kontext-pro", "flux-kontext-max"],
    "ratios": ["1:1", "16:9"],
    "options": {"response_format": "png"},
    "jobs": {
        "hero": {"prompt": "{{ product }} on {{ scene }}", "repeat": 2},
        "shot": {"prompt": "{{ product }}", "reference": "in/{{ product }}.png", "ratios": ["match_input_image"]},
        "edit": {"edit": "hero", "prompt": "more light"},
    },
}
FILES = {"in/mug.png": "mug", "in/pot.png": "pot"}


def changed(**settings: Any) -> set[str]:
    """What SPEC buys with other settings at its top."""
    return keys(plan_of({**SPEC, **settings}, FILES))


def test_what_costs_nothing_changes_nothing() -> None:
    """Name, budget, report, naming, limits, execution: the same images."""
    before = keys(plan_of(SPEC, FILES))
    assert len(before) == 32 + 32 + 4
    assert changed(name="autumn") == before
    assert changed(budget={"max": 1, "warn": 0.5}) == before
    assert changed(report={"title": "Round 2", "rows": "product", "tabs": ["ratio"]}) == before
    assert changed(limits={"max_tasks": 100}) == before
    assert changed(execution={"concurrency": 1, "when_uncertain": "hold"}) == before
    assert changed(execution={"reference_metadata": "keep"}) == before
    assert changed(options={"response_format": "png", "prompt_upsampling": False}) == before
    assert changed(options={"response_format": "jpg"}).isdisjoint(before)


def test_naming_changes_no_key() -> None:
    """Only where the files go."""
    text = "version: 1\nprompt: '{{ product }}'\nvariables: {product: [mug, pot]}\n"
    assert keys(plan_of(f"{text}naming: 'a/{{{{ product }}}}'\n")) == keys(plan_of(text))


def test_lines_labels_and_white_space_change_no_key() -> None:
    """A comment, another label, another wrapping of the same prompt."""
    one = plan_of("version: 1\nprompt: Photo of a {{ it }} on linen\nvariables: {it: {a: mug}}\n")
    other = plan_of("# new\nversion: 1\nvariables: {it: {b: mug}}\nprompt: >\n  Photo of a\n\n  {{ it }} on   linen\n")
    assert only(one).key == only(other).key
    assert only(one).line != only(other).line


def test_the_content_of_a_reference_counts_and_its_name_does_not() -> None:
    """A picture that was changed on disk is bought again; one that was renamed is not."""
    text = "version: 1\nprompt: a\nreference: {}.png\n"
    before = keys(plan_of(text.format("mug"), {"mug.png": "old"}))
    assert keys(plan_of(text.format("mug"), {"mug.png": "new"})).isdisjoint(before)
    assert keys(plan_of(text.format("cup"), {"cup.png": "old"})) == before


def test_a_changed_parent_changes_all_that_starts_from_it() -> None:
    """And nothing beside it."""
    text = """\
        version: 1
        jobs:
          base: {{prompt: {base}}}
          edit: {{edit: base, prompt: e}}
          again: {{edit: edit, prompt: f}}
          other: {{prompt: o}}
        """
    before, after = plan_of(text.format(base="a mug")), plan_of(text.format(base="a pot"))
    same = [old.key == new.key for old, new in zip(before.tasks, after.tasks, strict=True)]
    assert same == [False, False, False, True]


@given(st.randoms(use_true_random=False))
def test_order_and_names_buy_nothing(shuffle: random.Random) -> None:
    """Jobs, variables, their values, models and ratios in any order, jobs under any name: the same set of keys."""

    def mixed(mapping: dict[str, Any]) -> dict[str, Any]:
        return {name: mapping[name] for name in shuffle.sample(sorted(mapping), len(mapping))}

    names = dict(zip(SPEC["jobs"], shuffle.sample(["a", "b-c", "z9", "hero", "edit"], 3), strict=True))
    jobs = {names[name]: dict(job) for name, job in mixed(SPEC["jobs"]).items()}
    for job in jobs.values():
        if "edit" in job:
            job["edit"] = names[job["edit"]]
    variables = {
        name: shuffle.sample(values, len(values)) if isinstance(values, list) else mixed(values)
        for name, values in mixed(SPEC["variables"]).items()
    }
    models = shuffle.sample(SPEC["models"], 2)
    assert changed(jobs=jobs, variables=variables, models=models, ratios=shuffle.sample(SPEC["ratios"], 2)) == changed()
