"""Planning again, when everything is bought and when one value of many was edited, against the first plan."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from measure import Figures, measure, pair

from specs import write_spec

HERE = Path(__file__).parent


def main() -> None:
    """The first argument is the number of tasks, 100,000 by default."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as home:
        count = write_spec(Path(home) / "spec.yaml", tasks)
        write_spec(Path(home) / "edited.yaml", tasks, changed="another")
        subprocess.run([sys.executable, str(HERE / "take_over.py"), "stored"], cwd=home, check=True)

        def plan(spec: str, folder: str) -> Figures:
            return measure([sys.executable, "-m", "flux_batch", "plan", spec, "--json", "--out", folder], cwd=home)

        for title, spec in (("all of them stored", "spec.yaml"), ("one product of many renamed", "edited.yaml")):
            print(f"{count:,} tasks, {title}; the floor is the first plan")
            pair(partial(plan, spec, "run"), partial(plan, "spec.yaml", "none"), rounds=5)


if __name__ == "__main__":
    main()
