"""Whole runs through real sockets: what is bought, stored, skipped, and what a second run does."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from flux_batch.errors import BalanceTooLow, OverBudget, RefusedToSpend, StateUnusable
from flux_batch.plan.choosing.select import Selection
from flux_batch.run.records import Phase
from flux_batch.run.store.state import FILE
from flux_batch.simulator import fault

from .conftest import MakeBench
from .kit import CHAIN, KEY, MATRIX, QUICK, Bench, only, plan_of, stored, usd


def test_every_image_is_stored_and_billed_once(bench: Bench) -> None:
    """A matrix of twelve ends with twelve files, twelve bills and the sum spent."""
    outcome = bench.run(MATRIX)
    assert only(outcome.phases, Phase.STORED)
    assert stored(outcome) == 12
    assert set(bench.bills().values()) == {1}
    assert outcome.spent == outcome.spent_now == outcome.observed == usd("0.48")
    assert (outcome.bought, outcome.observed_unit) == (12, usd("0.04"))


def test_stored_files_are_what_the_state_says(bench: Bench) -> None:
    """Every file has the bytes, the size and the shape that its record promises."""
    bench.run(MATRIX)
    for entry in bench.view().entries:
        file = entry.purchase.file
        assert file is not None
        data = (bench.folder / file.path).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.bytes)
        with Image.open(bench.folder / file.path) as image:
            assert image.size == (file.width, file.height)
        wide, high = (int(side) for side in entry.task.size.split(":"))
        assert file.width / file.height == pytest.approx(wide / high, rel=0.03)


def test_a_second_run_sends_nothing_and_changes_no_byte(bench: Bench) -> None:
    """A finished run, run again, makes no request and leaves every file as it was."""
    bench.run(MATRIX)
    before, requests = _bytes_below(bench.folder), dict(bench.simulator.log.counts)
    outcome = bench.run(MATRIX)
    assert only(outcome.phases, Phase.STORED)
    assert _bytes_below(bench.folder) == before
    assert dict(bench.simulator.log.counts) == requests


def test_an_edited_prompt_buys_only_what_changed(bench: Bench) -> None:
    """One changed value buys its images; the others are reused, and the old ones are kept."""
    bench.run(MATRIX)
    outcome = bench.run(MATRIX.replace("blue", "teal"))
    assert stored(outcome) == 12
    assert outcome.spent_now == usd("0.16")
    assert len(list((bench.folder / "images").rglob("*.jpg"))) == 16
    assert sum(not entry.wanted for entry in bench.view().entries) == 4


def test_a_new_image_never_overwrites_an_old_one(bench: Bench) -> None:
    """The same place in the matrix, bought for another prompt, gets a name of its own."""
    bench.run(MATRIX)
    old = {path: path.read_bytes() for path in (bench.folder / "images").rglob("*.jpg")}
    bench.run(MATRIX.replace('"a {{', '"one {{'))
    assert all(path.read_bytes() == data for path, data in old.items())
    assert len(list((bench.folder / "images").rglob("*.jpg"))) == 24


def test_a_chain_of_three_edits_its_parents_results(bench: Bench) -> None:
    """Each link is sent the result of the one before it, and nothing is uploaded."""
    outcome = bench.run(CHAIN)
    assert stored(outcome) == 6
    assert bench.requests("upload") == 0
    assert set(bench.bills().values()) == {1}


def test_a_parents_expired_result_is_uploaded_from_disk(make_bench: MakeBench) -> None:
    """When the parent's URL is near its end, its stored file is uploaded once and used instead."""
    bench = make_bench(url_life=60.0)
    outcome = bench.run(CHAIN)
    assert stored(outcome) == 6
    assert bench.requests("upload") == 4


def test_a_shared_reference_is_uploaded_once(bench: Bench) -> None:
    """Many tasks with one local file make one upload."""
    Image.new("RGB", (64, 64), "orange").save(bench.home / "logo.png")
    text = MATRIX + "    reference: logo.png\n"
    assert stored(bench.run(text)) == 12
    assert bench.requests("upload") == 1


def test_the_same_request_twice_is_bought_once_and_shown_twice(bench: Bench) -> None:
    """Two jobs with one request share one purchase."""
    text = """
        version: 1
        name: twins
        jobs:
          one: {prompt: "a red mug", ratios: ["1:1"]}
          two: {prompt: "a red mug", ratios: ["1:1"]}
    """
    outcome = bench.run(text)
    assert sum(bench.bills().values()) == 1
    assert stored(outcome) == 2
    assert len({entry.purchase.file for entry in bench.view().entries}) == 1


