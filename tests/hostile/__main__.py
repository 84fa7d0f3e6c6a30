"""``python -m tests.hostile``: try every bad input of the suite, and say how many there were and what became of them.

It runs the tests that hold the inputs. A parametrised test counts each of its cases; where one case tries many texts,
``INSIDE`` says how many, read from the tables themselves. What Hypothesis invents is not counted.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Final

import pytest

from tests.hostile.characters import SEQUENCES
from tests.hostile.markup import PAYLOADS

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "bad specs": ("tests/spec/test_bad.py",),
    "YAML bombs": ("tests/spec/test_hostile.py::test_bombs_are_refused_soon",),
    "template attacks": (
        "tests/plan/test_template.py::test_an_attack_is_refused_before_anything_of_it_runs",
        "tests/plan/test_template.py::test_conditions_are_no_way_around",
        "tests/plan/test_template.py::test_nothing_is_there_that_the_spec_did_not_bring",
    ),
    "template bombs": ("tests/plan/test_template.py::test_a_bomb_is_refused_at_once",),
    "bad keys": ("tests/api/test_settings.py::test_a_bad_key_is_refused_without_being_repeated",),
    "bad addresses": (
        "tests/api/test_files.py::test_other_addresses_are_not",
        "tests/api/test_files.py::test_this_machine_is_not_the_public_web",
        "tests/api/test_files.py::test_this_network_is_not_the_public_web",
        "tests/api/test_files.py::test_only_https_is_fetched",
        "tests/api/test_files.py::test_an_address_that_is_none_is_an_error_of_ours",
        "tests/api/test_files.py::test_a_redirect_may_not_lead_just_anywhere",
    ),
    "paths and names": (
        "tests/spec/test_files.py",
        "tests/plan/test_naming.py::test_a_bad_name_is_refused_never_repaired",
        "tests/plan/test_naming.py::test_what_no_yaml_can_bring_is_refused_too",
        "tests/run/test_download.py::test_a_link_in_the_way_is_not_followed",
    ),
    "odd images": ("tests/run/test_picture.py",),
    "texts on the page": ("tests/report/test_fuzz.py",),
    "texts on the terminal": ("tests/cli/test_terminal.py",),
}

INSIDE: Final = {
    "test_every_payload_is_text_in_every_place": len(PAYLOADS),
    "test_every_payload_is_text_without_a_script": len(PAYLOADS),
    "test_every_payload_is_harmless_as_a_search_and_in_the_address": len(PAYLOADS),
}
"""Test → the texts that its one case tries."""


class Tally:
    """Counts what pytest did, group by group."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.bad: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for each phase of each test; a skipped one was not tried."""
        if report.failed:
            self.bad.append(report.nodeid)
        elif report.when == "call" and report.passed:
            name = report.nodeid.rpartition("::")[2].partition("[")[0]
            self.tried[group_of(report.nodeid)] += INSIDE.get(name, 1)


def group_of(nodeid: str) -> str:
    """The group a test was asked for under."""
    found = [group for group, tests in GROUPS.items() if any(_within(nodeid, test) for test in tests)]
    return found[0] if found else "other"


def _within(nodeid: str, test: str) -> bool:
    return nodeid == test or nodeid.startswith((f"{test}[", f"{test}::"))


def main() -> int:
    """Try them all; 0 when every one was refused or shown harmlessly."""
    tally = Tally()
    chosen = [test for tests in GROUPS.values() for test in tests]
    code = pytest.main(
        ["-q", "--no-header", "-p", "no:cacheprovider", "-W", "ignore:Module already imported", *sys.argv[1:], *chosen],
        plugins=[tally],
    )
    for group in GROUPS:
        print(f"{tally.tried[group]:>6,}  {group}")  # noqa: T201
    total, empty = sum(tally.tried.values()), [group for group in GROUPS if not tally.tried[group]]
    verdict = f"{len(tally.bad)} tests FAILED" if tally.bad else "all refused or shown harmlessly"
    print(f"{total:,} bad inputs in {len(tally.tried)} groups ({len(SEQUENCES)} kinds of terminal text): {verdict}")  # noqa: T201
    print("".join(f"not tried: {group}\n" for group in empty), end="")  # noqa: T201
    return 1 if code or tally.bad or empty else 0


if __name__ == "__main__":
    sys.exit(main())
