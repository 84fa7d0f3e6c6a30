"""A plan in a file: the same again, or a reason why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flux_batch import __version__
from flux_batch.errors import PlanMoved, UsageError
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.codec import file_to_json, price_from_json, price_to_json, task_from_json, task_to_json
from flux_batch.plan.indented import indented
from flux_batch.plan.records import Plan
from flux_batch.plan.saved import Applied, check_unapplied, check_unmoved, is_saved_plan, plan_to_json, read_saved_plan
from flux_batch.plan.totals.prices import TABLE
from flux_batch.spec.records import InputFile

from .kit import Folder, plan_of

SPEC = """\
    version: 1
    name: spring
    reference: "{{ product }}.png"
    prompt: Put it on linen
    variables: {product: [mug, pot]}
    models: [flux-kontext-pro, flux-kontext-max]
    options: {response_format: png, prompt_upsampling: true}
"""
FILES = {"mug.png": "mug", "pot.png": "pot"}
SELECTION = Selection(only="product == 'mug'")


def plan(files: dict[str, str] | None = None, spec: str = SPEC) -> Plan:
    """The plan as it is made now."""
    return plan_of(spec, FILES if files is None else files, SELECTION)


def save(folder: Path, made: Plan | None = None, **changes: Any) -> Path:
    """A plan file in a folder; ``changes`` are made to its top level."""
    value = plan_to_json(
        made or plan(), spec="../specs/spring.yaml", selection=SELECTION, settings=["budget.max=3"], out="../runs/x"
    )
    path = folder / "plan.json"
    path.write_text("".join(indented({**value, **changes}, 1)) + "\n", encoding="utf-8")
    return path


def test_a_plan_comes_back_as_it_was(tmp_path: Path) -> None:
    """Spec, selection, settings and folder; paths are relative to the file, so that both can move together."""
    saved = read_saved_plan(save(tmp_path))
    assert saved.spec == tmp_path / "../specs/spring.yaml"
    assert saved.out == tmp_path / "../runs/x"
    assert saved.selection == SELECTION
    assert saved.settings == ("budget.max=3",)
    check_unmoved(saved, plan())


def test_a_plan_without_a_folder_has_none(tmp_path: Path) -> None:
    """The default is chosen when it runs."""
    assert read_saved_plan(save(tmp_path, out=None)).out is None


MOVES: dict[str, tuple[Callable[[], Plan], str]] = {
    "spec": (lambda: plan(spec=f"# new\n{SPEC}"), "the spec was edited"),
    "reference": (lambda: plan({**FILES, "pot.png": "new"}), "the reference pot.png changed"),
    "both references": (
        lambda: plan({"mug.png": "new", "pot.png": "new"}),
        "the reference mug.png changed; the reference pot.png changed",
    ),
    "price": (
        lambda: replace(plan(), prices=(replace(TABLE[0], amount=Decimal("0.05")), TABLE[1])),
        "the price of flux-kontext-pro changed from $0.04 to $0.05",
    ),
    "selection": (
        lambda: replace(plan(), selected=frozenset()),
        "it expands to other images than before",
    ),
    "tasks": (
        lambda: replace(plan(), tasks=tuple(replace(task, stem=f"{task.stem}-x") for task in plan().tasks)),
        "it expands to other images than before",
    ),
}


@pytest.mark.parametrize("what", MOVES)
def test_what_moved_is_named_and_nothing_is_sent(what: str, tmp_path: Path) -> None:
    """A run does exactly what was promised, or refuses."""
    make, reason = MOVES[what]
    saved = read_saved_plan(save(tmp_path))
    with pytest.raises(PlanMoved) as caught:
        check_unmoved(saved, make())
    assert str(caught.value) == (f"the saved plan is not what would happen now: {reason}. Nothing was sent; plan again")
    assert caught.value.exit_code == 3


def test_everything_that_moved_is_named_at_once(tmp_path: Path) -> None:
    """The spec, a table it reads, a reference, a price, and ourselves."""
    table = InputFile(path="data/products.csv", sha256="a" * 64, bytes=1)
    made = replace(plan(), inputs=(table,))
    saved = read_saved_plan(save(tmp_path, made, version="0.0.1"))
    now = plan({**FILES, "pot.png": "new"}, spec=f"# new\n{SPEC}")
    prices = (replace(TABLE[0], amount=Decimal("0.05")), TABLE[1])
    with pytest.raises(PlanMoved) as caught:
        check_unmoved(saved, replace(now, inputs=(replace(table, sha256="b" * 64),), prices=prices))
    assert str(caught.value).removeprefix("the saved plan is not what would happen now: ").split("; ")[:-1] == [
        "the spec was edited",
        "data/products.csv changed",
        "the reference pot.png changed",
        "the price of flux-kontext-pro changed from $0.04 to $0.05",
        f"it was made by flux-batch 0.0.1, and this is {__version__}. Nothing was sent",
    ]


def test_another_version_that_makes_the_same_images_is_no_move(tmp_path: Path) -> None:
    """An update alone stops no run."""
    check_unmoved(read_saved_plan(save(tmp_path, version="0.0.1")), plan())


def test_a_plan_that_was_applied_belongs_to_that_run(tmp_path: Path) -> None:
    """It goes on there, and nowhere else."""
    note = {"folder": "../runs/x", "run": "abcd2345", "at": "2026-11-23T10:00:00Z"}
    saved = read_saved_plan(save(tmp_path, applied=note))
    assert saved.applied == Applied(**note)
    check_unapplied(saved, tmp_path, "abcd2345")
    for run_id, here in ((None, "there is no run"), ("zzzz9999", "is another run")):
        with pytest.raises(PlanMoved, match=rf"x \(run abcd2345\); in .* {here}, so it would buy everything twice"):
            check_unapplied(saved, tmp_path, run_id)
    check_unapplied(read_saved_plan(save(tmp_path)), tmp_path, None)


def test_a_saved_plan_gives_its_images_back(tmp_path: Path) -> None:
    """Those it selects; a damaged one says so."""
    assert {task.job for task in read_saved_plan(save(tmp_path)).tasks()} == {"main"}
    assert {task.key for task in read_saved_plan(save(tmp_path)).tasks()} == plan().selected
    with pytest.raises(UsageError, match="damaged"):
        read_saved_plan(save(tmp_path, promised={"selected": [], "tasks": [7]})).tasks()


def test_one_of_two_equal_references_changes(tmp_path: Path) -> None:
    """Each path is watched, although equal contents are uploaded once."""
    twins = {"mug.png": "same", "pot.png": "same"}
    saved = read_saved_plan(save(tmp_path, plan(twins)))
    with pytest.raises(PlanMoved, match=r"now: the reference mug\.png changed\. Nothing"):
        check_unmoved(saved, plan({**twins, "mug.png": "new"}))


def test_a_price_list_of_a_later_date_with_the_same_prices_is_no_move(tmp_path: Path) -> None:
    """Only amounts are promised."""
    saved = read_saved_plan(save(tmp_path))
    later = tuple(replace(price, date="2031-01-01", source="elsewhere") for price in TABLE)
    check_unmoved(saved, replace(plan(), prices=later))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"flux-batch plan"',
        "{}",
        '{"kind": "flux-batch plan"}',
        "version: 1\nprompt: a\n",
        "[" * 99_999,
    ],
)
def test_what_is_no_plan_is_a_usage_error(text: str, tmp_path: Path) -> None:
    """With the command that writes one."""
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"is not a plan; write one with: flux-batch plan SPEC -o "):
        read_saved_plan(path)


@pytest.mark.parametrize(
    "changes",
    [{"selection": {"olny": "n == 1"}}, {"selection": None}, {"settings": 7}, {"spec": 7}, {"out": 7}, {"applied": 7}],
)
def test_a_plan_with_odd_parts_is_none(changes: dict[str, Any], tmp_path: Path) -> None:
    """Somebody edited it."""
    with pytest.raises(UsageError, match="is not a plan"):
        read_saved_plan(save(tmp_path, **changes))


@pytest.mark.parametrize(
    "promised", [None, 7, {}, {"spec_sha256": "x"}, {"spec_sha256": "x", "tasks": [{}], "prices": []}]
)
def test_a_damaged_promise_is_a_usage_error(promised: Any, tmp_path: Path) -> None:
    """Not a bug of ours."""
    saved = read_saved_plan(save(tmp_path, promised=promised))
    with pytest.raises(UsageError, match="the saved plan is damaged; plan again"):
        check_unmoved(saved, plan())


def test_a_plan_of_a_later_format_says_so(tmp_path: Path) -> None:
    """It is a plan, but not for this version."""
    with pytest.raises(UsageError, match="is not a plan this version can run"):
        read_saved_plan(save(tmp_path, format=2))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Missing, or bytes that are no text."""
    with pytest.raises(UsageError, match="No such file"):
        read_saved_plan(tmp_path / "missing.json")
    (tmp_path / "plan.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not a plan"):
        read_saved_plan(tmp_path / "plan.json")