def test_a_failed_parent_skips_its_edits_with_that_reason(make_bench: MakeBench) -> None:
    """What cannot be made is failed, what depended on it is skipped, the rest is stored; failures cost nothing."""
    bench = make_bench(fault("fail", where="submit", prompt="a plant"))
    outcome = bench.run(CHAIN)
    assert outcome.phases == {Phase.STORED: 3, Phase.FAILED: 1, Phase.SKIPPED: 2}
    assert outcome.spent == usd("0.12")
    skipped = [entry.purchase.failure for entry in bench.view().entries if entry.purchase.phase is Phase.SKIPPED]
    assert {failure.code for failure in skipped if failure} == {"parent_failed"}


def test_retry_failed_buys_again_and_revives_the_chain(make_bench: MakeBench) -> None:
    """A failed task is asked again only when told to, and its edits follow."""
    bench = make_bench(fault("fail", where="submit", prompt="a plant", times=1))
    bench.run(CHAIN)
    assert bench.run(CHAIN).phases[Phase.FAILED] == 1
    outcome = bench.run(CHAIN, retry_failed=True)
    assert only(outcome.phases, Phase.STORED)
    assert outcome.spent == usd("0.24")


def test_a_refused_prompt_is_a_row_and_not_the_end(make_bench: MakeBench) -> None:
    """422 refuses one image with the provider's words; the others are made."""
    bench = make_bench(fault("policy", where="submit", prompt="red mug"))
    outcome = bench.run(MATRIX)
    assert outcome.phases == {Phase.STORED: 10, Phase.REFUSED: 2}
    refused = [entry.purchase.failure for entry in bench.view().entries if entry.purchase.phase is Phase.REFUSED]
    assert {failure.code for failure in refused if failure} == {"content_policy_violation"}


def test_concurrency_is_respected(bench: Bench) -> None:
    """Never more images in flight than allowed."""
    bench.run(MATRIX, concurrency=3)
    assert bench.simulator.log.to_json(0)["peak_at_once"]["submit"] <= 3


def test_only_selected_images_are_bought(bench: Bench) -> None:
    """A selection buys its images and their parents; the rest stays planned."""
    outcome = bench.run(CHAIN, selection=Selection(only="job == 'winter' and thing == 'mug'"))
    assert stored(outcome) == 2
    assert sum(bench.bills().values()) == 2
    assert sum(entry.purchase.phase is Phase.PLANNED for entry in bench.view().entries) == 4


def test_an_unknown_status_word_is_not_final(make_bench: MakeBench) -> None:
    """A status nobody has heard of is waited out."""
    bench = make_bench(fault("word", where="status", word="moderated", first=5), early_words=True)
    assert stored(bench.run(MATRIX)) == 12


def test_older_answer_shapes_are_read(make_bench: MakeBench) -> None:
    """``task_id`` instead of ``id`` and a top-level ``url`` work as well."""
    bench = make_bench(task_id_key=True, url_on_top=True)
    assert stored(bench.run(MATRIX)) == 12


