"""A spec that is invalid for one reason still shows its misspelt variables in the same round."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec
from flux_batch.plan.templates.checks import with_misspellings
from flux_batch.spec.load import parse_spec


def problems(text: str) -> list[tuple[int, str]]:
    """Line and message of everything found."""
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(Path("a.yaml"), text)
    return [(each.line, each.message) for each in with_misspellings(caught.value).problems]


def test_a_wrong_key_and_a_misspelt_variable_come_together() -> None:
    """Both in one round, in the order of the file."""
    text = 'version: 1\nname: a\nprompt: "a {{ prodct }}"\nvariables: {product: [mug]}\nmodles: [x]\n'
    assert problems(text) == [(3, "`{{ prodct }}` is not a variable here"), (5, "unknown key `modles`")]


def test_what_may_be_defined_in_the_broken_part_is_not_blamed() -> None:
    """A misspelt ``variables`` does not make every prompt wrong."""
    text = 'version: 1\nname: a\nprompt: "a {{ product }}"\nvaraibles: {product: [mug]}\n'
    assert problems(text) == [(4, "unknown key `varaibles`")]
