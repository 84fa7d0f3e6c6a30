"""Small words: money, sizes, days, and what is cut from them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.totals.money import usd
from flux_batch.report.redact import relative_name, without_queries
from flux_batch.report.words import day, file_size, iso

from .conftest import NOON


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "$0.00"),
        ("0.04", "$0.04"),
        ("0.035", "$0.035"),
        ("4.5", "$4.50"),
        ("4E+1", "$40.00"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_dollars(amount: str, said: str) -> None:
    """At least two decimals, and none lost."""
    assert usd(Decimal(amount)) == said


@pytest.mark.parametrize(
    ("count", "said"), [(999, "999 B"), (28_300, "28 KB"), (999_600, "1.0 MB"), (1_440_000, "1.4 MB")]
)
def test_file_sizes(count: int, said: str) -> None:
    """In the unit that fits."""
    assert file_size(count) == said


@given(st.floats(min_value=0, max_value=4e9))
def test_a_moment_is_told_as_python_does(seconds: float) -> None:
    """To the millisecond, rounded as a datetime is."""
    told = datetime.fromtimestamp(seconds, UTC).isoformat("T", "milliseconds").removesuffix("+00:00")
    assert iso(seconds) == f"{told}Z"


def test_moments() -> None:
    """UTC, the same on every machine."""
    assert (day(NOON), iso(NOON + 0.5), iso(None)) == ("23 November 2026", "2026-11-23T12:00:00.500Z", None)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("see https://a.example/b.png?sig=1&x=2 now", "see https://a.example/b.png now"),
        ("HTTPS://u:p@a.example/b#frag", "HTTPS://a.example/b"),
        ("https://a.example?sig=1", "https://a.example"),
        ('"https://a.example/x?y" and (why?)', '"https://a.example/x" and (why?)'),
        ("is it done? yes", "is it done? yes"),
    ],
)
def test_queries_are_cut(text: str, kept: str) -> None:
    """From every address, and from nothing else."""
    assert without_queries(text) == kept


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/home/a/s.yaml", "s.yaml"),
        ("specs/s.yaml", "specs/s.yaml"),
        ("C:\\Users\\a\\s.yaml", "s.yaml"),
        ("s.yaml", "s.yaml"),
    ],
)
def test_homes_are_cut(path: str, kept: str) -> None:
    """An absolute path tells who wrote it."""
    assert relative_name(path) == kept
