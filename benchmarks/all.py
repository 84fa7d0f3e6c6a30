"""Every table of docs/performance.md that is about running, one after the other; best on a quiet machine.

    python all.py [--promptfoo PATH]

Takes about half an hour.
"""

from __future__ import annotations

import subprocess
import sys

from measure import HERE

ROWS = (
    ("run.py", "--rounds", "5"),
    ("run.py", "--kind", "photo", "--images", "1000", "--rounds", "3"),
    ("run.py", "--images", "20000", "--rounds", "1"),
    ("pace.py",),
    ("polls.py",),
    ("resume.py",),
    ("durability.py",),
    ("growth.py", "--largest", "100000"),
    ("neighbours.py", *sys.argv[1:]),
)


def main() -> None:
    """Run them; one that fails does not stop the others."""
    for script, *arguments in ROWS:
        print(f"\n$ benchmarks/{script} {' '.join(arguments)}", flush=True)
        subprocess.run([sys.executable, str(HERE / script), *arguments], check=False)


if __name__ == "__main__":
    main()
