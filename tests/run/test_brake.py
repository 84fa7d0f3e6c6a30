"""Stopping: who sleeps before a send wakes, who waits for what was sent sleeps on, and no call is cut off."""

from __future__ import annotations

import asyncio

import pytest

from flux_batch.run.pace.brake import Brake

from .kit import VirtualClock, settle


@pytest.fixture
def clock() -> VirtualClock:
    """Time that waits for us."""
    return VirtualClock()


@pytest.fixture
def brake(clock: VirtualClock) -> Brake:
    """A brake on that time."""
    return Brake(clock)


def pauses(brake: Brake) -> tuple[asyncio.Task[bool], asyncio.Task[bool]]:
    """Somebody who waits to send, and somebody who waits to ask."""
    sender = asyncio.create_task(brake.pause(10, before_send=True))
    asker = asyncio.create_task(brake.pause(10))
    return sender, asker


async def test_a_pause_lasts_as_long_as_it_should(brake: Brake, clock: VirtualClock) -> None:
    """Not shorter, and then it is true."""
    sender, asker = pauses(brake)
    await clock.pass_time(9.99)
    assert not sender.done()
    await clock.pass_time(0.01)
    assert (await sender, await asker) == (True, True)


async def test_no_time_is_no_pause(brake: Brake) -> None:
    """Zero or less returns at once, as long as the run goes on."""
    assert await brake.pause(0, before_send=True)
    assert await brake.pause(-1)


async def test_a_stop_wakes_exactly_those_who_would_send(brake: Brake, clock: VirtualClock) -> None:
    """What was sent is still waited for."""
    sender, asker = pauses(brake)
    await settle()
    brake.stop("no money", halt=False)
    await settle()
    assert sender.result() is False
    assert not asker.done()
    await clock.pass_time(10)
    assert asker.result() is True


async def test_a_halt_wakes_everybody(brake: Brake) -> None:
    """A signal: what was sent is known and left to the next run."""
    sender, asker = pauses(brake)
    await settle()
    brake.stop("signal", halt=True)
    assert (await sender, await asker) == (False, False)


async def test_after_a_stop_nobody_sends_and_after_a_halt_nobody_waits(brake: Brake, clock: VirtualClock) -> None:
    """Also with no time to wait."""
    brake.stop("no money", halt=False)
    assert not await brake.pause(0, before_send=True)
    assert await brake.pause(0)
    asker = asyncio.create_task(brake.pause(1))
    await clock.pass_time(1)
    assert asker.result() is True
    brake.stop("signal", halt=True)
    assert not await brake.pause(0)


async def test_the_first_reason_is_kept(brake: Brake) -> None:
    """What comes later is only a consequence."""
    brake.stop("no money", halt=False)
    brake.stop("signal", halt=True)
    assert brake.stopped == "no money"


async def test_a_call_in_flight_is_not_cut_off(brake: Brake, clock: VirtualClock) -> None:
    """Only sleepers are woken; whoever is talking to the provider finishes."""
    answered = asyncio.Event()

    async def drive() -> str:
        assert await brake.pause(1, before_send=True)
        await answered.wait()
        return "answer"

    driver = asyncio.create_task(drive())
    await clock.pass_time(1)
    brake.stop("signal", halt=True)
    await settle()
    assert not driver.done()
    answered.set()
    assert await driver == "answer"
    assert driver.cancelling() == 0


async def test_two_stops_at_once_wake_a_sleeper_once(brake: Brake) -> None:
    """No mark of a cancellation is left on the task, whose later timeouts count on that."""
    sender, asker = pauses(brake)
    await settle()
    brake.stop("no money", halt=False)
    brake.stop("signal", halt=True)
    assert (await sender, await asker) == (False, False)
    assert (sender.cancelling(), asker.cancelling()) == (0, 0)


@pytest.mark.parametrize("halt", [False, True])
async def test_somebody_elses_cancellation_goes_through(brake: Brake, halt: bool) -> None:
    """A task that is to end ends, also when the run has stopped meanwhile."""
    _, asker = pauses(brake)
    await settle()
    brake.stop("no money", halt=halt)
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker


async def test_a_woken_task_can_go_on(brake: Brake, clock: VirtualClock) -> None:
    """It still has a state to commit; no wait of that is disturbed."""

    async def drive() -> bool:
        assert not await brake.pause(10, before_send=True)
        async with asyncio.timeout(5):
            await clock.sleep(1)
        return True

    driver = asyncio.create_task(drive())
    await settle()
    brake.stop("signal", halt=True)
    await clock.pass_time(1)
    assert await driver


async def test_a_sleeper_whose_time_just_came_is_stopped_all_the_same(brake: Brake, clock: VirtualClock) -> None:
    """Between the end of a sleep and the task's next step a stop still counts: nothing is sent after it."""
    sender, _ = pauses(brake)
    await settle()
    clock.ring_first()
    brake.stop("no money", halt=False)
    assert await sender is False
    assert sender.cancelling() == 0
