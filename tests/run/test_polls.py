"""When to ask: never closer than allowed, fewer questions than a fixed schedule, and better with every image."""

from __future__ import annotations

import random
from collections.abc import Iterator
from math import log
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.pace.learning import ENOUGH, Attempt, Learner
from flux_batch.run.pace.schedule import LONGEST, Making, Polls, Span, fit, plan_polls
from flux_batch.run.protocol.events import Accepted, NoAnswer, Seen
from flux_batch.run.protocol.machine import Moment, State
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.learned import keep_making_spans, making_spans
from flux_batch.run.store.state import FILE, StateFile

from .kit import MATRIX, Bench, stored

ANSWER = TaskSnapshot(id="task_1", status="in_progress")
READY = TaskSnapshot(id="task_1", status="completed", result_url="https://files.example/1.png")

USUAL = Making(middle=log(12), spread=0.5)


def images(number: int, making: Making = USUAL, seed: int = 1) -> Iterator[float]:
    """How long so many images take."""
    chance = random.Random(seed)
    return (chance.lognormvariate(making.middle, making.spread) for _ in range(number))


def asked(polls: Polls, seconds: float) -> tuple[int, float, Span]:
    """An image under a schedule: questions, seconds late, and what is known of it then."""
    low, high, calls = 0.0, polls.wait(None), 1
    while high < seconds:
        low, high, calls = high, high + polls.wait(high), calls + 1
    return calls, high - seconds, Span(low=low, high=high)


def cost(polls: Polls, making: Making = USUAL) -> tuple[float, float]:
    """Questions an image, and mean seconds late."""
    found = [asked(polls, seconds) for seconds in images(20_000, making)]
    return fmean(calls for calls, _, _ in found), fmean(late for _, late, _ in found)


def test_without_a_plan_it_is_the_documented_schedule() -> None:
    """First, and then every."""
    polls = Polls(first=7, every=5)
    assert [polls.wait(elapsed) for elapsed in (None, 7.0, 12.3, 400.0)] == [7, 5, 5, 5]


def test_a_plan_is_followed_also_when_answers_come_late() -> None:
    """Never closer than every, and a planned time that has gone by is not waited for twice as long."""
    polls = Polls(first=5, every=5, times=(9, 14, 21))
    assert polls.wait(None) == 9
    assert polls.wait(9.0) == 5
    assert polls.wait(9.9) == 5
    assert polls.wait(14.2) == pytest.approx(6.8)
    assert polls.wait(21.5) == 5


def test_what_is_known_makes_fewer_questions() -> None:
    """The fixed schedule asks 3.23 times and is 2.5 s late; the best that there can be 2.44 times and 2.57 s."""
    fixed, best = cost(Polls()), cost(plan_polls(USUAL, 5, 5))
    assert fixed[0] > 3.1
    assert best[0] <= 2.5
    assert best[1] <= 2.6


@settings(max_examples=80, deadline=None)
@given(
    middle=st.floats(-3, 9),
    spread=st.floats(0.05, 2.0),
    first=st.floats(0.01, 60),
    every=st.floats(0.01, 60),
)
def test_no_plan_falls_below_its_bounds(middle: float, spread: float, first: float, every: float) -> None:
    """Whatever the times are: not before the first, not closer than every, and never more than twice that apart."""
    polls = plan_polls(Making(middle=middle, spread=spread), first, every)
    assert polls.wait(None) >= first * 0.999
    now = polls.wait(None)
    for _ in range(40):
        wait = polls.wait(now)
        assert every <= wait <= every * LONGEST + 1e-9
        now += wait


def test_intervals_are_enough_to_know_the_times() -> None:
    """Nobody saw the moment, and the middle and the spread are found all the same."""
    found = fit([asked(Polls(), seconds)[2] for seconds in images(2000)])
    assert found.middle == pytest.approx(USUAL.middle, abs=0.03)
    assert found.spread == pytest.approx(USUAL.spread, abs=0.03)


@pytest.mark.parametrize(
    "spans",
    [
        [Span(low=0.0, high=5.0)] * 20,
        [Span(low=0.0, high=1e-3)] * 20,
        [Span(low=5.0, high=5.0)] * 20,
        [Span(low=1e6, high=2e6)] * 20,
        [Span(low=0.0, high=0.01), Span(low=1e6, high=2e6)] * 10,
    ],
    ids=["all early", "at once", "exact", "long", "both"],
)
def test_odd_times_make_a_usable_plan(spans: list[Span]) -> None:
    """No logarithm of nothing, no plan of thousands of steps."""
    learner = Learner(5.0, 5.0)
    for span in spans:
        learner.add("pro", span)
    assert 5 <= learner.polls("pro").wait(None) < 1e7
    assert len(learner.polls("pro").times) < 400


