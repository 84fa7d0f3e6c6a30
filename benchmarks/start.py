"""Start-up against Python's own, from bytecode as an installed package has it."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Figures, measure, pair

SPEC = Path(__file__).resolve().parents[1] / "specs" / "quickstart.yaml"


def main() -> None:
    """``--help``, then the plan of the quickstart."""
    with TemporaryDirectory() as bytecode:
        # pip compiles what it installs; a checkout is compiled at every start where writing bytecode is turned off.
        environment = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode}
        for arguments in (["--help"], ["plan", str(SPEC)]):

            def ours(arguments: list[str] = arguments) -> Figures:
                return measure([sys.executable, "-m", "flux_batch", *arguments], environment)

            def floor() -> Figures:
                return measure([sys.executable, "-c", "pass"], environment)

            ours()
            print(f"flux-batch {' '.join(Path(word).name for word in arguments)}")
            pair(ours, floor, rounds=15)


if __name__ == "__main__":
    main()
