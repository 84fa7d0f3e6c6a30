"""``python -m tests.run.model``: what the model checker explored and found, as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from .checker import Exploration, check
from .scenarios import GAPS, HIDDEN, SAFE, UNSAFE


def row(name: str, found: Exploration) -> str:
    """One line of the table."""
    return f"{name:52} {found.states:9,} {found.transitions:11,}  {', '.join(found.violations) or '-'}"


def rows() -> Iterator[str]:
    """The table, line by line."""
    yield f"{'scenario':52} {'states':>9} {'transitions':>11}  violations"
    for scenario in (*SAFE, *HIDDEN, *GAPS):
        yield row(scenario.name, check(scenario))
    for policy in UNSAFE:
        yield row(f"unsafe: {policy.name}", check(policy.scenario, policy.stepper))


def main() -> None:
    """Print it."""
    for line in rows():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
