"""The difference to what is already done: what a run would do about every image, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.difference.diff import diff
from flux_batch.plan.difference.differences import changed_words
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Action, Change, Known, Plan, Remembered, Task
from flux_batch.spec.load import load_spec

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


def told(changes: Iterable[Change]) -> list[tuple[str, str]]:
    """Action and reason, image by image."""
    return [(change.action.value, change.reason) for change in changes]


def test_at_first_everything_is_new() -> None:
    """And says no more than that."""
    assert told(diff(plan(), {})) == [("new", "not bought yet")] * 4


def test_who_wants_no_reasons_gets_the_same_actions_and_reads_nothing_back() -> None:
    """The money of a run asks for no more; its tasks stay in the state file."""

    def read() -> dict[str, Known]:
        raise AssertionError("nobody asked")

    before, after = plan(), plan(products="[mug, pot, jug]")
    stored = known(before)
    phases = {key: each.phase for key, each in stored.items()}
    quick = diff(after, Remembered(phases, read), explain=False)
    assert [change.action for change in quick] == [change.action for change in diff(after, stored)]
    assert {change.reason for change in quick} == {"not bought yet", "the same request is already stored"}


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
        ({"format": "jpg"}, "option changed: response_format png → jpg"),
        ({"picture": "other pixels"}, "reference changed: mug.png has other content"),
        ({"ratio": "16:9"}, "size changed: 1:1 → 16:9"),
    ],
)
def test_a_change_tells_what_changed(changes: dict[str, str], reason: str) -> None:
    """At the same place in the matrix; what starts from it changes with it."""
    after = plan(selection=None, **changes)
    found = told(diff(after, known(plan())))
    assert found[:2] == [("new", reason)] * 2
    follow = reason if "option" in reason else f"its parent changed: {reason}"
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
    assert changes[0].reason == "size changed: 16:9 → 1:1"


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
        ("a mug on linen", "a green mug on linen", "“green” added"),
        ("a green mug on linen", "a mug on linen", "“green” left out"),
        ("a mug a mug", "a mug", "“a mug” left out"),
        ("one two three", "four five", "“one two three” → “four five”"),
        ("a b c d", "a x c y", "“b” → “x”, “d” → “y”"),
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


EDITED = """\
    version: 1
    variables: {{product: {products}, scene: [linen, oak]}}
    jobs:
      {job}:
        prompt: "{{{{ product }}}} on {{{{ scene }}}}{light}"
        models: [{model}]
        ratios: ["1:1"]
        repeat: {repeat}
