"""The kill sweep: the real process dies before, within and after every change the protocol knows, then goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import pytest

from .scenarios import SCENARIOS, WORKERS, sweep
from .sweeping import NEVER, Workshop, known_changes


@pytest.fixture(scope="module")
def workshops() -> Iterator[list[Workshop]]:
    """One for each worker."""
    with ExitStack() as stack:
        yield [stack.enter_context(Workshop()) for _ in range(WORKERS)]


def test_every_change_of_the_protocol_has_a_scenario() -> None:
    """A new rule needs a scenario, or a reason why no process can be killed there."""
    changes = chain.from_iterable(scenario.changes for scenario in SCENARIOS.values())
    assert sorted(changes) == sorted(known_changes() - NEVER.keys())
    assert NEVER.keys() <= known_changes()


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_every_change_nothing_is_lost_or_bought_twice(
    name: str, tmp_path: Path, workshops: list[Workshop]
) -> None:
    """Before, within and after each commit; where all is well, around every effect too."""
    found = sweep(name, tmp_path, workshops)
    assert found
    assert {point: wrong for point, wrong in found.items() if wrong} == {}
