"""Wall, CPU and memory of whole runs as they grow: each ten times the one before.

    python growth.py [--largest N]

Small pictures and a tenth of a second at the provider, so that the run itself is what grows; 400 in flight.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from measure import provider, workplace
from run import ours_in, write_spec


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=int, default=10_000)
    given = parser.parse_args()
    print(f"{'images':>9}{'wall':>11}{'CPU':>11}{'an image':>13}{'memory':>11}")
    images = 100
    while images <= given.largest:
        with provider("tiny", 0.1) as environment, workplace() as place:
            write_spec(Path(place), images, 400, 0.1)
            found = ours_in(Path(place), environment)
        each = found.cpu / images * 1000
        print(f"{images:>9,}{found.wall:>9.1f} s{found.cpu:>9.1f} s{each:>10.2f} ms{found.memory:>8.0f} MB", flush=True)
        images *= 10


if __name__ == "__main__":
    main()
