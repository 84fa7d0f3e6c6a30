"""Many tasks, one state file: commits are shared, the cap holds under any concurrency, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.errors import LocalFailure, RawAnswer
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.journal import Journal
from flux_batch.run.store.registry import register
from flux_batch.run.store.state import FILE, StateFile

from .kit import key_of, make_plan_with, make_task, plain_spec, settle, usd

TASKS = [make_task(f"mug {number}") for number in range(64)]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFile]:
    """A state file with 64 planned images."""
    with StateFile(tmp_path / FILE) as opened:
        register(opened, make_plan_with(*TASKS), plain_spec(), now=0.0)
        yield opened


def intent(state: StateFile, number: int) -> Purchase:
    """One image's next state, with its money."""
    purchase = state.purchase(key_of(f"mug {number}"))
    return replace(purchase, phase=Phase.INTENT, sends=1, price=usd("0.04"))


@pytest.mark.parametrize("spread", [False, True], ids=["one batch", "many batches"])
async def test_a_cap_for_five_lets_exactly_five_of_64_pass(state: StateFile, spread: bool) -> None:
    """However the saves fall into commits, the money of the sixth has no room."""
    wanted = [intent(state, number) for number in range(64)]

    async def save(number: int) -> bool:
        for _ in range(number % 7 if spread else 0):
            await journal.ask(lambda opened: opened.meta("name"))
        return await journal.save(wanted[number])

    async with Journal(state, usd("0.20")) as journal:
        answers = await asyncio.gather(*(save(number) for number in range(64)))
    assert sum(answers) == 5
    assert state.committed() == (Decimal(0), usd("0.20"))
    assert state.counts() == {Phase.INTENT: 5, Phase.PLANNED: 59}
    for number, answer in enumerate(answers):
        assert (state.purchase(wanted[number].key) == wanted[number]) is answer


async def test_without_a_cap_everything_passes(state: StateFile) -> None:
    """No budget, no limit."""
    wanted = [intent(state, number) for number in range(64)]
    async with Journal(state, None) as journal:
        assert all(await asyncio.gather(*(journal.save(each) for each in wanted)))
    assert state.counts() == {Phase.INTENT: 64}


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many states each commit has had."""
    sizes: list[int] = []
    real = StateFile.save

    def save(self: StateFile, purchases: list[Purchase], cap: Decimal | None, odd: dict[str, RawAnswer]) -> list[bool]:
        sizes.append(len(purchases))
        return real(self, purchases, cap, odd)

    monkeypatch.setattr(StateFile, "save", save)
    return sizes


async def test_saves_that_wait_for_each_other_share_a_commit(state: StateFile, commits: list[int]) -> None:
    """64 saves at once need a handful of commits, each of them synced."""
    wanted = [intent(state, number) for number in range(64)]
    async with Journal(state, None) as journal:
        await asyncio.gather(*(journal.save(each) for each in wanted))
    assert sum(commits) == 64
    assert len(commits) <= 3


async def test_who_comes_soon_after_a_commit_shares_the_next_one(
    state: StateFile, commits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one waits for nobody; the others come one after the other, and are written together."""
    monkeypatch.setattr("flux_batch.run.store.journal.DISTANCE", 1.0)
    wanted = [intent(state, number) for number in range(9)]
    async with Journal(state, None) as journal:
        await journal.save(wanted[0])
        later = []
        for each in wanted[1:]:
            later.append(asyncio.create_task(journal.save(each)))
            await asyncio.sleep(0)
        assert commits == [1]
        assert all(await asyncio.gather(*later))
    assert commits == [1, 8]


async def test_a_save_returns_when_another_connection_can_read_it(state: StateFile) -> None:
    """What was answered is durable, not only promised."""
    async with Journal(state, None) as journal:
        for number in range(5):
            await journal.save(intent(state, number))
            with StateFile(state.path, read_only=True) as reader:
                assert reader.counts()[Phase.INTENT] == number + 1


async def test_a_failed_commit_is_told_to_everybody_in_it_and_none_is_tried_after_it(
    state: StateFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is left waiting, and a disk that failed once is not believed again by this process."""
    real = StateFile.save

    def full(self: StateFile, purchases: list[Purchase], cap: Decimal | None, odd: object) -> list[bool]:
        raise LocalFailure("the disk is full")

    monkeypatch.setattr(StateFile, "save", full)
    async with Journal(state, None) as journal:
        answers = await asyncio.gather(*(journal.save(intent(state, n)) for n in range(4)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [LocalFailure] * 4
        monkeypatch.setattr(StateFile, "save", real)
        with pytest.raises(LocalFailure, match="the disk is full"):
            await journal.save(intent(state, 9))
    assert state.counts(chosen_only=False).get(Phase.INTENT, 0) == 0


async def test_a_saver_that_gives_up_takes_nobody_with_it(state: StateFile) -> None:
    """One task is cancelled as its commit is under way; the others get their answers and the journal closes."""
    wanted = [intent(state, number) for number in range(3)]
    async with Journal(state, None) as journal:
        savers = [asyncio.create_task(journal.save(each)) for each in wanted]
        await asyncio.sleep(0)
        savers[0].cancel()
        async with asyncio.timeout(2):
            answers = await asyncio.gather(*savers, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [True, True]


async def test_leaving_waits_for_the_last_commit(state: StateFile) -> None:
    """Even a state whose task is gone is written before the journal closes."""
    async with Journal(state, None) as journal:
        saver = asyncio.create_task(journal.save(intent(state, 0)))
        await settle()
        saver.cancel()
    assert state.counts()[Phase.INTENT] == 1
    assert saver.done() or saver.cancelling()
