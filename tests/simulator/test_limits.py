"""The published token buckets."""

from __future__ import annotations

import pytest

from flux_batch.simulator.limits import QUERY, SUBMIT, TIERS, Limiter

from .kit import Start


@pytest.mark.parametrize(("tier", "category"), [(t, c) for t in ("default", "vip", "svip") for c in (SUBMIT, QUERY)])
def test_a_bucket_allows_its_burst_and_then_its_rate(tier: str, category: str) -> None:
    """A full bucket at first, then exactly what flows in."""
    limiter, rate = Limiter(tier), TIERS[tier][category]
    allowed = sum(limiter.take("me", category, 0.0).allowed for _ in range(rate.burst + 50))
    assert allowed == rate.burst
    later = sum(limiter.take("me", category, 60.0 * i / rate.per_minute).allowed for i in range(1, 101))
    assert later == 100


def test_owners_and_categories_do_not_share() -> None:
    """One user's burst is nobody else's."""
    limiter = Limiter("default")
    while limiter.take("me", SUBMIT, 0.0).allowed:
        pass
    assert limiter.take("you", SUBMIT, 0.0).allowed
    assert limiter.take("me", QUERY, 0.0).allowed


async def test_the_headers_count_down_and_429_says_when_to_come_back(start: Start) -> None:
    """Fifty at once, then a pause of a fifth of a second, rounded up to a whole one."""
    on = await start()
    answers = [await on.submit(prompt="x") for _ in range(51)]
    assert [int(answer.headers["X-RateLimit-Remaining"]) for answer in answers[:3]] == [49, 48, 47]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"50"}
    assert {answer.headers["X-RateLimit-Category"] for answer in answers} == {"async_submit"}
    assert int(answers[49].headers["X-RateLimit-Reset"]) == on.clock.now() + 10
    assert [answer.status_code for answer in answers] == [200] * 50 + [429]
    assert answers[50].headers["Retry-After"] == "1"
    assert answers[50].json()["error"]["code"] == "rate_limit_exceeded"
    on.clock.advance(0.2)
    assert [(await on.submit(prompt="x")).status_code for _ in range(2)] == [200, 429]
    assert len(on.sim.ledger) == 51


async def test_a_refused_request_counts_and_a_lookup_has_its_own_bucket(start: Start) -> None:
    """Other failures than 429 take a token."""
    on = await start()
    assert (await on.submit(prompt="")).headers["X-RateLimit-Remaining"] == "49"
    answer = await on.api.get("/images/generations/none")
    assert (answer.headers["X-RateLimit-Category"], answer.headers["X-RateLimit-Remaining"]) == ("async_query", "499")


async def test_an_unlimited_tier_has_no_headers(start: Start) -> None:
    """For tests that are about something else."""
    on = await start(tier="unlimited")
    assert not [name for name in (await on.submit()).headers if name.startswith("x-ratelimit")]
