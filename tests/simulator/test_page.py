"""docs/simulator.md tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flux_batch.simulator import parse_faults
from flux_batch.simulator.faults import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_the_fault_file_on_the_page_can_be_used() -> None:
    """Copied from the page, it is read without a complaint."""
    blocks = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert blocks
    assert all(parse_faults(block).faults for block in blocks)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_is_on_the_page_with_its_fields(kind: str) -> None:
    """One row each."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}`"))
    assert all(f"`{field}`" in row for field in KINDS[kind].fields)
