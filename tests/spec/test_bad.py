"""The folder of bad specs: each file says in its first lines which problems it has, all of them and no others.

They are found by what `validate` runs, so that a spec is bad here whether it cannot be read or only not be planned.
A problem of a file that the spec is built on names that file: ``# expect: shared/base.yaml:2:10: …``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flux_batch.cli.planning.prepare import make
from flux_batch.errors import InvalidSpec, Problem
from flux_batch.plan.choosing.select import Selection
from flux_batch.spec.reading import yaml12

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))
EXPECTED = re.compile(r"# expect: (?:([^\s:]+):)?(\d+):(\d+): (.*)\n(?:#     hint: (.*)\n)?")


def problems(path: Path) -> tuple[Problem, ...]:
    """What `validate` finds in a spec."""
    with pytest.raises(InvalidSpec) as caught:
        make(path, Selection(), ())
    return caught.value.problems


def found(path: Path) -> list[tuple[str, ...]]:
    """The problems of a spec, as the files write them."""
    return [(_file(path, each), str(each.line), str(each.column), each.message, each.hint) for each in problems(path)]


def _file(path: Path, problem: Problem) -> str:
    return "" if problem.file == str(path) else Path(problem.file).relative_to(BAD).as_posix()


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
    for problem in problems(path):
        lines = Path(problem.file).read_text(encoding="utf-8").split("\n")
        assert problem.excerpt == lines[problem.line - 1].replace("\t", " ")
        assert 1 <= problem.column <= len(problem.excerpt) + 1


def test_no_message_speaks_like_a_parser() -> None:
    """Nobody is told of tokens, scalars, mappings, instances or nodes."""
    jargon = re.compile(
        r"\b(token|scalar|mapping|(?<!for )instance|node|null|NoneType|dict|str|int|boolean|schema|regex)\b"
    )
    said = [text for path in FILES for *_, message, hint in expected(path) for text in (message, hint)]
    assert [text for text in said if jargon.search(text)] == []


def test_problems_come_in_the_order_of_the_file() -> None:
    """The first problem shown is the first met when reading down."""
    for path in FILES:
        places = [(int(line), int(column)) for _, line, column, _, _ in expected(path)]
        assert places == sorted(places), path.name
