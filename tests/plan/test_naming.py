"""File names: readable, safe on every system, never two for one place."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.expansion.naming import MAX_BYTES, default_stem, describe, distinct, same_place, slug, stem_problem

from .kit import plan_of, problems_of


def stems(text: str | dict[str, Any]) -> list[str]:
    """The names of a spec's images."""
    return [task.stem for task in plan_of(text).tasks]


def named(naming: str, *values: str) -> list[str]:
    """What a naming makes of a variable with these values."""
    values = values or ("mug", "pot")
    return stems({"version": 1, "prompt": "{{ it }}", "variables": {"it": list(values)}, "naming": naming})


def refusal(naming: str, *values: str) -> str:
    """Why it makes nothing of them."""
    values = values or ("mug", "pot")
    spec = {"version": 1, "prompt": "{{ it }}", "variables": {"it": list(values)}, "naming": naming}
    (problem,) = problems_of(spec)
    return problem.message


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("sage green mug", "sage-green-mug"),
        ("16:9", "16x9"),
        ("match_input_image", "as-input"),
        ("flux-kontext-pro", "flux-kontext-pro"),
        ("v1.2", "v1.2"),
        ("a/b\\c:d", "a-b-c-d"),
        ("../../etc/passwd", "etc-passwd"),
        ("  spaced  out  ", "spaced-out"),
        ("Kaffee & Küche — weiß", "Kaffee-Küche-weiß"),
        ("cafe\u0301", "café"),
        ("日本の茶碗", "日本の茶碗"),
        ("हिन्दी", "हिन्दी"),
        ("ผู้ใหญ่", "ผู้ใหญ่"),
        ("قَهوة", "قَهوة"),
        ("🫖", "x"),
        ("❤\ufe0f mug", "mug"),
        ("...", "x"),
        ("", "x"),
        ("a\x00b\nc\u202ed", "a-b-c-d"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("snake_case", "snake-case"),
    ],
)
def test_slugs(label: str, name: str) -> None:
    """Letters of any script stay, all else becomes a hyphen."""
    assert slug(label) == name


def test_default_names_say_what_varies() -> None:
    """Job, then the axes; a constant tells no two images apart and is left out."""
    assert stems("""\
        version: 1
        prompt: "{{ product }}, {{ tone }}"
        variables: {product: {mug: a sage green mug, pot: a white pot}, tone: warm morning light}
        ratios: ["16:9"]
        """) == ["main/mug-pro-16x9-1", "main/pot-pro-16x9-1"]


def test_what_is_constant_in_one_job_still_tells_the_images_of_another_apart() -> None:
    """Each job has its own variables, also when they share a name."""
    assert stems("""\
        version: 1
        jobs:
          hero: {prompt: "{{ scene }}", variables: {scene: [linen, oak]}}
          shot: {prompt: "{{ scene }}!", variables: {scene: studio}}
        """) == ["hero/linen-pro-16x9-1", "hero/oak-pro-16x9-1", "shot/pro-16x9-1"]


def test_edits_are_named_like_their_parents() -> None:
    """In a folder of their own."""
    assert stems("""\
        version: 1
        jobs:
          hero: {prompt: "{{ it }}", variables: {it: [mug, pot]}, ratios: ["1:1"]}
          wide: {edit: hero, prompt: widen, ratios: ["21:9"], repeat: 2}
        """)[2:4] == ["wide/mug-pro-21x9-1", "wide/mug-pro-21x9-2"]


def test_labels_that_make_one_name_get_the_start_of_their_keys() -> None:
    """Case and accents are one place to some file systems."""
    plan = plan_of({"version": 1, "prompt": "{{ it }}", "variables": {"it": ["Mug!", "mug", "MUG?", "cup"]}})
    first, second, third, other = plan.tasks
    assert first.stem == "main/Mug-pro-16x9-1"
    assert second.stem == f"main/mug-pro-16x9-1-{second.key[:8]}"
    assert third.stem == f"main/MUG-pro-16x9-1-{third.key[:8]}"
    assert other.stem == "main/cup-pro-16x9-1"


