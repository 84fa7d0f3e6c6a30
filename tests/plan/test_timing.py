"""How long a run would take: the queue, rehearsed in numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.totals.timing import ORDINARY_RATE, USUAL_SECONDS, Pace, pace_of, timing


def independent(count: int) -> list[int | None]:
    """Images that wait for nothing."""
    return [None] * count


def pace(rate: float = 5.0, concurrency: int = 16, image: float = 12.0) -> Pace:
    """A pace that was learned."""
    return Pace(rate=rate, concurrency=concurrency, image_seconds=image, learned_from=9)


def test_nothing_to_do_takes_no_time() -> None:
    """And has no chain."""
    assert timing([], pace()).seconds == 0
    assert timing([], pace()).longest_chain == 0


def test_the_rate_limits_many_quick_images() -> None:
    """100 requests at 5 a second leave in 20 s; the last one takes its time."""
    assert timing(independent(100), pace(concurrency=1000)).seconds == pytest.approx(99 / 5 + 12)


def test_the_places_limit_slow_images() -> None:
    """96 images through 16 places in 6 rounds of 12 s."""
    assert timing(independent(96), pace(rate=1e9)).seconds == pytest.approx(72)


def test_an_edit_waits_for_its_parent() -> None:
    """A chain of three takes three times as long, however many places there are."""
    chain = [None, 0, 1]
    found = timing(chain, pace())
    assert found.seconds == pytest.approx(36)
    assert found.longest_chain == 3
    assert timing([1, None], pace()).seconds == pytest.approx(24)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.integers(1, 20),
    st.floats(0.5, 50),
    st.floats(0.1, 60),
)
def test_it_is_never_quicker_than_the_limits_allow(back: list[int], places: int, rate: float, image: float) -> None:
    """Not than the rate, the places or the longest chain; and never slower than one image after the other."""
    parents = [n - step if 0 < step <= n else None for n, step in enumerate(back)]
    found = timing(parents, pace(rate, places, image))
    count, near = len(parents), 1 - 1e-9
    assert found.seconds >= near * ((count - 1) / rate + image)
    assert found.seconds >= near * math.ceil(count / places) * image
    assert found.seconds >= near * found.longest_chain * image
    assert found.seconds * near <= count * (image + 1 / rate)


def test_a_pace_is_learned_or_assumed() -> None:
    """The median of what was seen; a clock that went back is not counted; without anything the documented time."""
    assert pace_of(2.0, 4, []) == Pace(rate=2.0, concurrency=4, image_seconds=USUAL_SECONDS)
    learned = pace_of(2.0, 4, [9.0, 11.0, 9000.0, -5.0])
    assert (learned.image_seconds, learned.learned_from) == (11.0, 3)


def test_no_limit_of_ours_leaves_the_provider_s() -> None:
    """`submit_rate: 0` is not an endless rate."""
    assert pace_of(0, 4, []).rate == ORDINARY_RATE
