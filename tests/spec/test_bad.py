"""The folder of bad specs: each file says in its first lines which problems it has, all of them and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec
from flux_batch.spec import yaml12
from flux_batch.spec.load import load_spec

FILES = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
EXPECTED = re.compile(r"# expect: (\d+):(\d+): (.*)\n(?:#     hint: (.*)\n)?")


def found(path: Path) -> list[tuple[str, ...]]:
    """The problems of a spec, as the files write them."""
    with pytest.raises(InvalidSpec) as caught:
        load_spec(path)
    return [(str(each.line), str(each.column), each.message, each.hint) for each in caught.value.problems]


def expected(path: Path) -> list[tuple[str, ...]]:
    """What the file says about itself."""
    return [match.groups(default="") for match in EXPECTED.finditer(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_has_exactly_the_problems_it_names(path: Path) -> None:
    """Every problem stands at its line and column, with its words and its suggestion, and there is no other."""
    assert found(path) == expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_says_the_same_without_the_c_parser(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without libyaml shows the same problems in the same words."""
    monkeypatch.setattr(yaml12, "Loader", yaml12.yamlcore.CoreLoader)
    assert found(path) == expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_points_into_the_line_it_shows(path: Path) -> None:
    """The caret stands under a character of the line that is shown."""
    lines = path.read_text(encoding="utf-8").split("\n")
    with pytest.raises(InvalidSpec) as caught:
        load_spec(path)
    for problem in caught.value.problems:
        assert problem.file == str(path)
        assert problem.excerpt == lines[problem.line - 1].replace("\t", " ")
        assert 1 <= problem.column <= len(problem.excerpt) + 1


def test_no_message_speaks_like_a_parser() -> None:
    """Nobody is told of tokens, scalars, mappings, instances or nodes."""
    jargon = re.compile(r"\b(token|scalar|mapping|instance|node|null|NoneType|dict|str|int|boolean|schema|regex)\b")
    said = [text for path in FILES for _, _, message, hint in expected(path) for text in (message, hint)]
    assert [text for text in said if jargon.search(text)] == []


def test_problems_come_in_the_order_of_the_file() -> None:
    """The first problem shown is the first met when reading down."""
    for path in FILES:
        places = [(int(line), int(column)) for line, column, _, _ in expected(path)]
        assert places == sorted(places), path.name
