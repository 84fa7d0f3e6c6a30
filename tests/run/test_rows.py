"""Rows and records: exact money, what a state holds of the budget, and a way there and back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.run.records import Failure, Phase, Purchase, StoredFile, Times
from flux_batch.run.store.rows import COLUMNS, FINAL, MICRO, dollars, exposure, from_row, micros, to_row, whole_micros

from .kit import key_of

amounts = st.decimals(min_value=0, max_value=10_000, places=6, allow_nan=False)
moments = st.none() | st.floats(min_value=0, max_value=4e9, allow_nan=False)
words = st.text(max_size=40)

purchases = st.builds(
    Purchase,
    key=st.just(key_of("any")),
    phase=st.sampled_from(Phase),
    generation=st.integers(1, 9),
    sends=st.integers(0, 3),
    price=st.none() | amounts,
    business_id=st.none() | words,
    body=st.none() | st.binary(max_size=60),
    remote_id=st.none() | words,
    result_url=st.none() | words,
    expires_at=moments,
    file=st.none()
    | st.builds(
        StoredFile,
        path=words,
        sha256=words,
        bytes=st.integers(0, 2**40),
        width=st.integers(1, 9999),
        height=st.integers(1, 9999),
        mime=words,
    ),
    failure=st.none() | st.builds(Failure, code=words, message=words),
    times=st.builds(Times, intent=moments, submitted=moments, ready=moments, stored=moments),
)


@given(purchases)
def test_a_purchase_survives_its_row(purchase: Purchase) -> None:
    """Every field comes back as it was written."""
    assert from_row({"key": purchase.key, **dict(zip(COLUMNS, to_row(purchase), strict=True))}) == purchase


@given(amounts)
def test_six_places_are_exact(amount: Decimal) -> None:
    """Millionths are whole numbers, so an amount with six places is kept to the last one."""
    assert dollars(micros(amount)) == amount
    assert isinstance(micros(amount), int)


@given(st.decimals(min_value=0, max_value=10_000, allow_nan=False), st.integers(1, 50))
def test_rounding_never_works_against_the_budget(amount: Decimal, copies: int) -> None:
    """A price is rounded up and a limit down: what fits in millionths fits in dollars as well."""
    assert dollars(micros(amount)) >= amount
    assert dollars(whole_micros(amount)) <= amount
    assert micros(amount) - whole_micros(amount) in (0, 1)
    assert dollars(micros(amount) * copies) >= amount * copies - Decimal("1e-15")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("0.04", 40_000),
        ("0.0000001", 1),
        ("0.0400001", 40_001),
        ("1", MICRO),
        ("123456.789", 123_456_789_000),
    ],
)
def test_prices_round_up(text: str, expected: int) -> None:
    """A fraction of a millionth counts as a whole one."""
    assert micros(Decimal(text)) == expected


PRICE = Decimal("0.04")


@pytest.mark.parametrize(
    ("phase", "sends", "spent", "reserved"),
    [
        (Phase.PLANNED, 0, 0, 0),
        (Phase.INTENT, 1, 0, 40_000),
        (Phase.INTENT, 2, 0, 80_000),
        (Phase.UNCERTAIN, 1, 0, 40_000),
        (Phase.UNCERTAIN, 2, 0, 80_000),
        (Phase.HELD, 1, 0, 40_000),
        (Phase.HELD, 2, 0, 80_000),
        (Phase.SUBMITTED, 1, 40_000, 0),
        (Phase.SUBMITTED, 2, 40_000, 0),
        (Phase.READY, 1, 40_000, 0),
        (Phase.STORED, 1, 40_000, 0),
        (Phase.FAILED, 1, 0, 0),
        (Phase.REFUSED, 1, 0, 0),
        (Phase.SKIPPED, 0, 0, 0),
    ],
)
def test_what_a_state_holds_of_the_budget(phase: Phase, sends: int, spent: int, reserved: int) -> None:
    """Doubt reserves once for every send, an accepted request is spent once, anything else holds nothing."""
    purchase = Purchase(key="k", phase=phase, sends=sends, price=PRICE)
    assert exposure(purchase) == (spent, reserved)
    assert dollars(exposure(purchase)[0]) == purchase.cost


@pytest.mark.parametrize(("remote_id", "spent"), [(None, 0), ("task_1", 40_000)])
@pytest.mark.parametrize(("code", "given_up"), [("abandoned", True), ("generation_failed", False)])
def test_what_was_paid_and_given_up_stays_spent(remote_id: str | None, spent: int, code: str, given_up: bool) -> None:
    """A failed task is refunded; one that a person gave up is not, where the provider had taken it."""
    failure = Failure(code=code, message="")
    purchase = Purchase(key="k", phase=Phase.FAILED, sends=1, price=PRICE, remote_id=remote_id, failure=failure)
    assert exposure(purchase) == (spent if given_up else 0, 0)
    assert dollars(exposure(purchase)[0]) == purchase.cost


@pytest.mark.parametrize("phase", Phase)
def test_without_a_price_nothing_is_held(phase: Phase) -> None:
    """A model without a known price counts as nothing; a budget refuses it before."""
    assert exposure(Purchase(key="k", phase=phase, sends=2)) == (0, 0)


def test_final_phases_hold_no_reserve() -> None:
    """Where a run has nothing left to do, no money is set aside."""
    assert all(exposure(Purchase(key="k", phase=phase, sends=2, price=PRICE))[1] == 0 for phase in FINAL)
