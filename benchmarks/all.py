"""Every table of docs/performance.md, one after the other; on a machine that has nothing else to do.

    python all.py [--promptfoo PATH] [--snakemake PATH]

Takes about half an hour. Without the two programs their rows are left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import HERE, KEEP

ROWS = (
    ("install.py",),
    ("start.py",),
    ("plan.py",),
    ("replan.py",),
    ("report.py",),
    ("resume.py",),
    ("run.py", "--rounds", "5"),
    ("run.py", "--rounds", "3", "--keep"),
    ("run.py", "--kind", "photo", "--images", "1000", "--rounds", "3"),
    ("run.py", "--images", "20000", "--rounds", "1"),
    ("pace.py",),
    ("polls.py",),
    ("thumbs.py", "1000"),
    ("durability.py",),
    ("scale.py",),
    ("sheet.py", "10000"),
    ("plan.py", "grow"),
    ("growth.py", "--largest", "100000"),
)


def main() -> None:
    """Run them; one that fails does not stop the others."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--promptfoo")
    parser.add_argument("--snakemake")
    given = parser.parse_args()
    others = [("neighbours.py", *(("--promptfoo", given.promptfoo) if given.promptfoo else ()))]
    others += [("neighbours_plan.py", "--snakemake", given.snakemake)] if given.snakemake else []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place:
        for row in (*ROWS, *others):
            tell(row, place)


def tell(row: Sequence[str], place: str) -> None:
    """One of them, below the line that repeats it; all they write stays in ``place``."""
    print(f"\n$ benchmarks/{' '.join(row)}", flush=True)
    subprocess.run(
        [sys.executable, str(HERE / row[0]), *row[1:]], check=False, cwd=place, env={**os.environ, KEEP: "1"}
    )


if __name__ == "__main__":
    main()
