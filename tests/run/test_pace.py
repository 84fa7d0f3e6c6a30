"""The gate: never faster than allowed, first come first served, and shut means shut."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.run.pace.brake import Brake
from flux_batch.run.pace.gate import QUERY_RATE, Gate, query_gate, submit_gate
from flux_batch.simulator.limits import SUBMIT, TIERS, Bucket, Rate

from .kit import VirtualClock, settle


class Turnstile:
    """A gate with a list of who went through, and when (seconds from the start)."""

    def __init__(self, rate: float, burst: float = 1.0) -> None:
        self.clock = VirtualClock()
        self.brake = Brake(self.clock)
        self.gate = Gate(self.brake, rate, burst)
        self.passed: list[tuple[float, int]] = []
        self.turned_back: list[int] = []
        self._visitors: set[asyncio.Task[None]] = set()

    def come(self, *names: int, before_send: bool = False) -> None:
        """Let visitors queue up now, in this order."""
        for name in names:
            self._visitors.add(asyncio.create_task(self._visit(name, before_send)))

    async def _visit(self, name: int, before_send: bool) -> None:
        if await self.gate.pass_through(before_send=before_send):
            self.passed.append((self.clock.mono - 1000.0, name))
        else:
            self.turned_back.append(name)

    @property
    def times(self) -> list[float]:
        """When somebody went through."""
        return [at for at, _ in self.passed]


async def test_places_are_given_in_order_at_the_rate() -> None:
    """Five a second: the first at once, then one every 0.2 s, in the order of arrival."""
    stile = Turnstile(rate=5.0)
    stile.come(*range(8))
    await stile.clock.pass_time(10)
    assert [name for _, name in stile.passed] == list(range(8))
    assert stile.times == pytest.approx([number / 5 for number in range(8)])


async def test_a_burst_goes_at_once_and_then_the_rate_holds() -> None:
    """Ten at once, then two a second."""
    stile = Turnstile(rate=2.0, burst=10.0)
    stile.come(*range(14))
    await stile.clock.pass_time(10)
    assert stile.times == pytest.approx([0.0] * 10 + [0.5, 1.0, 1.5, 2.0])


async def test_a_rest_saves_up_no_more_than_a_burst() -> None:
    """An hour of nothing does not allow an hour's worth at once."""
    stile = Turnstile(rate=5.0)
    await stile.clock.pass_time(3600)
    stile.come(0, 1, 2)
    await stile.clock.pass_time(10)
    assert stile.times == pytest.approx([3600.0, 3600.2, 3600.4])


async def test_no_rate_is_no_limit() -> None:
    """Zero lets everybody through at once."""
    stile = Turnstile(rate=0.0)
    stile.come(*range(50))
    await settle()
    assert stile.times == [0.0] * 50


@pytest.mark.parametrize("rate", [0.0, 5.0])
async def test_a_shut_gate_lets_nobody_through(rate: float) -> None:
    """Neither who comes later nor who was already waiting."""
    stile = Turnstile(rate=rate)
    stile.gate.shut(30)
    stile.come(0, 1)
    await stile.clock.pass_time(29.9)
    assert stile.passed == []
    await stile.clock.pass_time(5)
    assert [name for _, name in stile.passed] == [0, 1]


async def test_who_waited_at_a_shut_gate_does_not_rush_through_it() -> None:
    """After the pause that a 429 asked for, half the rate holds from the first second on."""
    stile = Turnstile(rate=5.0)
    stile.gate.shut(60)
    stile.come(*range(24))
    await stile.clock.pass_time(100)
    assert stile.times == pytest.approx([60 + number / 2.5 for number in range(24)])


async def test_who_already_had_a_place_queues_up_anew_when_the_gate_shuts() -> None:
    """A 429 that arrives while others wait holds them back as well."""
    stile = Turnstile(rate=1.0)
    stile.come(*range(4))
    await stile.clock.pass_time(1.5)
    stile.gate.shut(10)
    await stile.clock.pass_time(9.9)
    assert [name for _, name in stile.passed] == [0, 1]
    await stile.clock.pass_time(10)
    assert [name for _, name in stile.passed] == [0, 1, 2, 3]
    assert stile.times[3] - stile.times[2] >= 1.0


async def test_a_shorter_shut_does_not_open_a_longer_one() -> None:
    """The longest pause asked for counts."""
    stile = Turnstile(rate=0.0)
    stile.gate.shut(60)
    stile.gate.shut(1)
    stile.come(0)
    await stile.clock.pass_time(59)
    assert stile.passed == []


