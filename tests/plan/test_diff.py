"""The difference to what is already done: what a run would do about every image, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flux_batch.plan.diff import changed_words, diff
from flux_batch.plan.records import Action, Change, Known, Plan, Task
from flux_batch.plan.select import Selection

from .kit import plan_of

SPEC = """\
    version: 1
    variables: {{product: {products}}}
    options: {{response_format: {format}}}
    jobs:
      hero:
        prompt: {prompt}
        reference: mug.png
        ratios: ["{ratio}"]
      edit:
        edit: hero
        prompt: Turn the season to winter
"""
USUAL = {"products": "[mug, pot]", "format": "png", "prompt": "Put a {{ product }} on linen", "ratio": "1:1"}


def plan(picture: str = "pixels", selection: Selection | None = None, **changes: str) -> Plan:
    """The usual plan with some changes."""
    return plan_of(SPEC.format(**{**USUAL, **changes}), {"mug.png": picture}, selection)


def known(plan: Plan, phase: str = "stored", *, wanted: bool = True) -> dict[str, Known]:
    """What the state file says when all of a plan stands in one phase."""
    return {key: Known(task=task, phase=phase, wanted=wanted) for key, task in plan.purchases().items()}


def told(changes: tuple[Change, ...]) -> list[tuple[str, str]]:
    """Action and reason, image by image."""
    return [(change.action.value, change.reason) for change in changes]


def test_at_first_everything_is_new() -> None:
    """And says no more than that."""
    assert told(diff(plan(), {})) == [("new", "not bought yet")] * 4


def test_what_is_stored_is_reused() -> None:
    """Nothing is bought twice."""
    assert told(diff(plan(), known(plan()))) == [("reused", "the same request is already stored")] * 4


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        ("intent", "perhaps sent, will be looked up"),
        ("uncertain", "perhaps sent, will be looked up"),
        ("held", "perhaps sent, waits for a decision"),
        ("submitted", "already paid, not stored yet"),
        ("ready", "already paid, not stored yet"),
    ],
)
def test_what_is_under_way_is_finished(phase: str, reason: str) -> None:
    """Not bought again, whatever was asked for."""
    for retry in (False, True):
        assert told(diff(plan(), known(plan(), phase), retry_failed=retry)) == [("resume", reason)] * 4


@pytest.mark.parametrize("phase", ["failed", "refused"])
def test_what_failed_waits_for_a_word(phase: str) -> None:
    """Only ``--retry-failed`` asks again."""
    before = known(plan(), phase)
    assert told(diff(plan(), before)) == [("failed", f"{phase} before; --retry-failed asks again")] * 4
    assert told(diff(plan(), before, retry_failed=True)) == [("new", f"{phase} before, asked again")] * 4


@pytest.mark.parametrize("phase", ["planned", "skipped"])
def test_what_was_never_sent_is_new(phase: str) -> None:
    """A plan is no purchase, nor is an edit whose parent failed."""
    assert told(diff(plan(), known(plan(), phase))) == [("new", "not bought yet")] * 4
    other = known(plan(prompt="Put the {{ product }} on oak"), phase)
    assert told(diff(plan(), other)) == [("new", "not bought yet")] * 4


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"prompt": "Put a {{ product }} on oak"}, "prompt changed: “linen” → “oak”"),
        ({"format": "jpg"}, "options changed: response_format png → jpg"),
        ({"picture": "other pixels"}, "reference image changed"),
    ],
)
def test_a_change_tells_what_changed(changes: dict[str, str], reason: str) -> None:
    """At the same place in the matrix; what starts from it changes with it."""
    after = plan(selection=None, **changes)
    found = told(diff(after, known(plan())))
    assert found[:2] == [("new", reason)] * 2
    follow = reason if "options" in reason else "its parent changed"
    assert found[2:4] == [("new", follow)] * 2
    assert found[4:] == [("removed", "no longer wanted; its image is kept")] * 4


def test_options_that_come_and_go_are_named() -> None:
    """As YAML writes them."""
    before = plan()
    after = plan(format="png, safety_tolerance: 2, prompt_upsampling: true")
    reason = "options changed: safety_tolerance unset → 2, prompt_upsampling unset → true"
    assert told(diff(after, known(before)))[0] == ("new", reason)


def test_a_size_that_changes_under_one_label_is_named() -> None:
    """An edit that keeps its parent's ratio label but no longer its size."""
    (task, *_) = plan().tasks
    before = replace(task, size="16:9", key="0" * 64)
    changes = diff(plan(), {before.key: Known(task=before, phase="stored")})
    assert changes[0].reason == "size changed from 16:9 to 1:1"