@pytest.mark.parametrize("name", ["con", "NUL", "aux", "com1", "LPT9"])
def test_a_job_may_be_called_like_a_device(name: str) -> None:
    """Its folder is not."""
    assert stems({"version": 1, "jobs": {name: {"prompt": "a"}}}) == [f"x-{name}/pro-16x9-1"]


def test_naming_uses_axes_constants_and_slugs() -> None:
    """Also a constant that the prompt does not use."""
    assert stems("""\
        version: 1
        prompt: "{{ product }}"
        variables: {product: [Sage Green Mug, pot], shelf: a/1}
        ratios: ["16:9"]
        naming: "{{ shelf }}/{{ job }}_{{ product | lower }} ({{ ratio }}, {{ model }}, {{ n }})"
        """) == [
        "a-1/main_sage-green-mug (16x9, flux-kontext-pro, 1)",
        "a-1/main_pot (16x9, flux-kontext-pro, 1)",
    ]


def test_a_constant_of_another_job_is_not_this_jobs() -> None:
    """A name without a value here is told, with the image it fails for."""
    (problem,) = problems_of("""\
        version: 1
        jobs:
          hero: {prompt: a, variables: {product: mug}}
          shot: {prompt: "{{ scene }}!", variables: {scene: studio}}
        naming: "{{ job }}-{{ scene }}"
        """)
    assert problem.message == "for job=hero: `scene` has no value"
    assert problem.line == 5


@pytest.mark.parametrize(
    ("naming", "reason"),
    [
        ("../{{ it }}", "it must be a plain relative path, like {{ job }}/{{ n }}"),
        ("a/../../{{ it }}", "it must be a plain relative path, like {{ job }}/{{ n }}"),
        ("./{{ it }}", "it must be a plain relative path, like {{ job }}/{{ n }}"),
        ("/tmp/{{ it }}", "it must be a plain relative path, like {{ job }}/{{ n }}"),
        ("//host/share/{{ it }}", "it must be a plain relative path, like {{ job }}/{{ n }}"),
        ("a//{{ it }}", "it must be a plain relative path, like {{ job }}/{{ n }}"),
        ("{{ it }}/", "it must be a plain relative path, like {{ job }}/{{ n }}"),
        ("~/{{ it }}\\x", "'\\\\' cannot stand in a file name"),
        ("C:\\{{ it }}", "':' cannot stand in a file name"),
        ("C:{{ it }}", "':' cannot stand in a file name"),
        ("{{ it }}:stream", "':' cannot stand in a file name"),
        ("{{ it }}\u202egpj", "'\\u202e' cannot stand in a file name"),
        ("{{ it }}\u200b", "'\\u200b' cannot stand in a file name"),
        ("{{ it }}\ufe0f", "'\ufe0f' cannot stand in a file name"),
        ("{{ it }}\nx", "'\\n' cannot stand in a file name"),
        ("{{ it }}*", "'*' cannot stand in a file name"),
        ("<{{ it }}>", "'<' cannot stand in a file name"),
        ("$({{ it }})", "'$' cannot stand in a file name"),
        ("{{ it }}.", "it may not begin with a dot, a dash or a space, nor end with a dot or a space"),
        ("{{ it }} ", "it may not begin with a dot, a dash or a space, nor end with a dot or a space"),
        ("{{ it }} /x", "it may not begin with a dot, a dash or a space, nor end with a dot or a space"),
        (".{{ it }}", "it may not begin with a dot, a dash or a space, nor end with a dot or a space"),
        ("-{{ it }}", "it may not begin with a dot, a dash or a space, nor end with a dot or a space"),
        ("con", "'con' is a device on Windows"),
        ("NUL.{{ it }}", "is a device on Windows"),
        ("aux .{{ it }}", "is a device on Windows"),
        ("lpt1/{{ it }}", "'lpt1' is a device on Windows"),
        ("com\u00b2", "'com\u00b2' is a device on Windows"),
        ("{{ it }}" + "ü" * 90, "it is longer than 180 bytes"),
        ("{{ it }}" + "/folder" * 40, "it is longer than 240 bytes"),
        ("{% if it == 'pot' %}{{ it }}{% endif %}", "it must be a plain relative path, like {{ job }}/{{ n }}"),
    ],
)
def test_a_bad_name_is_refused_never_repaired(naming: str, reason: str) -> None:
    """Whoever wrote it did not mean another one."""
    assert refusal(naming).endswith(reason)


