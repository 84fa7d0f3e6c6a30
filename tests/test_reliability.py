"""docs/reliability.md points at tests that exist, leaves out no fault, and has numbers of commands that are run."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
FAULTS = 64
"""How many there are in the list that the page answers."""

PROVE: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "prove"))


def functions(path: Path) -> set[str]:
    """Every test function of a file, in a class or not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_it_names_exists() -> None:
    """To the function; a class or the case in brackets may stand between and behind."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(?:\w+::)?(test_\w+)", PAGE)
    assert len(named) > FAULTS
    missing = [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)]
    assert missing == []


def test_every_fault_has_its_row_and_every_row_its_test() -> None:
    """In order, none left out; a row without a test says that it is open."""
    rows = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, FAULTS + 1))
    assert [number for number, shown in rows if "`tests/" not in shown and "**open**" not in shown] == []


@pytest.mark.parametrize("proof", PROVE["PROOFS"], ids=lambda proof: proof.name)
def test_every_command_with_a_number_is_one_of_prove(proof: Any) -> None:
    """The page's rows are the rows that ``scripts/prove`` prints."""
    assert f"| `{proof.command}` | " in PAGE


SOAKED = """\
-- 1 s
rounds 1, killed 1, commands 2: run 2
faults met 3: api cut 3
named on the way: nothing
images 4: stored 4; 4 billed once; 0 bills refunded on the way
violations 0
-- 9 s
rounds 2, killed 2, commands 4: run 4
faults met 1234: api cut 1234
named on the way: nothing
images 8: stored 8; 8 billed once; 0 bills refunded on the way
violations 1
round-3: the key is in run.log
"""


def test_the_last_tally_of_a_soak_is_told_with_what_was_wrong() -> None:
    """Not the first one, and no violation is left out."""
    assert PROVE["soaked"](SOAKED) == (
        "rounds 2, killed 2, commands 4: run 4; 1,234 faults met; images 8: stored 8; 8 billed once; "
        "0 bills refunded on the way; violations 1; round-3: the key is in run.log"
    )


def test_what_fails_is_told() -> None:
    """A command that ends otherwise than well has no good row."""
    proof = PROVE["Proof"](name="no", command="-c 1/0", quick="-c 1/0", told=PROVE["last_line"])
    good, row = PROVE["run"](proof, quick=False)
    assert not good
    assert "ZeroDivisionError" in row
    assert row.endswith("**exit 1** |")
