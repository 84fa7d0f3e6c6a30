"""Every guard is held by a test: with the guard taken out of a copy of the project, that test turns red."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from .checker import Finding, Guard, examined, prepare
from .guards import GUARDS

SAMPLE = next(guard for guard in GUARDS if guard.name == "three lookups must agree")


def chosen(session: pytest.Session) -> list[Guard]:
    """The guards of the tests that will run, so that ``-k`` costs only what it asks for."""
    marked = [item for item in session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    found = [item.callspec.params.get("guard") for item in marked]
    return [guard for guard in GUARDS if guard in found]


@pytest.fixture(scope="module")
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which every guard stands and every test of the table passes."""
    return prepare(tmp_path_factory.mktemp("guards").resolve(), [SAMPLE, *chosen(request.session)])


@pytest.fixture(scope="module")
def findings(request: pytest.FixtureRequest, base: Path) -> Iterator[Mapping[str, Future[Finding]]]:
    """What comes of each guard, by its name; two at a time, ahead of the tests that ask for them."""
    guards = chosen(request.session)
    with examined(base, guards) as found:
        yield {guard.name: future for guard, future in zip(guards, found, strict=True)}


def trouble(base: Path, guard: Guard) -> str:
    """What comes of one guard that is not in the table."""
    with examined(base, [guard]) as (found,):
        return found.result().trouble


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_without_it_a_test_turns_red(guard: Guard, findings: Mapping[str, Future[Finding]]) -> None:
    """Its own tests, each of them, and not because the code broke."""
    found = findings[guard.name].result()
    assert not found.trouble, found.trouble


def test_names_are_distinct() -> None:
    """One line of the table for each."""
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


def test_what_changes_nothing_is_told(base: Path) -> None:
    """A removal that no test can notice does not count, whatever else the table says."""
    harmless = replace(SAMPLE, old='"""After an answer', new='"""After no answer')
    assert trouble(base, harmless) == "nobody noticed"


def test_a_guard_that_moved_is_told(base: Path) -> None:
    """A refactoring that takes the text away cannot hollow the table out."""
    gone = replace(SAMPLE, old="this stands nowhere")
    assert "0 times, not once" in trouble(base, gone)


def test_a_module_that_breaks_is_no_red_test(base: Path) -> None:
    """A name that is not there turns every test red and shows nothing."""
    broken = replace(SAMPLE, new="nobody_knows_this")
    assert "broke the module: NameError" in trouble(base, broken)