@pytest.mark.parametrize(
    "stem", ["a\x00b", "", ".", "..", "a/", "/a", "a\nb", "a\x7fb", "con", "a" * 181, "nul.tar", "a\ud800"]
)
def test_what_no_yaml_can_bring_is_refused_too(stem: str) -> None:
    """NUL and half characters among it."""
    assert stem_problem(stem)


@pytest.mark.parametrize(
    "values", [("Mug", "mug"), ("é", "e\u0301"), ("STRASSE", "straße"), ("ΐ", "\u03aa\u0301"), ("a b", "a-b")]
)
def test_two_values_with_one_name_are_refused(values: tuple[str, str]) -> None:
    """Case, accents, and what a slug makes equal."""
    assert refusal("{{ it }}", *values).startswith("two images would get the name ")


def test_the_same_request_twice_is_no_collision() -> None:
    """It is one image with one file."""
    plan = plan_of("version: 1\nprompt: a\njobs: {one: {}, two: {}}\nnaming: picture\n")
    assert [task.stem for task in plan.tasks] == ["picture", "picture"]


def test_describe_names_a_combination() -> None:
    """As messages do."""
    assert describe({"product": "mug", "ratio": "1:1"}) == "product=mug, ratio=1:1"


def test_a_long_name_is_cut_at_a_character() -> None:
    """With room for the start of a key."""
    stem = default_stem({"job": "main", "it": "茶" * 200, "n": "1"})
    assert len(stem.partition("/")[2].encode()) <= MAX_BYTES - 16
    assert stem_problem(stem) is None


labels = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["con", "CON", "nul.x", "a", "A", "é", "e\u0301", "ß", "SS", "ss", "x" * 300, "茶" * 100, ".", "-", ""]
    ),
)


jobs = st.sampled_from(["main", "Main", "con", "Com1", "a" * 64, "0_-", "b__"])


@given(st.lists(st.tuples(jobs, labels, st.sampled_from(["1:1", "16:9"])), min_size=1, max_size=12))
def test_default_names_are_distinct_and_good(rows: list[tuple[str, str, str]]) -> None:
    """Whatever the labels are, under case folding and both normal forms."""
    wanted = [default_stem({"job": job, "it": label, "ratio": ratio}) for job, label, ratio in rows]
    keys = [f"{number:08x}{'0' * 56}" for number in range(len(rows))]
    found = distinct(zip(wanted, keys, strict=True))
    assert len({same_place(stem) for stem in found}) == len(found)
    assert len({unicodedata.normalize("NFD", unicodedata.normalize("NFD", stem).casefold()) for stem in found}) == len(
        found
    )
    for stem in found:
        assert stem_problem(stem) is None
        assert unicodedata.is_normalized("NFC", stem)


def test_a_label_that_looks_like_a_key_finds_no_gap() -> None:
    """The name that a collision would get can be taken already."""
    key = "12345678" + "0" * 56
    found = distinct([("a", "f" * 64), ("a-12345678", "e" * 64), ("A-12345678-2", "d" * 64), ("a", key)])
    assert found == ["a", "a-12345678", "A-12345678-2", "a-12345678-3"]
