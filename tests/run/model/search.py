"""Histories that nobody has tried yet: the state machines of this folder, at random and for as long as is asked for.

python -m tests.run.model.search --histories 1000     exits 1 with the shortest history that breaks a promise
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from .test_machine import ForgottenRuns, Runs

STEPS: Final = 25


def search(machine: type[Runs], histories: int) -> tuple[int, int]:
    """How many histories were lived through, and how often everything that must hold was looked at."""
    lived = checks = 0

    class Counted(machine):  # type: ignore[misc, valid-type]
        def teardown(self) -> None:
            nonlocal lived
            lived += 1
            super().teardown()

        def check_money(self, *seen: object) -> None:
            nonlocal checks
            checks += 1
            super().check_money(*seen)

    Counted.__name__ = Counted.__qualname__ = machine.__name__
    run_state_machine_as_test(Counted, settings=_settings(histories))
    return lived, checks


def _settings(histories: int) -> settings:
    return settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )


def main() -> int:
    """1 where a history breaks a promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=1000, help="for each of the two machines (default 1000)")
    histories = parser.parse_args().histories
    lived = checks = 0
    for machine in (Runs, ForgottenRuns):
        more, looks = search(machine, histories)
        lived, checks = lived + more, checks + looks
    told = f"{lived:,} random histories of up to {STEPS} rules, looked at {checks:,} times: 0 violations"
    sys.stdout.write(f"{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
