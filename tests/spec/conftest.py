"""Short ways to a spec, or to its problems, from a text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Spec

Parse = Callable[[str], Spec]
Problems = Callable[[str], tuple[Problem, ...]]


@pytest.fixture
def parse() -> Parse:
    """A spec from an indented text."""
    return lambda text: parse_spec(Path("spring.yaml"), dedent(text))


@pytest.fixture
def problems() -> Problems:
    """The problems of an indented text."""

    def found(text: str) -> tuple[Problem, ...]:
        with pytest.raises(InvalidSpec) as caught:
            parse_spec(Path("spring.yaml"), dedent(text))
        return caught.value.problems

    return found
