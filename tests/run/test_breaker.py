"""When everything goes the same wrong way, buying ends before the money does."""

from __future__ import annotations

import pytest

from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.pace.breaker import Limits, verdict
from flux_batch.run.protocol.events import Accepted, Doubtful, Event, NeverSent, RefusedBy, TurnedAway, Withdrawn
from flux_batch.run.records import POLICY, Failure, Phase
from flux_batch.simulator import fault

from .conftest import MakeBench
from .kit import stored

MANY = """
    version: 1
    name: many
    prompt: "a mug, take {{ take }}"
    variables:
      take: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    ratios: ["1:1"]
"""

TAKEN = Accepted(snapshot=TaskSnapshot(id="t", status="queued"))
LOST = Doubtful(reason="reset")
NEUTRAL = (
    TurnedAway(retry_after=1.0),
    NeverSent(reason="no network"),
    Withdrawn(),
    RefusedBy(failure=Failure(code="insufficient_quota", message=""), account=True),
    *(RefusedBy(failure=Failure(code=code, message="")) for code in sorted(POLICY)),
)


def refused(code: str = "invalid_request") -> RefusedBy:
    """A definite refusal."""
    return RefusedBy(failure=Failure(code=code, message="size is not supported"))


class TestVerdict:
    """A row of equal answers, and nothing else."""

    @pytest.mark.parametrize(
        "answers",
        [
            [],
            [TAKEN] * 100,
            [refused()] * 7,
            [LOST] * 4,
            [*[refused()] * 7, TAKEN, refused()],
            [*[LOST] * 4, TAKEN, *[LOST] * 4],
            [*[refused("a")] * 7, refused("b")],
            [*[LOST, refused()] * 20],
            [*NEUTRAL * 20],
            [refused()] * 8 + [TAKEN],
        ],
    )
    def test_it_goes_on(self, answers: list[Event]) -> None:
        """Too few, too mixed, over already, or about something else."""
        assert verdict(answers) is None

    @pytest.mark.parametrize(
        ("answers", "said"),
        [
            ([refused()] * 8, "8 requests in a row were refused alike (invalid_request: size is not supported)"),
            ([TAKEN, *[LOST] * 5], "5 requests in a row got no clear answer (reset)"),
            ([each for _ in range(8) for each in (refused(), *NEUTRAL)], "refused alike"),
        ],
    )
    def test_it_stops_with_a_reason(self, answers: list[Event], said: str) -> None:
        """What does not count does not break a row either."""
        assert said in (verdict(answers) or "")

    def test_the_limits_are_arguments(self) -> None:
        """Two are enough where somebody says so."""
        assert verdict([refused()] * 2, Limits(refusals=2))
        assert verdict([LOST] * 2, Limits(lost=2))


class TestRun:
    """Through real sockets."""

    def test_equal_refusals_stop_the_run(self, make_bench: MakeBench) -> None:
        """Eight are refused, the rest stays planned, and the reason is said."""
        bench = make_bench(fault("error", where="submit", status=400, code="invalid_request", message="no such size"))
        outcome = bench.run(MANY, concurrency=2)
        assert outcome.stopped is not None
        assert "refused alike (invalid_request: no such size)" in outcome.stopped
        assert outcome.phases[Phase.PLANNED] >= 7
        assert bench.requests("submit") <= 9

    def test_lost_answers_stop_the_run_and_what_was_sent_is_brought_home(self, make_bench: MakeBench) -> None:
        """Five cuts; those that arrived are found and stored, nothing more is sent until the next run."""
        bench = make_bench(fault("cut", where="submit", first=6))
        outcome = bench.run(MANY, concurrency=2)
        assert outcome.stopped is not None
        assert "no clear answer" in outcome.stopped
        assert 5 <= stored(outcome) == bench.requests("submit") <= 6
        assert outcome.phases[Phase.PLANNED] == 16 - stored(outcome)
        assert stored(bench.run(MANY)) == 16
        assert set(bench.bills().values()) == {1}

    def test_refused_prompts_stop_nothing(self, make_bench: MakeBench) -> None:
        """Twelve prompts in a row that break the rules: each is a row, the others are made."""
        bench = make_bench(fault("policy", where="submit", first=12))
        outcome = bench.run(MANY, concurrency=2)
        assert outcome.stopped is None
        assert outcome.phases == {Phase.REFUSED: 12, Phase.STORED: 4}