def test_another_ratio_is_another_place() -> None:
    """It is simply not there yet, and the old one is not wanted any more."""
    found = told(diff(plan(ratio="16:9"), known(plan())))
    assert found == [("new", "not bought yet")] * 4 + [("removed", "no longer wanted; its image is kept")] * 4


def test_only_the_values_that_are_new_are_bought() -> None:
    """One more product: its images; one less: nothing."""
    found = told(diff(plan(products="[mug, pot, tray]"), known(plan())))
    assert [action for action, _ in found] == ["reused", "reused", "new"] * 2
    found = told(diff(plan(products="[pot]"), known(plan())))
    assert [action for action, _ in found] == ["reused", "reused", "removed", "removed"]


def test_going_back_to_an_old_prompt_buys_nothing() -> None:
    """Its images are still there."""
    old, new = plan(), plan(prompt="Put a {{ product }} on oak")
    state = {**known(old, wanted=False), **known(new)}
    assert {change.action for change in diff(old, state)} == {Action.REUSED, Action.REMOVED}


def test_what_was_retired_before_is_no_news() -> None:
    """Only what the spec wanted until now can stop being wanted."""
    old, new = plan(), plan(prompt="Put a {{ product }} on oak")
    assert (
        told(diff(new, {**known(old, wanted=False), **known(new)}))
        == [("reused", "the same request is already stored")] * 4
    )


def test_what_is_retired_says_what_is_kept() -> None:
    """An image; one still on its way; or nothing, and then it is not counted."""
    new = plan(prompt="Put a {{ product }} on oak")
    reasons = {
        phase: [reason for action, reason in told(diff(new, known(plan(), phase))) if action == "removed"]
        for phase in ("stored", "submitted", "uncertain", "failed", "refused", "planned", "skipped")
    }
    assert {phase: len(found) for phase, found in reasons.items() if found} == {
        "stored": 4,
        "submitted": 4,
        "uncertain": 4,
    }
    assert reasons["submitted"][0] == "no longer wanted; already sent, not stored yet"


def test_a_plan_never_bought_does_not_hide_what_was() -> None:
    """The reason compares with the last purchase at that place, not with the last idea."""
    bought, idea = plan(), plan(prompt="Put a {{ product }} on oak")
    state = {**known(bought, wanted=False), **known(idea, "planned")}
    found = told(diff(plan(prompt="Put a {{ product }} on slate"), state))
    assert found[0] == ("new", "prompt changed: “linen” → “slate”")


def test_a_selection_speaks_of_its_own_images_only() -> None:
    """What it leaves out is neither new nor removed."""
    found = diff(plan(selection=Selection(only="product == 'mug' and job == 'hero'")), {})
    assert told(found) == [("new", "not bought yet")]
    chosen = plan(selection=Selection(only="product == 'mug'"))
    assert len(diff(chosen, known(plan()))) == 2


def test_twins_are_one_change() -> None:
    """Bought once, told once."""
    twins = plan_of("version: 1\nprompt: a\njobs: {one: {}, two: {}}\n")
    assert len(diff(twins, {})) == 1


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("a mug on linen", "a mug on oak", "“linen” → “oak”"),
        ("a mug on linen", "a green mug on linen", "“” → “green”"),
        ("a green mug on linen", "a mug on linen", "“green” → “”"),
        ("a mug a mug", "a mug", "“a mug” → “”"),
        ("one two three", "four five", "“one two three” → “four five”"),
        ("a b c d", "a x c y", "“b c d” → “x c y”"),
    ],
)
def test_changed_words(before: str, after: str, words: str) -> None:
    """Without what both share at their ends."""
    assert changed_words(before, after) == words


def test_many_changed_words_are_shortened() -> None:
    """A reason is a line, not a page."""
    words = changed_words("x " * 100, "y " * 100)
    assert len(words) < 130
    assert words.count("…") == 2


def test_tasks_keep_their_order() -> None:
    """Changes stand as the images do."""
    made = plan()
    first: list[Task] = list(made.purchases().values())
    assert [change.key for change in diff(made, {})] == [task.key for task in first]