class TestLearner:
    """From the first image on."""

    def teach(self, learner: Learner, making: Making, number: int, seed: int = 2) -> tuple[float, float]:
        """Let it see images; questions an image and mean seconds late meanwhile."""
        found = []
        for seconds in images(number, making, seed):
            found.append(asked(learner.polls("pro"), seconds))
            learner.add("pro", found[-1][2])
        return fmean(each[0] for each in found), fmean(each[1] for each in found)

    def test_a_handful_of_images_says_nothing(self) -> None:
        """Until then it is asked as documented."""
        learner = Learner(5.0, 5.0)
        self.teach(learner, USUAL, ENOUGH - 1)
        assert learner.polls("pro") == Polls()

    def test_after_twenty_images_it_asks_less(self) -> None:
        """And is hardly later."""
        learner = Learner(5.0, 5.0)
        self.teach(learner, USUAL, 20)
        calls, late = self.teach(learner, USUAL, 1000)
        assert calls <= 2.5
        assert late <= 2.65

    @pytest.mark.parametrize("seconds", [6.0, 24.0, 60.0])
    def test_times_that_change_are_noticed(self, seconds: float) -> None:
        """It asks no more than the fixed schedule would, and soon is as good as one that knew."""
        other = Making(middle=log(seconds), spread=0.5)
        learner = Learner(5.0, 5.0)
        self.teach(learner, USUAL, 300)
        fixed = fmean(asked(Polls(), each)[0] for each in images(300, other, seed=3))
        calls, late = self.teach(learner, other, 300, seed=3)
        assert calls <= fixed
        assert late <= 2.9
        known, learned = cost(plan_polls(other, 5, 5), other), cost(learner.polls("pro"), other)
        assert learned[0] <= known[0] * 1.1
        assert learned[1] <= known[1] * 1.15

    def test_models_are_learned_apart(self) -> None:
        """What one takes says nothing of another."""
        learner = Learner(5.0, 5.0)
        self.teach(learner, USUAL, 40)
        assert learner.polls("pro").times
        assert learner.polls("max") == Polls()

    def test_what_is_known_is_used_at_once(self) -> None:
        """A later run starts where the last one ended; nothing new is no news."""
        first = Learner(5.0, 5.0)
        self.teach(first, USUAL, 64)
        later = Learner(5.0, 5.0, first.spans())
        assert later.polls("pro").times
        assert first.news
        assert not later.news


class TestAttempt:
    """One image, watched."""

    def saw(self, attempt: Attempt, phases: tuple[Phase, Phase], event: object, at: float) -> None:
        """A step of the protocol."""
        before, after = (State(purchase=Purchase(key="k", phase=phase), waiting_since=100.0) for phase in phases)
        attempt.saw(before, event, after, Moment(mono=at, wall=0.0))  # type: ignore[arg-type]

    def test_an_image_is_between_its_last_two_questions(self) -> None:
        """Since the request was taken; a question without an answer says nothing."""
        learner = Learner(5.0, 5.0)
        attempt = Attempt(learner, "pro")
        self.saw(attempt, (Phase.INTENT, Phase.SUBMITTED), Accepted(snapshot=ANSWER), 100.0)
        self.saw(attempt, (Phase.SUBMITTED, Phase.SUBMITTED), Seen(snapshot=ANSWER), 105.0)
        self.saw(attempt, (Phase.SUBMITTED, Phase.SUBMITTED), NoAnswer(reason="x"), 110.0)
        self.saw(attempt, (Phase.SUBMITTED, Phase.READY), Seen(snapshot=READY), 115.0)
        assert learner.spans() == {"pro": [Span(low=5.0, high=15.0)]}

    def test_an_image_found_again_teaches_nothing(self) -> None:
        """Nobody knows when it was taken."""
        learner = Learner(5.0, 5.0)
        attempt = Attempt(learner, "pro")
        self.saw(attempt, (Phase.UNCERTAIN, Phase.SUBMITTED), Seen(snapshot=ANSWER), 100.0)
        self.saw(attempt, (Phase.SUBMITTED, Phase.READY), Seen(snapshot=READY), 101.0)
        assert learner.spans() == {}


def test_spans_are_kept_in_the_state_file(tmp_path: Path) -> None:
    """By model, to the millisecond."""
    with StateFile(tmp_path / FILE) as state:
        assert making_spans(state) == {}
        keep_making_spans(state, {"pro": [Span(low=5.0004, high=10.0)], "max": []})
        assert making_spans(state) == {"pro": [Span(low=5.0, high=10.0)], "max": []}


def test_a_run_keeps_what_it_learned(bench: Bench) -> None:
    """Each image once."""
    assert stored(bench.run(MATRIX)) == 12
    with StateFile(bench.folder / FILE, read_only=True) as state:
        (spans,) = making_spans(state).values()
    assert len(spans) == 12
    assert all(0 <= span.low < span.high for span in spans)