class TestMoney:
    """No budget is passed, and nothing is sent when it would be."""

    def test_a_plan_over_budget_sends_nothing(self, bench: Bench) -> None:
        """The whole plan is refused before the first request."""
        with pytest.raises(OverBudget, match=r"0\.48.*budget"):
            bench.run(MATRIX + "    budget: {max: 0.40}\n")
        assert sum(bench.simulator.log.counts.values()) == 0

    def test_max_cost_limits_one_run(self, bench: Bench) -> None:
        """``--max-cost`` refuses a dearer plan and lets a fitting one pass."""
        with pytest.raises(OverBudget, match="max-cost"):
            bench.run(MATRIX, max_cost=usd("0.47"))
        assert stored(bench.run(MATRIX, max_cost=usd("0.48"))) == 12

    def test_a_budget_counts_what_was_spent_before(self, bench: Bench) -> None:
        """Money of earlier runs in the folder counts."""
        bench.run(MATRIX)
        with pytest.raises(OverBudget, match="spent already"):
            bench.run(MATRIX.replace("blue", "teal") + "    budget: {max: 0.50}\n")

    def test_a_short_balance_sends_no_submit(self, make_bench: MakeBench) -> None:
        """An account that holds less than the plan costs is not begun with."""
        bench = make_bench(balance=Decimal("0.10"))
        with pytest.raises(BalanceTooLow, match=r"0\.1"):
            bench.run(MATRIX)
        assert bench.requests("submit") == 0

    def test_a_balance_that_cannot_be_read_is_said(self, make_bench: MakeBench) -> None:
        """A broken balance page stops nothing."""
        bench = make_bench(fault("error", where="balance", status=500))
        assert stored(bench.run(MATRIX)) == 12
        assert any("balance" in message for message in bench.watcher.said)

    def test_an_empty_account_mid_run_stops_submits_and_keeps_the_rest(self, make_bench: MakeBench) -> None:
        """402 stops buying at once; what was bought is stored, and the next run goes on."""
        bench = make_bench(fault("empty_balance", where="submit", after=5, times=1))
        outcome = bench.run(MATRIX, concurrency=2)
        assert outcome.stopped is not None
        assert stored(outcome) + outcome.phases[Phase.PLANNED] == 12
        assert stored(outcome) >= 5
        assert bench.requests("submit") <= 7
        assert stored(bench.run(MATRIX)) == 12
        assert set(bench.bills().values()) == {1}


ONE_OF_MANY = 'version: 1\nname: matrix\nprompt: a mug\nratios: ["1:1"]\n'
MANY = 'version: 1\nname: matrix\nprompt: a mug\nratios: ["1:1"]\nrepeat: 12\nbudget: {budget}\n'


class TestARefusalBringsHomeWhatIsPaidFirst:
    """Results live for a day, and a budget that does not fit or an empty account may last longer."""

    def test_over_the_budget(self, make_bench: MakeBench) -> None:
        """The image under way is stored and nothing more is sent; then the refusal."""
        bench = _left_alone(make_bench(fault("stall", seconds=1.5)))
        with pytest.raises(OverBudget):
            bench.run(MANY.format(budget="0.10"))
        assert [entry.purchase.phase for entry in bench.view().entries] == [Phase.STORED]
        assert bench.requests("submit") == 1
        assert bench.watcher.said[-1].startswith("1 image is under way")

    def test_an_unfinished_list_is_not_bought_on(self, make_bench: MakeBench) -> None:
        """What was planned before and not sent stays planned."""
        bench = make_bench(fault("stall", seconds=1.5, first=1), fault("empty_balance", where="submit", after=1))
        bench.rules = replace(QUICK, patience=0.3)
        bench.run(MANY.format(budget="5.00"), concurrency=1)
        bench.rules = QUICK
        with pytest.raises(OverBudget):
            bench.run(MANY.format(budget="0.10").replace("a mug", "a cup"))
        phases = [entry.purchase.phase for entry in bench.view().entries]
        assert (phases.count(Phase.STORED), phases.count(Phase.PLANNED)) == (1, 11)
        assert bench.requests("submit") == 2

    def test_an_empty_account(self, make_bench: MakeBench) -> None:
        """The same; the report of it is written too."""
        bench = _left_alone(make_bench(fault("stall", seconds=1.5), balance=Decimal("0.06")))
        with pytest.raises(BalanceTooLow):
            bench.run(MANY.format(budget="5.00"))
        phases = [entry.purchase.phase for entry in bench.view().entries]
        assert phases.count(Phase.STORED) == 1
        assert bench.requests("submit") == 1

    def test_a_request_in_doubt_is_looked_up_and_never_sent_again(self, make_bench: MakeBench) -> None:
        """Not even where it is proven lost, for there is another to compare with: sending costs money."""
        bench = make_bench(fault("cut", where="submit", billed=False, after=1, times=1))
        bench.rules = replace(QUICK, patience=0.5, settle=30.0)
        outcome = bench.run(ONE_OF_MANY + "repeat: 2\n", concurrency=1)
        assert outcome.phases == {Phase.STORED: 1, Phase.UNCERTAIN: 1}
        bench.rules = QUICK
        with pytest.raises(OverBudget):
            bench.run(MANY.format(budget="0.10"))
        assert {entry.purchase.phase for entry in bench.view().entries} == {Phase.STORED, Phase.HELD}
        assert bench.requests("submit") == 2


