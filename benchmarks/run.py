"""The whole run against a bare loop that does the same network work and keeps nothing.

    python run.py [--images N] [--kind plain|photo|tiny] [--flight N] [--rounds N] [--keep]

``--kind plain``: files of 550 KB whose decoding is trivial, so what is measured is the runner. ``photo``: JPEGs of
1 MP; then the floor, too, decodes each and makes its thumbnails. ``--keep``: the floor also keeps every file as safely
as a run does. Provider and clients are processes of their own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from measure import HERE, Figures, measure, pair, provider, workplace
from pictures import KINDS

SPEC = """
version: 1
name: bench
prompt: "a {{{{ number }}}}"
variables: {{number: {{from: numbers.jsonl}}}}
ratios: ["1:1"]
limits: {{max_tasks: 1000000}}
execution: {{concurrency: {flight}, submit_rate: 0, poll: {{first: {latency}, every: 0.2}}}}
"""


def write_spec(home: Path, images: int, flight: int, latency: float) -> None:
    """A spec of so many images, from a table."""
    (home / "numbers.jsonl").write_text("".join(f'{{"number": "n{n}"}}\n' for n in range(images)))
    spec = SPEC.format(flight=flight, latency=latency).replace("{{ number }}", "{{ number.number }}")
    (home / "spec.yaml").write_text(spec)


def ours_in(home: Path, environment: Mapping[str, str], *more: str) -> Figures:
    """One run into a new folder.

    It stays until all is measured: a file system may be slow to create files when many were deleted a moment ago.
    """
    folder = home / f"run{next(_FOLDERS)}"
    command = [sys.executable, "-m", "flux_batch", "run", "spec.yaml", "--yes", "--out", str(folder), *more]
    return measure(command, environment, str(home))


_FOLDERS = count()


def main() -> None:
    """Pair them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--kind", choices=KINDS, default="plain")
    parser.add_argument("--flight", type=int, default=400)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="against a floor that keeps the files")
    given = parser.parse_args()
    with provider(given.kind, given.latency) as environment, workplace() as home:
        write_spec(home, given.images, given.flight, given.latency)
        bare = [sys.executable, str(HERE / "floor_run.py"), str(given.images)]
        bare += ["--flight", str(given.flight), "--latency", str(given.latency)]
        bare += ["--pictures"] if given.kind == "photo" and not given.keep else []

        def floor() -> Figures:
            kept = ["--keep", str(home / f"floor{next(_FOLDERS)}")] if given.keep else []
            return measure([*bare, *kept], environment)

        print(
            f"{given.images:,} images ({given.kind}), {given.flight} in flight, {given.latency:g} s each "
            "at the provider; report and thumbnails included in ours"
        )
        pair(lambda: ours_in(home, environment), floor, given.rounds)


if __name__ == "__main__":
    main()