async def test_a_stop_turns_back_who_waits_to_send_and_only_them() -> None:
    """Questions about what was sent still get their place."""
    stile = Turnstile(rate=1.0)
    stile.come(0, 1, before_send=True)
    stile.come(2)
    await settle()
    stile.brake.stop("no money", halt=False)
    await stile.clock.pass_time(10)
    assert [name for _, name in stile.passed] == [0, 2]
    assert stile.turned_back == [1]


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([0.5, 1.0, 5.0, 33.0]),
    burst=st.sampled_from([1.0, 3.0, 20.0]),
    moves=st.lists(
        st.tuples(st.floats(0, 8), st.integers(0, 12), st.none() | st.floats(0, 20)), min_size=1, max_size=8
    ),
)
def test_never_more_than_the_rate(rate: float, burst: float, moves: list[tuple[float, int, float | None]]) -> None:
    """In any stretch of time no more than a burst and the rate's share pass, whoever comes and whenever it shuts."""
    stile = Turnstile(rate, burst)
    shut: list[tuple[float, float]] = []

    async def act() -> None:
        coming = iter(range(1000))
        for wait, visitors, closing in moves:
            await stile.clock.pass_time(wait)
            stile.come(*(next(coming) for _ in range(visitors)))
            await settle()
            if closing is not None:
                start = stile.clock.mono - 1000.0
                shut.append((start, start + closing))
                stile.gate.shut(closing)
        await stile.clock.pass_time(5000)

    asyncio.run(act())
    times = stile.times
    assert len(times) == sum(visitors for _, visitors, _ in moves)
    for first, start in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + (times[last] - start) * rate + 1e-6
    assert not [at for at in times for start, end in shut if start < at < end - 1e-6]


async def test_a_refusal_halves_the_rate_and_what_is_taken_brings_it_back() -> None:
    """Ten a second, then five; fifty requests later it is ten again and never more."""
    stile = Turnstile(rate=10.0)
    stile.gate.shut(1.0)
    assert stile.gate.rate == pytest.approx(5.0)
    for _ in range(25):
        stile.gate.taken()
    assert stile.gate.rate == pytest.approx(10.0)
    stile.gate.taken()
    assert stile.gate.rate == pytest.approx(10.0)


async def test_many_refusals_of_one_burst_are_one_refusal() -> None:
    """Forty tasks that hear 429 at once halve the rate once; a second later it is a new answer."""
    stile = Turnstile(rate=8.0)
    for _ in range(40):
        stile.gate.shut(0.5)
    assert stile.gate.rate == pytest.approx(4.0)
    await stile.clock.pass_time(1.5)
    stile.gate.shut(0.5)
    assert stile.gate.rate == pytest.approx(2.0)


async def test_after_a_refusal_requests_leave_at_half_the_rate() -> None:
    """What leaves is what counts: two a second after the pause where it was four."""
    stile = Turnstile(rate=4.0)
    stile.gate.shut(2.0)
    stile.come(*range(5))
    await stile.clock.pass_time(10)
    assert stile.times == pytest.approx([2.0, 2.5, 3.0, 3.5, 4.0])


async def test_it_never_stands_still() -> None:
    """However often the provider says no, it is asked again."""
    stile = Turnstile(rate=1.0)
    for _ in range(20):
        await stile.clock.pass_time(2)
        stile.gate.shut(0.0)
    assert stile.gate.rate == pytest.approx(0.2)


async def test_a_gate_without_a_limit_learns_one() -> None:
    """It goes on at half of what it did until it was told to slow down."""
    stile = Turnstile(rate=0.0)
    for number in range(11):
        stile.come(number)
        await stile.clock.pass_time(0.1)
    stile.gate.shut(0.0)
    assert stile.gate.rate == pytest.approx(5.0)


FULL = TIERS["default"][SUBMIT]
HALF = Rate(per_minute=150, burst=25)


