"""Stored images held against the state file, and what a run does about those that are gone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from flux_batch.plan.choosing.select import Selection
from flux_batch.run.after.verify import Checked, Condition, is_intact, left_over, looks_intact, verify
from flux_batch.run.pace.clock import SystemClock
from flux_batch.run.records import Phase
from flux_batch.simulator import fault

from .kit import KEY, MATRIX, Bench, only, plan_of, usd


def check(bench: Bench) -> list[Checked]:
    """Everything that verify says of a bench's run."""
    return list(verify(bench.view(), bench.folder))


def image(bench: Bench, number: int = 0) -> Path:
    """One stored file, in the order of the plan."""
    file = bench.view().entries[number].purchase.file
    assert file is not None
    return bench.folder / file.path


def flip(path: Path) -> None:
    """Change the last byte, and nothing else."""
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def test_a_fresh_run_is_fine_and_in_the_order_of_the_plan(bench: Bench) -> None:
    """All twelve, as the spec lists them."""
    bench.run(MATRIX)
    found = check(bench)
    assert {each.condition for each in found} == {Condition.FINE}
    assert [each.entry.task.id for each in found] == [entry.task.id for entry in bench.view().entries]


def test_each_way_a_file_can_be_wrong(bench: Bench) -> None:
    """Gone, shorter, one bit different, a folder in its place: each is told apart."""
    bench.run(MATRIX)
    image(bench, 0).unlink()
    image(bench, 1).write_bytes(image(bench, 1).read_bytes()[:-10])
    flip(image(bench, 2))
    image(bench, 3).unlink()
    image(bench, 3).mkdir()
    found = check(bench)
    assert [(each.condition, each.seen_by_run) for each in found[:5]] == [
        (Condition.MISSING, True),
        (Condition.CHANGED, True),
        (Condition.CHANGED, False),
        (Condition.MISSING, True),
        (Condition.FINE, True),
    ]
    assert all(each.detail for each in found[:4])


def test_a_shared_file_is_read_once(bench: Bench) -> None:
    """Two images of one purchase are one file."""
    bench.run("""
        version: 1
        name: twins
        jobs:
          one: {prompt: "a red mug", ratios: ["1:1"]}
          two: {prompt: "a red mug", ratios: ["1:1"]}
    """)
    assert len(check(bench)) == 1


def test_parts_left_over_are_named(bench: Bench) -> None:
    """What a killed download left behind."""
    bench.run(MATRIX)
    (bench.folder / "images/lost.part").write_bytes(b"half")
    assert left_over(bench.folder) == ("images/lost.part",)


@pytest.mark.parametrize(
    ("change", "glance", "hash_"), [(None, True, True), (flip, True, False), (Path.unlink, False, False)]
)
def test_a_glance_sees_size_and_a_hash_sees_everything(change: object, glance: bool, hash_: bool, bench: Bench) -> None:
    """The cheap look and the full one."""
    bench.run(MATRIX)
    file = bench.view().entries[0].purchase.file
    assert file is not None
    if callable(change):
        change(image(bench))
    assert (looks_intact(file, bench.folder), is_intact(file, bench.folder)) == (glance, hash_)


class Hasty(SystemClock):
    """Real clocks whose long waits are short."""

    async def sleep(self, seconds: float) -> None:
        """At most a moment."""
        await asyncio.sleep(min(seconds, 0.02))


class TestMending:
    """A run brings home what is gone from the disk, and buys nothing for it."""

    def test_missing_and_shortened_files_are_fetched_again(self, bench: Bench) -> None:
        """No submit, no cent; the same bytes are there again, and a changed file is kept beside them."""
        bench.run(MATRIX)
        gone, short = image(bench, 0), image(bench, 1)
        bytes_before = [path.read_bytes() for path in (gone, short)]
        gone.unlink()
        short.write_bytes(b"short")
        submits = bench.requests("submit")
        outcome = bench.run(MATRIX)
        assert only(outcome.phases, Phase.STORED)
        assert (outcome.spent_now, outcome.spent) == (usd("0"), usd("0.48"))
        assert bench.requests("submit") == submits
        assert [image(bench, number).read_bytes() for number in (0, 1)] == bytes_before
        assert short.read_bytes() == b"short"
        assert {each.condition for each in check(bench)} == {Condition.FINE}
        assert bench.watcher.said == ["2 stored images are missing or changed: fetched again, not bought again"]

    def test_what_the_provider_no_longer_has_is_left_and_never_bought_again(self, bench: Bench) -> None:
        """It stays paid and not fetched, with that message, however often the run is repeated."""
        bench.run(MATRIX)
        image(bench).unlink()
        bench.simulator.faults.add(fault("expire", where="file"))
        bench.clock = Hasty()
        submits = bench.requests("submit")
        for _ in range(2):
            outcome = bench.run(MATRIX)
            assert outcome.phases == {Phase.STORED: 11, Phase.READY: 1}
            assert [reason.split(":")[0] for reason in outcome.left.values()] == ["paid, but not fetched"]
            assert outcome.spent == usd("0.48")
        assert bench.requests("submit") == submits

    def test_a_copy_put_back_is_taken_for_what_it_is(self, bench: Bench) -> None:
        """The right bytes end the matter without a request; other bytes of that length do not."""
        bench.run(MATRIX)
        path = image(bench)
        data = path.read_bytes()
        path.unlink()
        bench.simulator.faults.add(fault("expire", where="file"))
        bench.clock = Hasty()
        bench.run(MATRIX)
        path.write_bytes(data)
        flip(path)
        assert bench.run(MATRIX).phases[Phase.READY] == 1
        flip(path)
        requests = dict(bench.simulator.log.counts)
        assert only(bench.run(MATRIX).phases, Phase.STORED)
        assert dict(bench.simulator.log.counts) == requests

    def test_another_key_is_no_hindrance(self, bench: Bench) -> None:
        """What was stored once ties nobody to a key that is gone."""
        bench.run(MATRIX)
        image(bench).unlink()
        spec = bench.spec(MATRIX)
        assert only(bench.run_plan(spec, plan_of(spec), key=KEY + "-other").phases, Phase.STORED)

    def test_images_nobody_asks_for_may_be_thrown_away(self, bench: Bench) -> None:
        """Deleting what the spec dropped, or what this run is not about, asks for nothing."""
        bench.run(MATRIX)
        image(bench, 0).unlink()
        requests = dict(bench.simulator.log.counts)
        first = bench.view().entries[0].task.axes["colour"]
        bench.run(MATRIX, selection=Selection(only=f"colour != '{first}'"))
        assert dict(bench.simulator.log.counts) == requests
        assert check(bench)[0].condition is Condition.MISSING

    def test_what_was_given_up_and_then_dropped_is_stored_again(self, bench: Bench) -> None:
        """It goes back to where it stood, so that a later run has nothing to wait for."""
        bench.run(MATRIX)
        first = bench.view().entries[0].task.axes["colour"]
        image(bench).unlink()
        bench.simulator.faults.add(fault("expire", where="file"))
        bench.clock = Hasty()
        bench.run(MATRIX)
        outcome = bench.run(MATRIX, selection=Selection(only=f"colour != '{first}'"))
        assert (only(outcome.phases, Phase.STORED), outcome.left) == (True, {})
