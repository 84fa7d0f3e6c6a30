"""Planning against a bare loop that renders, hashes and inserts as many prompts; with ``grow``, at every size.

benchmarks/plan.py [TASKS]          ours and the floor in turn, 100,000 by default
benchmarks/plan.py grow [TASKS…]    one line for each size, and what taking the plan over into a state file costs
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import Figures, measure, pair

from specs import write_spec

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
HERE = Path(__file__).parent


def main() -> None:
    """What the arguments ask for."""
    if sys.argv[1:2] == ["grow"]:
        grow([int(size) for size in sys.argv[2:]] or list(SIZES))
    else:
        against_floor(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)


def against_floor(tasks: int) -> None:
    """Pair them."""
    with tempfile.TemporaryDirectory() as home:
        count = write_spec(Path(home) / "spec.yaml", tasks)
        print(f"{count:,} tasks")
        pair(lambda: plan(home), lambda: measure([sys.executable, str(HERE / "floor_plan.py"), str(count)]), rounds=5)


def grow(sizes: list[int]) -> None:
    """Every size once, in one process each."""
    print(f"{'tasks':>10}  {'plan --json':^28}  {'plan, and into a state file':^28}")
    print(f"{'':>10}{'wall s':>10}{'CPU s':>10}{'MB':>10}{'wall s':>10}{'CPU s':>10}{'MB':>10}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as home:
            count = write_spec(Path(home) / "spec.yaml", size)
            found = plan(home), measure([sys.executable, str(HERE / "take_over.py")], cwd=home)
        figures = "".join(f"{each.wall:>10.2f}{each.cpu:>10.2f}{each.memory:>10.0f}" for each in found)
        print(f"{count:>10,}{figures}", flush=True)


def plan(home: str) -> Figures:
    """The command, to JSON."""
    return measure([sys.executable, "-m", "flux_batch", "plan", "spec.yaml", "--json"], cwd=home)


if __name__ == "__main__":
    main()
