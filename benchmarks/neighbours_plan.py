"""A plan of many images against Snakemake's dry run of as many jobs: what both say before anything is done.

    python neighbours_plan.py --snakemake PATH [--images N] [--rounds N]

``--snakemake`` is the program of an installed Snakemake (``pip install snakemake`` into an environment of its own).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from measure import Figures, measure, pair

from specs import write_spec

SNAKEFILE = """
rule all:
    input: expand("images/{{n}}.png", n=range({images}))

rule image:
    output: "images/{{n}}.png"
    shell: "make-image {{wildcards.n}} > {{output}}"
"""


def main() -> None:
    """Pair them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--snakemake", required=True)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        images = write_spec(home / "spec.yaml", given.images)
        (home / "Snakefile").write_text(SNAKEFILE.format(images=images))
        dry = [given.snakemake, "--dry-run", "--quiet", "all", "--cores", "1"]
        print(f"{images:,} images: flux-batch plan --json (ours) and snakemake --dry-run (floor)")
        pair(
            _timed([sys.executable, "-m", "flux_batch", "plan", "spec.yaml", "--json"], place),
            _timed(dry, place),
            given.rounds,
        )


def _timed(command: Sequence[str], place: str) -> partial[Figures]:
    return partial(measure, command, None, place)


if __name__ == "__main__":
    main()