"""
PLAIN = {"products": "[mug, pot, tray]", "model": "flux-kontext-pro", "light": "", "job": "hero", "repeat": "1"}


def reasons(before: dict[str, str], after: dict[str, str]) -> Counter[str]:
    """Why the second plan buys what the first one did not."""
    old, new = (plan_of(EDITED.format(**{**PLAIN, **changes})) for changes in (before, after))
    return Counter(change.reason for change in diff(new, known(old)) if change.action is Action.NEW)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({}, {"products": "[cup, pot, tray]"}, {"prompt changed: “mug” → “cup”": 2}),
        ({}, {"products": "[mug, cup, tray]"}, {"prompt changed: “pot” → “cup”": 2}),
        ({}, {"products": "[pot, cup]"}, {"prompt changed: “tray” → “cup”": 2}),
        (
            {},
            {"products": "[cup, pot, bowl]"},
            {"prompt changed: “mug” → “cup”": 2, "prompt changed: “tray” → “bowl”": 2},
        ),
        ({}, {"products": "[mug, pot, tray, cup]"}, {"not bought yet": 2}),
        ({"repeat": "2"}, {"products": "[mug, pot, cup]", "repeat": "3"}, {"prompt changed: “tray” → “cup”": 4}),
        ({}, {"model": "flux-kontext-max"}, {"model changed: flux-kontext-pro → flux-kontext-max": 6}),
        ({}, {"job": "shop", "light": ", soft light"}, {"prompt changed: “linen” → “linen, soft light”": 3}),
        ({}, {"products": "{m: mug, p: pot, t: tray}"}, {}),
        ({}, {"products": "{m: a mug, p: pot, t: tray}"}, {"prompt changed: “a” added": 2}),
        (
            {},
            {"products": "[cup, pot, tray]", "model": "flux-kontext-max"},
            {"prompt changed: “mug” → “cup”; model changed: flux-kontext-pro → flux-kontext-max": 2},
        ),
    ],
)
def test_an_edited_value_is_told_by_what_it_was(
    before: dict[str, str], after: dict[str, str], found: dict[str, int]
) -> None:
    """The nearest image that is gone says what changed; what was only added has none."""
    told = reasons(before, after)
    assert {reason: told[reason] for reason in found} == found
    if not found:
        assert not told


def test_a_chain_says_what_changed_where_it_began() -> None:
    """Once, however long the way; what an image changed itself comes first."""
    text = """\
        version: 1
        jobs:
          base: {{prompt: a mug on {scene}}}
          season: {{edit: base, prompt: make it {season}}}
          banner: {{edit: season, prompt: widen it}}
        """
    old = plan_of(text.format(scene="linen", season="winter"))
    new = plan_of(text.format(scene="oak", season="spring"))
    assert [change.reason for change in diff(new, known(old))][:3] == [
        "prompt changed: “linen” → “oak”",
        "prompt changed: “winter” → “spring”; its parent changed: prompt changed: “linen” → “oak”",
        "its parent changed: prompt changed: “winter” → “spring”; prompt changed: “linen” → “oak”",
    ]


def test_everything_that_changed_is_said() -> None:
    """Not only the first of it."""
    after = plan("other pixels", prompt="Put a {{ product }} on oak", format="jpg", ratio="16:9")
    assert told(diff(after, known(plan())))[0][1] == (
        "prompt changed: “linen” → “oak”; size changed: 1:1 → 16:9; option changed: response_format png → jpg;"
        " reference changed: mug.png has other content"
    )


def test_another_reference_is_named() -> None:
    """Where it was, and where it is; one that came, and one that went."""
    text = "version: 1\nprompt: a\nratios: ['1:1']\n"
    files = {"a.png": "a", "b.png": "b"}
    none, a, b = (plan_of(text + more, files) for more in ("", "reference: a.png\n", "reference: b.png\n"))
    assert diff(b, known(a))[0].reason == "reference changed: a.png → b.png"
    assert diff(a, known(none))[0].reason == "reference changed: none → a.png"
    assert diff(none, known(a))[0].reason == "reference changed: a.png → none"


TABLE = "sku,name,finish\nM-01,sage mug,{finish}\nT-02,white pot,gloss\n"
SHEET = """\
version: 1
extends: house.yaml
variables: {product: {from: products.csv, label: sku}}
prompt: "{{ product.name }}, {{ product.finish }}, {{ light }}"
profiles: {final: {models: [flux-kontext-max]}}
"""


def written(folder: Path, *settings: str, finish: str = "matt", light: str = "soft light", spec: str = SHEET) -> Plan:
    """A plan from files: a table and a house style beside the spec."""
    (folder / "products.csv").write_text(TABLE.format(finish=finish))
    (folder / "house.yaml").write_text(f"version: 1\nvariables: {{light: {light}}}\nratios: ['1:1']\n")
    (folder / "spec.yaml").write_text(spec)
    return make_plan(load_spec(folder / "spec.yaml", settings))


@pytest.mark.parametrize(
    ("changes", "settings", "found"),
    [
        ({"finish": "raw"}, (), {"prompt changed: “matt,” → “raw,”": 1}),
        ({"light": "hard light"}, (), {"prompt changed: “soft” → “hard”": 2}),
        ({}, ("profile=final",), {"model changed: flux-kontext-pro → flux-kontext-max": 2}),
        ({"spec": SHEET.replace("label: sku", "label: name")}, (), {}),
    ],
)
def test_a_cell_a_house_style_a_profile_and_a_label(
    changes: dict[str, str], settings: tuple[str, ...], found: dict[str, int], tmp_path: Path
) -> None:
    """What changed outside of the spec's own text is told alike, and a renamed label buys nothing."""
    old = written(tmp_path)
    changed = diff(written(tmp_path, *settings, **changes), known(old))
    assert Counter(each.reason for each in changed if each.action is Action.NEW) == found
