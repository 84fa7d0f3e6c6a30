"""What the provider says oddly: every unclear answer to a submit is kept, and an unknown word is told once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import pytest

from flux_batch.api.client import KEPT
from flux_batch.errors import RawAnswer
from flux_batch.run.perform import _printable
from flux_batch.run.records import Phase
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import Fault, fault

from .conftest import MakeBench
from .kit import KEY, MATRIX, Bench, only, stored

SLOW: Final = (0.3, 0.4)
"""Seconds that a task takes: it is asked for several times before it is done."""

PAGE: Final = "<html><body>Thank you for your order</body></html>"
NO_ID: Final = '{"created": 1, "data": [{"url": "https://files.example/a.png?sig=s3cret"}]}'

UNCLEAR: Final[dict[str, tuple[Fault, int, bytes]]] = {
    "a page": (fault("odd_body", body=PAGE), 200, PAGE.encode()),
    "half of it": (fault("odd_body", body='{"id": "task_'), 200, b'{"id": "task_'),
    "no id": (fault("odd_body", body=NO_ID), 200, NO_ID.encode()),
    "a list": (fault("odd_body", body="[1]"), 200, b"[1]"),
    "nothing": (fault("odd_body", body=""), 200, b""),
    "an error without a code": (fault("odd_body", status=201, body='{"error": "?"}'), 201, b'{"error": "?"}'),
    "a gateway": (fault("error", status=502, html=True, billed=True), 502, b"502 error"),
    "our own 500": (fault("error", status=500, message="oh no", billed=True), 500, b"oh no"),
    "a long one": (fault("odd_body", body="x" * 200_000), 200, b"x" * KEPT),
    "a redirect": (fault("redirect", where="submit"), 307, b""),
    "the key": (fault("odd_body", body=f"Bearer {KEY}?"), 200, b"Bearer [key]?"),
}
"""Fault → the status and (part of) the body that must be kept of it."""


def kept(bench: Bench) -> dict[str, RawAnswer]:
    """What the state file has, by business id."""
    with StateFile(bench.folder / FILE, read_only=True) as state:
        return state.odd_answers()


@pytest.mark.parametrize("name", UNCLEAR)
def test_an_unclear_answer_to_a_submit_is_kept(name: str, make_bench: MakeBench) -> None:
    """With its status and the time, by the request's own id; the image is found by a lookup all the same."""
    odd, status, body = UNCLEAR[name]
    bench = make_bench(replace(odd, where="submit", times=1))
    outcome = bench.run(MATRIX)
    assert only(outcome.phases, Phase.STORED), (outcome, bench.watcher.said)
    ((business_id, answer),) = kept(bench).items()
    assert business_id in {entry.purchase.business_id for entry in bench.view().entries}
    assert answer.status == status
    assert body in answer.body
    assert len(answer.body) <= KEPT
    assert answer.at >= bench.view().created


def test_where_nothing_came_back_nothing_is_kept(make_bench: MakeBench) -> None:
    """A reset leaves no answer, and clear answers are understood."""
    bench = make_bench(fault("cut", where="submit", first=2))
    assert stored(bench.run(MATRIX)) == 12
    assert kept(bench) == {}


def test_each_answer_is_kept_with_the_change_it_causes(make_bench: MakeBench) -> None:
    """All of them hold: as many answers as requests in doubt, each committed with its phase."""
    bench = make_bench(fault("odd_body", where="submit", body=PAGE), fault("hide", where="submit"))
    bench.rules = replace(bench.rules, resend=False, patience=0.2)
    outcome = bench.run(MATRIX)
    doubtful = {
        entry.purchase.business_id
        for entry in bench.view().entries
        if entry.purchase.phase in (Phase.UNCERTAIN, Phase.HELD)
    }
    assert doubtful, outcome
    assert set(kept(bench)) == doubtful


def test_a_rehearsal_that_starts_again_forgets_the_answers(make_bench: MakeBench) -> None:
    """Its provider is gone, and so is whatever it said."""
    bench = make_bench(fault("odd_body", where="submit", body=PAGE, times=1))
    bench.run(MATRIX, rehearsal=True)
    assert len(kept(bench)) == 1
    bench.run(MATRIX, rehearsal=True)
    assert kept(bench) == {}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("moderated", "'moderated'"),
        ("x" * 99, f"'{'x' * 40}'"),
        (f"key {KEY}", "'key [key]'"),
    ],
    ids=["plain", "long", "the key"],
)
def test_an_unknown_status_word_is_told_once(word: str, told: str, make_bench: MakeBench) -> None:
    """Waited out as ever, and one sentence about it for a person, harmless and short."""
    bench = make_bench(fault("word", where="status", word=word, first=9), latency=SLOW)
    assert stored(bench.run(MATRIX)) == 12
    said = [line for line in bench.watcher.said if "documentation" in line]
    assert said == [f"The provider says {told}, which is not in its documentation: taken as not finished"]


def test_a_word_is_made_harmless() -> None:
    """Nothing that steers a terminal, turns the line round or begins a new one."""
    assert _printable("a\x1b[31m\n b\u202ec\x00") == "a\ufffd[31m b\ufffdc\ufffd"


def test_each_unknown_word_is_told_and_a_flood_of_them_is_not(make_bench: MakeBench) -> None:
    """Two words are two sentences; words without end are ten."""
    faults = [fault("word", where="status", word=f"word {number}", times=1) for number in range(25)]
    bench = make_bench(*faults, latency=SLOW)
    assert stored(bench.run(MATRIX)) == 12
    assert len({line for line in bench.watcher.said if "documentation" in line}) == 10


def test_published_and_older_words_are_told_to_nobody(make_bench: MakeBench) -> None:
    """What both language versions of the documentation name is no news."""
    bench = make_bench(early_words=True)
    assert stored(bench.run(MATRIX)) == 12
    assert bench.watcher.said == []


def test_no_report_has_the_answer(make_bench: MakeBench) -> None:
    """It is between the account and the provider; a manifest is for others."""
    from flux_batch.report.write import write_report

    bench = make_bench(fault("odd_body", where="submit", body=NO_ID, times=1))
    bench.run(MATRIX)
    write_report(bench.view(), bench.folder)
    shown = [path for path in bench.folder.rglob("*") if path.suffix in {".json", ".html", ".js"}]
    assert len(shown) >= 2
    assert not [path for path in shown if "s3cret" in path.read_text(encoding="utf-8")]
    assert json.loads((bench.folder / "manifest.json").read_text())["totals"]
