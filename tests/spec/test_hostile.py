"""Whatever a file holds, the answer is a spec or its problems, soon, and never a traceback."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux_batch.errors import InvalidSpec, Problem, UsageError
from flux_batch.spec.load import load_spec, parse_spec
from flux_batch.spec.reading import yaml12

HEAD = "version: 1\nprompt: x\n"
LAUGHS = "".join(f"  {a}: &{a} [{', '.join([f'*{b}'] * 9)}]\n" for a, b in zip("bcdefghij", "abcdefghi", strict=True))
BOMBS = {
    "laughs": f"{HEAD}variables:\n  a: &a [x]\n{LAUGHS}",
    "open brackets": "[" * 1_000_000,
    "open braces": "{a: " * 200_000,
    "brackets in a comment": "# " + "[" * 900_000 + "\na: [x\nb: y\n",
    "open brackets and commas": "a: " + "[, " * 300 + "\n" + "[, " * 300_000 + "]",
    "dashes": "- " * 400_000,
    "questions": "? " * 400_000,
    "closed brackets": HEAD + "variables: " + "[" * 5000 + "]" * 5000,
    "indented": "\n".join(f"{' ' * depth}a:" for depth in range(1000)),
    "deep aliases": "".join(f"k{n}: &k{n} [{f'*k{n - 1}' if n else 'x'}]\n" for n in range(100)),
    "huge number": f"{HEAD}repeat: {'9' * 100_000}\n",
    "huge power": f"{HEAD}repeat: 1e999999999\n",
    "huge fraction": f"{HEAD}budget: 1.{'0' * 100_000}\n",
    "long key": f"{HEAD}{'k' * 900_000}: 1\n",
    "long value": f"{HEAD}name: {'n' * 900_000}\n",
    "many keys": HEAD + "".join(f"key{n}: 1\n" for n in range(40_000)),
    "many values": f"{HEAD}variables: {{a: [{', '.join(map(str, range(49_000)))}]}}\n",
    "many equal values": f"{HEAD}variables: {{a: [{', '.join(['x'] * 49_000)}]}}\n",
    "many bad rules": f"{HEAD}variables: {{a: [{', '.join(f'value{n}' for n in range(20_000))}]}}\nexclude:\n"
    + "".join(f"  - a: vlaue{n}\n" for n in range(9_000)),
    "many bad jobs": "version: 1\njobs:\n" + "".join(f"  job{n}: {{edit: jbo{n}}}\n" for n in range(12_000)),
    "one chain": HEAD + "jobs:\n  j0: {}\n" + "".join(f"  j{n + 1}: {{edit: j{n}}}\n" for n in range(300)),
    "many duplicates": HEAD + "name: x\n" * 40_000,
    "many zeros": f"{HEAD}variables: {{a: [{', '.join(['00'] * 49_000)}]}}\n",
    "one line of json": '{"version": 1, "prompt": "x", "models": [' + ", ".join(['"y"'] * 40_000) + "]}",
    "many syntax faults": HEAD + "a: b: c\n" * 40_000,
    "many braces": HEAD + "a: {{ b }} c\n" * 40_000,
    "many tabs": "version: 1\njobs:\n" + "\ta: b\n" * 100_000,
    "nul": HEAD + "\0" * 1000,
    "lone halves": HEAD + 'name: "\\ud83d"\n',
    "merge loop": "a: &a\n  <<: *a\n",
    "tag": "!!python/object/apply:os.system [echo]\n",
    "anchors everywhere": "".join(f"k{n}: &a x\n" for n in range(40_000)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_soon(name: str) -> None:
    """No file keeps the loader busy for long, or brings it down; busy is counted in its own time, not the machine's."""
    began = time.process_time()
    with suppress(UsageError):
        parse_spec(Path("spring.yaml"), BOMBS[name])
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "name", ["laughs", "open brackets", "open braces", "closed brackets", "deep aliases", "huge number", "nul"]
)
def test_bombs_are_refused_with_a_place(name: str) -> None:
    """The problem stands at a line."""
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(Path("spring.yaml"), BOMBS[name])
    assert all(problem.line >= 1 and problem.render() for problem in caught.value.problems)


def answered(text: str) -> None:
    """A spec, or problems that can be shown."""
    problems: tuple[Problem, ...] | None = None
    try:
        parse_spec(Path("spring.yaml"), text)
    except InvalidSpec as error:
        problems = error.problems
    assert problems is None or problems
    for problem in problems or ():
        assert all(char.isprintable() or char in "\n\u200d" for char in problem.render())


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    """Text of any characters."""
    answered(text)


PIECES = [
    *("version: 1", "prompt", "jobs", "variables", "exclude", "edit", "ratios", "budget", ":", ": ", "\n", "\n  "),
    *("\n    ", "- ", "[", "]", "{", "}", "{{", "}}", '"', "'", "#", " #", "&a", "*a", "!", "!!str ", "|", ">-", "%"),
    *("\t", ",", "<<", "969", "012", "16:9", "1e5", "null", "x", "\\", "\\q", "?", "@", "---", "...", "é", "😀", "\r"),
]
YAMLISH = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(YAMLISH)
def test_any_heap_of_yaml_is_answered(text: str) -> None:
    """Pieces of YAML in any order, alone and after a good beginning."""
    answered(text)
    answered(HEAD + text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(YAMLISH)
def test_any_heap_of_yaml_is_answered_without_the_c_parser(text: str) -> None:
    """The same where libyaml is missing."""
    loader, yaml12.Loader = yaml12.Loader, yaml12.yamlcore.CoreLoader
    try:
        answered(HEAD + text)
    finally:
        yaml12.Loader = loader


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
WORDS = [
    *("prompt", "variables", "models", "ratios", "options", "reference", "edit", "jobs", "repeat", "exclude", "budget"),
    *(
        "execution",
        "report",
        "naming",
        "limits",
        "name",
        "poll",
        "max",
        "rows",
        "tabs",
        "a",
        "b",
        "job",
        "n",
        "version",
    ),
]
KEYS = st.sampled_from(WORDS)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, TREES, max_size=8))
def test_any_value_under_any_key_is_answered(tree: dict[str, object]) -> None:
    """Every key with every kind of value: what the schema lets through, the records can hold."""
    answered(json.dumps({**tree, "version": 1}))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(tmp_path: Path, data: bytes) -> None:
    """A file of any bytes."""
    path = tmp_path / "spring.yaml"
    path.write_bytes(data)
    with suppress(UsageError):
        load_spec(path)