class Counter:
    """A provider's counter behind a gate: takes from its own bucket, and answers a third of a second later."""

    def __init__(self, gate: Gate, stile: Turnstile, *, tells: bool = True, level: float | None = None) -> None:
        self.gate, self.clock, self.tells = gate, stile.clock, tells
        self.bucket = Bucket(FULL, SUBMIT)
        self.bucket.take(self.clock.mono)
        self.bucket._tokens = FULL.burst if level is None else level
        self.taken: list[float] = []
        self.refused = 0

    async def serve(self, requests: int, halve_after: int | None = None) -> None:
        """Bring so many requests through, each once more for every time it is turned away."""
        await asyncio.gather(*(self._serve(halve_after) for _ in range(requests)))

    async def _serve(self, halve_after: int | None) -> None:
        while await self.gate.pass_through():
            if len(self.taken) == halve_after:
                self.bucket.rate = HALF
            verdict = self.bucket.take(self.clock.mono)
            left = int(verdict.headers["X-RateLimit-Remaining"]) if self.tells else None
            if verdict.allowed:
                self.taken.append(self.clock.mono)
            await self.clock.sleep(0.3)
            self.gate.answered(left)
            if verdict.allowed:
                self.gate.taken()
                return
            self.refused += 1
            self.gate.shut(float(verdict.headers["Retry-After"]))

    @property
    def seconds(self) -> float:
        """From the first to the last that was taken."""
        return self.taken[-1] - self.taken[0]


@pytest.fixture
def stile() -> Turnstile:
    """Only for its clock and its brake."""
    return Turnstile(rate=1.0)


async def through(stile: Turnstile, counter: Counter, requests: int, halve_after: int | None = None) -> None:
    """Let time pass until all are through."""
    serving = asyncio.create_task(counter.serve(requests, halve_after))
    while not serving.done():
        await stile.clock.pass_time(1)
    await serving


async def test_the_documented_limit_is_used_up_and_not_passed(stile: Turnstile) -> None:
    """600 requests: 50 at once, 5 a second; at least 97 % of that, and nobody is turned away."""
    counter = Counter(submit_gate(stile.brake, 5.0), stile)
    await through(stile, counter, 600)
    assert counter.refused == 0
    assert (600 - 50) / 5 / counter.seconds >= 0.97


@pytest.mark.parametrize("after", [0, 40, 300])
async def test_a_limit_that_halves_is_used_up_too(stile: Turnstile, after: int) -> None:
    """Whenever that happens: what is told to be left slows the gate down before it is told to."""
    counter = Counter(submit_gate(stile.brake, 5.0), stile)
    await through(stile, counter, 600, halve_after=after)
    spent = min(after, 50)
    before = (after - spent) / 5
    allowed = before + (600 - after - min(25, 50 - spent)) / 2.5
    assert counter.refused <= 3
    assert allowed / counter.seconds >= 0.97


async def test_a_bucket_that_others_emptied_turns_nobody_away(stile: Turnstile) -> None:
    """Ended and begun again at once, or a colleague at work: the first answer tells, before a burst is sent."""
    counter = Counter(submit_gate(stile.brake, 5.0), stile, level=4.0)
    await through(stile, counter, 100)
    assert counter.refused == 0


async def test_without_a_word_the_documented_burst_is_sent_after_the_first_answer(stile: Turnstile) -> None:
    """No headers: what the documentation says holds, once something was taken."""
    counter = Counter(submit_gate(stile.brake, 5.0), stile, tells=False)
    await through(stile, counter, 600)
    assert counter.refused <= 3
    assert (600 - 50) / 5 / counter.seconds >= 0.97


async def test_without_a_word_a_lower_limit_is_found(stile: Turnstile) -> None:
    """Refusals alone: slower, but it goes on, and most requests are not turned away."""
    counter = Counter(submit_gate(stile.brake, 5.0), stile, tells=False)
    await through(stile, counter, 300, halve_after=0)
    assert len(counter.taken) == 300
    assert counter.refused < 75


async def test_places_given_back_are_not_waited_for(stile: Turnstile) -> None:
    """A request that was not made takes nothing from the bucket that answers tell of."""
    gate = submit_gate(stile.brake, 5.0)
    for _ in range(20):
        passing = asyncio.create_task(gate.pass_through())
        await stile.clock.pass_time(1)
        assert passing.done()
        gate.answered()
    gate.answered(50)
    ten = [asyncio.create_task(gate.pass_through()) for _ in range(10)]
    await settle()
    assert all(each.done() for each in ten)


def test_questions_are_allowed_ten_times_as_many(stile: Turnstile) -> None:
    """Never fewer than the smallest account may ask; and no limit of ours is no limit for them."""
    assert query_gate(stile.brake, 1.0).rate == QUERY_RATE
    assert query_gate(stile.brake, 33.3).rate == pytest.approx(333.0)
    assert query_gate(stile.brake, 0.0).rate == 0.0