def _left_alone(bench: Bench) -> Bench:
    """One image, submitted and given up waiting for."""
    bench.rules = replace(QUICK, patience=0.3)
    assert bench.run(ONE_OF_MANY).phases == {Phase.SUBMITTED: 1}
    bench.rules = QUICK
    return bench


def test_another_key_is_refused_while_images_are_under_way(make_bench: MakeBench, tmp_path: Path) -> None:
    """An unfinished run goes on only with the key it was begun with."""
    bench = make_bench(fault("cut", where="submit", first=1), fault("hide", where="submit", first=1))
    one = 'version: 1\nname: one\nprompt: a mug\nratios: ["1:1"]\n'
    outcome = bench.run(one)
    assert outcome.phases == {Phase.UNCERTAIN: 1}
    spec = bench.spec(one)
    with pytest.raises(StateUnusable, match="another key"):
        bench.run_plan(spec, plan_of(spec), key=KEY + "-other")


def _bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_missing_reference_ends_its_images_only(bench: Bench) -> None:
    """A file that went away leaves its images planned and says so; everything else is bought."""
    Image.new("RGB", (64, 64), "orange").save(bench.home / "logo.png")
    text = """
        version: 1
        name: mixed
        jobs:
          branded: {prompt: "a branded mug", reference: logo.png}
          plain: {prompt: "a plain mug"}
    """
    spec = bench.spec(text)
    plan = plan_of(spec)
    logo = (bench.home / "logo.png").read_bytes()
    (bench.home / "logo.png").unlink()
    outcome = bench.run_plan(spec, plan)
    assert outcome.phases == {Phase.STORED: 1, Phase.PLANNED: 1}
    assert [reason.split(":")[0] for reason in outcome.left.values()] == ["logo.png"]
    (bench.home / "logo.png").write_bytes(logo)
    assert only(bench.run_plan(spec, plan).phases, Phase.STORED)


def test_a_paid_image_that_an_edit_dropped_is_brought_home(make_bench: MakeBench) -> None:
    """Killed while in flight, then edited away: still fetched, never bought again."""
    bench = make_bench(fault("stall", where="submit", seconds=1.0, first=12))
    bench.rules = replace(bench.rules, patience=0.2)
    assert bench.run(MATRIX).phases == {Phase.SUBMITTED: 12}
    bench.rules = replace(bench.rules, patience=30.0)
    outcome = bench.run(MATRIX.replace("[red, green, blue]", "[red]"))
    assert outcome.phases == {Phase.STORED: 4}
    assert sum(entry.purchase.phase is Phase.STORED for entry in bench.view().entries) == 12
    assert set(bench.bills().values()) == {1}


@pytest.mark.parametrize("kept", ["images", "manifest.json", "inputs"])
@pytest.mark.parametrize("left", [None, b""])
def test_without_its_state_file_a_run_is_not_bought_again(bench: Bench, kept: str, left: bytes | None) -> None:
    """Nobody knows then what is paid: it is refused, before anything is sent, and nothing is written over."""
    bench.run(MATRIX)
    state = bench.folder / FILE
    state.unlink()
    if left is not None:
        state.write_bytes(left)
    for each in ("images", "manifest.json", "inputs"):
        path = bench.folder / each
        if each != kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if kept == "manifest.json":
        (bench.folder / kept).write_text("{}", encoding="utf-8")
    with pytest.raises(StateUnusable, match=r"has no state\.sqlite"):
        bench.run(MATRIX)
    assert len(bench.simulator.ledger.entries) == 12
    assert (state.read_bytes() if state.exists() else None) == left


def test_an_older_copy_of_the_state_file_buys_nothing_again(bench: Bench) -> None:
    """What was bought since stands in the folder, and the copy knows nothing of it."""
    spec = bench.spec(MATRIX)
    bench.run_plan(spec, plan_of(spec, Selection(limit=4)))
    copy = (bench.folder / FILE).read_bytes()
    bench.run(MATRIX)
    (bench.folder / FILE).write_bytes(copy)
    with pytest.raises(RefusedToSpend, match=r"8 images are in .* does not know"):
        bench.run(MATRIX)
    assert len(bench.simulator.ledger.entries) == 12
    bench.run_plan(spec, plan_of(spec, Selection(limit=4)))
    for path in (bench.folder / "images").rglob("*.*"):
        path.unlink()
    bench.run(MATRIX)
    assert len(bench.simulator.ledger.entries) == 20
