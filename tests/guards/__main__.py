"""``python -m tests.guards``: every guard, and the tests that turn red without it, as a table."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .checker import Finding, Guard, examined, prepare
from .guards import GUARDS


def findings(folder: Path, guards: Sequence[Guard]) -> Iterator[Finding]:
    """What came of each guard, in the order of the table."""
    with examined(prepare(folder, guards), guards) as found:
        yield from (future.result() for future in found)


def row(finding: Finding) -> str:
    """One line of the table."""
    red = ", ".join(test.rpartition("::")[2] for test in finding.red) or "-"
    where = finding.guard.file.removeprefix("flux_batch/")
    told = f"{finding.guard.name:66} {where:22} {finding.seconds:4.1f} s  {red}"
    return f"{told}\n    NOT NOTICED: {finding.trouble}" if finding.trouble else told


def main() -> int:
    """Print it, or only as many of its first lines as were asked for; 1 when a guard could be taken out unnoticed."""
    guards = GUARDS[: int(sys.argv[1])] if sys.argv[1:] else GUARDS
    noticed = 0
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        for finding in findings(Path(folder).resolve(), guards):
            noticed += not finding.trouble
            sys.stdout.write(f"{row(finding)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(guards)} guards removed, {noticed} noticed\n")
    return 0 if noticed == len(guards) else 1


if __name__ == "__main__":
    sys.exit(main())
