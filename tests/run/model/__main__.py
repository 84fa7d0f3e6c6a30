"""``python -m tests.run.model``: what the model checker explored and found, and whether it is as it must be."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .checker import Exploration, check
from .scenarios import ADMITTED, SAFE, UNSAFE

Found = tuple[str, Exploration]


def row(found: Found) -> str:
    """One line of the table."""
    name, seen = found
    return f"{name:52} {seen.states:9,} {seen.transitions:11,}  {', '.join(seen.violations) or '-'}\n"


def told(found: Found) -> Found:
    """The same, printed as soon as it is there."""
    sys.stdout.write(row(found))
    sys.stdout.flush()
    return found


def summed_up(safe: Sequence[Found], admitted: Sequence[Found], unsafe: Sequence[Found]) -> str:
    """The table in one line."""
    states = [seen.states for _, seen in safe]
    wrong = sum(bool(seen.violations) for _, seen in safe)
    return (
        f"{len(safe)} safe scenarios of {min(states):,} to {max(states):,} states, {sum(states):,} in all, "
        f"{wrong} violated; {_caught(unsafe)} unsafe policies found, {_caught(admitted)} settings beyond the promise "
        "seen to break it\n"
    )


def _caught(found: Sequence[Found]) -> str:
    return f"{sum(bool(seen.violations) for _, seen in found)} of {len(found)}"


def main() -> int:
    """Print it; 1 where a safe protocol is violated, or where what must be found is not."""
    sys.stdout.write(f"{'scenario':52} {'states':>9} {'transitions':>11}  violations\n")
    safe = [told((scenario.name, check(scenario))) for scenario in SAFE]
    admitted = [told((scenario.name, check(scenario))) for scenario in ADMITTED]
    unsafe = [told((f"unsafe: {policy.name}", check(policy.scenario, policy.stepper))) for policy in UNSAFE]
    sys.stdout.write(summed_up(safe, admitted, unsafe))
    good = not any(seen.violations for _, seen in safe) and all(seen.violations for _, seen in (*admitted, *unsafe))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
