"""Every order of failures there is, for one image: no double bill, no lost image, no dead end, and money for each bill.

``pytest -s`` tells how many states were explored, and the shortest traces of what the unsafe protocols do.
"""

from __future__ import annotations

import sys

import pytest

from flux_batch.run.protocol.events import Event, NoAnswer, NotFound, Seen
from flux_batch.run.protocol.machine import Moment, Rules, State, Step, step

from .checker import Exploration, Violation, check
from .scenarios import FORGETFUL, GAPS, HIDDEN, SAFE, UNSAFE, Unsafe
from .world import Scenario


def tell(name: str, found: Exploration) -> None:
    """Show what was explored."""
    sys.stdout.write(f"\n{name}: {found.states:,} states, {found.transitions:,} transitions\n")


def double_bill(scenario: Scenario) -> Violation:
    """The shortest way to a double bill in a scenario that has one."""
    found = check(scenario)
    tell(scenario.name, found)
    return found.violations["double bill"]


@pytest.mark.parametrize("scenario", SAFE, ids=lambda scenario: scenario.name)
def test_nothing_goes_wrong(scenario: Scenario) -> None:
    """No move whatever leads to a double bill, a lost image, a dead end or money that is not accounted for."""
    found = check(scenario)
    tell(scenario.name, found)
    assert not found.violations, "\n".join(map(str, found.violations.values()))
    assert found.states > 1000


@pytest.mark.parametrize("scenario", HIDDEN, ids=lambda scenario: scenario.name)
def test_what_is_hidden_for_longer_than_the_window_is_billed_twice(scenario: Scenario) -> None:
    """The checker sees the double bills that the design admits, by one unit of time."""
    violation = double_bill(scenario)
    assert violation.trace[-1].startswith(("POST: taken", "a late POST"))


@pytest.mark.parametrize("scenario", GAPS, ids=lambda scenario: scenario.name)
def test_a_control_that_does_not_ask_again_has_gaps(scenario: Scenario) -> None:
    """The 404s are older than the control: an answer on its way, or an index that came back, slips between them."""
    violation = double_bill(scenario)
    assert violation.trace[-2:] == ("control: passed", "POST: taken, reply lost or 5xx")


@pytest.mark.parametrize("scenario", FORGETFUL, ids=lambda scenario: scenario.name)
def test_what_the_control_cannot_see_is_billed_twice(scenario: Scenario) -> None:
    """A provider that forgets is no danger while it forgets in order, and one older task is asked for."""
    violation = double_bill(scenario)
    assert "the index forgets the task" in violation.trace
    assert violation.trace[-1].startswith("POST: taken")


@pytest.mark.parametrize("policy", UNSAFE, ids=lambda policy: policy.name)
def test_an_unsafe_protocol_is_found_out(policy: Unsafe) -> None:
    """What others do is caught by the same checker, which finds no fault in ours there."""
    found = check(policy.scenario, policy.stepper)
    tell(policy.name, found)
    violation = found.violations[policy.what]
    sys.stdout.write(f"{violation}\n")
    assert violation.trace[-1].startswith(policy.last)


def deaf(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """A protocol that takes every found task for a missing one."""
    return step(state, NotFound() if isinstance(event, Seen) and not state.purchase.remote_id else event, now, rules)


def speechless(state: State, event: Event, now: Moment, rules: Rules) -> Step:
    """A protocol that has no rule for a question without an answer."""
    if type(event) is NoAnswer:
        raise ValueError("no rule")
    return step(state, event, now, rules)


def test_an_image_that_never_comes_home_is_noticed() -> None:
    """Safe and useless: with hold nothing is billed twice, but what is paid is never stored."""
    hold = next(scenario for scenario in SAFE if "hold" in scenario.name)
    assert set(check(hold, deaf).violations) == {"paid, and never brought home"}


def test_an_event_without_a_rule_is_noticed() -> None:
    """An error in a step is a violation like any other."""
    violation = check(SAFE[0], speechless).violations["no rule"]
    assert violation.trace == ("prepared", "crash and restart")
