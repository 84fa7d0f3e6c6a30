"""Every way the provider misbehaves, one at a time: all images end stored, each is billed once."""

from __future__ import annotations

import pytest

from flux_batch.run.records import Phase
from flux_batch.simulator import Fault, fault

from .conftest import MakeBench
from .kit import MATRIX, only, stored

FAULTS: dict[str, tuple[Fault, ...]] = {
    "throttled with seconds": (fault("throttle", where="submit", seconds=1, first=3),),
    "throttled with a date": (fault("throttle", where="submit", seconds=1, as_date=True, first=2),),
    "throttled with nonsense": (fault("throttle", where="submit", retry_after="soon", first=2),),
    "rate limiter down": (
        fault("error", where="submit", status=503, code="rate_limit_unavailable", retry_after="0.1", first=2),
    ),
    "500 before billing": (fault("error", where="submit", status=500, first=2),),
    "502 after billing": (fault("error", where="submit", status=502, billed=True, html=True, first=3),),
    "503 without a channel": (fault("error", where="submit", status=503, code="model_not_found", first=1),),
    "billed, then cut": (fault("cut", where="submit", first=3),),
    "billed, then silence": (fault("hang", where="submit", seconds=3, first=2),),
    "billed, answered late": (fault("slow", where="submit", seconds=1.5, first=2),),
    "billed, odd body": (fault("odd_body", where="submit", first=3),),
    "billed, no id": (fault("odd_body", where="submit", body='{"data": []}', first=2),),
    "cut before billing": (fault("cut", where="submit", billed=False, first=2),),
    "a submit redirected": (fault("redirect", where="submit", status=307, first=1),),
    "lookup lag after a cut": (
        fault("cut", where="submit", first=2),
        fault("lookup_lag", where="submit", lookups=3),
    ),
    "polls that fail": (
        fault("error", where="status", status=502, every=3),
        fault("cut", where="status", every=5),
        fault("odd_body", where="status", every=7),
        fault("throttle", where="status", seconds=0.1, every=11),
    ),
    "files cut short": (fault("truncate", where="file", first=4),),
    "files cut short, no length": (fault("truncate", where="file", content_length=False, first=4),),
    "a page instead of a file": (fault("html", where="file", first=4),),
    "files reset": (fault("cut", where="file", first=4),),
    "file host down": (fault("error", where="file", status=503, first=4),),
    "files redirected in circles": (fault("redirect", where="file", status=302, location="/nowhere", first=3),),
    "files gone, then back": (fault("expire", where="file", first=3),),
    "files that drip": (fault("drip", where="file", seconds=0.01, chunk=4096, first=4),),
}


@pytest.mark.parametrize("name", FAULTS)
def test_everything_is_stored_and_billed_once(name: str, make_bench: MakeBench) -> None:
    """One fault, twelve images, twelve bills, twelve files."""
    bench = make_bench(*FAULTS[name])
    outcome = bench.run(MATRIX)
    assert only(outcome.phases, Phase.STORED), (outcome, bench.watcher.said)
    assert set(bench.bills().values()) == {1}
    assert outcome.spent == outcome.observed
    assert all(bench.simulator.faults.fired()), "a fault that did not happen shows nothing"


def test_a_lost_request_is_sent_again_once_it_is_proven_lost(make_bench: MakeBench) -> None:
    """A POST that never arrived is re-sent with the same id after the settle window, and billed once."""
    bench = make_bench(fault("cut", where="submit", billed=False, first=1))
    assert stored(bench.run(MATRIX)) == 12
    sent = [each.business_id for each in bench.simulator.log.arrivals if each.place == "submit"]
    assert len(sent) == 13
    assert len(set(sent)) == 12


def test_hold_never_sends_again(make_bench: MakeBench) -> None:
    """With ``when_uncertain: hold`` a lost request waits for a person."""
    from dataclasses import replace

    bench = make_bench(fault("cut", where="submit", billed=False, first=1))
    bench.rules = replace(bench.rules, resend=False)
    outcome = bench.run(MATRIX)
    assert outcome.phases == {Phase.STORED: 11, Phase.HELD: 1}
    assert bench.requests("submit") == 12
    assert list(outcome.left.values()) == ["held: it is not known whether the request arrived"]


def test_without_a_positive_control_nothing_is_sent_again(make_bench: MakeBench) -> None:
    """A lookup that finds no other accepted task either proves nothing, so the request stays in doubt."""
    bench = make_bench(fault("cut", where="submit", billed=False, first=1), fault("hide", where="submit"))
    outcome = bench.run(MATRIX)
    assert outcome.phases == {Phase.STORED: 11, Phase.UNCERTAIN: 1}
    assert bench.requests("submit") == 12


def test_a_late_post_is_found_within_the_settle_window(make_bench: MakeBench) -> None:
    """A request that is processed after its connection died is adopted, not repeated."""
    bench = make_bench(fault("late", where="submit", seconds=0.2, first=2))
    assert stored(bench.run(MATRIX)) == 12
    assert set(bench.bills().values()) == {1}