def test_a_saved_plan_is_told_from_a_spec_in_json(tmp_path: Path) -> None:
    """Both may be given to ``run``."""
    assert is_saved_plan(save(tmp_path))
    spec = tmp_path / "spec.json"
    spec.write_text('{"version": 1, "prompt": "a"}')
    assert not is_saved_plan(spec)
    assert not is_saved_plan(tmp_path / "missing.json")
    assert not is_saved_plan(tmp_path)
    (tmp_path / "plan.yaml").write_text((tmp_path / "plan.json").read_text())
    assert not is_saved_plan(tmp_path / "plan.yaml")


def test_records_survive_json() -> None:
    """Tasks with every kind of reference, prices, and files."""
    chain = plan_of("""\
        version: 1
        jobs:
          a: {prompt: "weiß 🫖", reference: "https://a.b/c.png"}
          b: {edit: a, prompt: b, options: {safety_tolerance: 6}}
        """)
    for task in (*plan().tasks, *chain.tasks, replace(plan().tasks[0], price=None, reference=None)):
        value = json.loads(json.dumps(task_to_json(task)))
        assert task_from_json(value) == task
        assert value["price"] in ("0.04", None)
    for price in TABLE:
        assert price_from_json(json.loads(json.dumps(price_to_json(price)))) == price
    assert file_to_json(Folder(FILES)("mug.png")) == {
        "path": "mug.png",
        "sha256": "a19ee2577879b76a5b98cb022b10b3e5c5d07122267089a0505cd9ca792d304f",
        "bytes": 3,
        "mime": "image/png",
        "width": 64,
        "height": 48,
    }
