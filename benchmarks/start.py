"""Start-up against Python's own."""

from __future__ import annotations

import sys
from pathlib import Path

from measure import Figures, measure, pair

SPEC = Path(__file__).resolve().parents[1] / "specs" / "quickstart.yaml"


def main() -> None:
    """``--help``, then the plan of the quickstart."""
    for arguments in (["--help"], ["plan", str(SPEC)]):

        def ours(arguments: list[str] = arguments) -> Figures:
            return measure([sys.executable, "-m", "flux_batch", *arguments])

        def floor() -> Figures:
            return measure([sys.executable, "-c", "pass"])

        print(f"flux-batch {' '.join(Path(word).name for word in arguments)}")
        pair(ours, floor, rounds=5)


if __name__ == "__main__":
    main()
