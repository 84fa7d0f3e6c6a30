"""From status, headers and JSON to one of our errors: the table that money depends on."""

from __future__ import annotations

import math
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.api.answers import LONGEST_PAUSE, error_for, read_json, retry_after, tokens_left
from flux_batch.errors import AccountRejected, ApiError, Rejected, TaskNotFound, Throttled, Unclear

from .test_wire import JSON

NOW = 1_800_000_000.0


def said(code: object, kind: str = "") -> dict[str, Any]:
    """An error in the API's own JSON."""
    return {"error": {"code": code, "message": "as published", "type": kind}}


TABLE: list[tuple[int, object, type[ApiError]]] = [
    (400, said("invalid_request"), Rejected),
    (401, said(401, "authentication_error"), AccountRejected),
    (401, said("unauthorized"), AccountRejected),
    (401, None, AccountRejected),
    (402, said("insufficient_quota"), AccountRejected),
    (402, None, AccountRejected),
    (403, said("forbidden"), AccountRejected),
    (404, said("task_not_found"), TaskNotFound),
    (404, said(404, "not_found_error"), TaskNotFound),
    (422, said("content_policy_violation"), Rejected),
    (429, said("rate_limit_exceeded"), Throttled),
    (429, None, Throttled),
    (503, said("rate_limit_unavailable"), Throttled),
    # Not the API's own words, or not about the request: it may have been taken.
    (400, None, Unclear),
    (403, None, Unclear),
    (404, None, Unclear),
    (404, {"detail": "Not Found"}, Unclear),
    (405, None, Unclear),
    (408, said("request_timeout"), Unclear),
    (409, said("conflict"), Unclear),
    (423, said("locked"), Unclear),
    (425, said("too_early"), Unclear),
    (499, said("client_closed"), Unclear),
    (500, said("internal_error"), Unclear),
    (502, None, Unclear),
    (503, None, Unclear),
    (503, said("model_not_found"), Unclear),
    (503, said("no available channel"), Unclear),
    (504, None, Unclear),
    (520, None, Unclear),
    (529, said("overloaded"), Unclear),
    *((status, None, Unclear) for status in (300, 301, 302, 303, 304, 307, 308)),
    (307, said("task_not_found"), Unclear),
    (101, said("invalid_request"), Unclear),
]


@pytest.mark.parametrize(("status", "answer", "kind"), TABLE)
def test_a_status_has_one_meaning(status: int, answer: object, kind: type[ApiError]) -> None:
    """Exactly the class that the submit protocol acts upon."""
    assert type(error_for(status, {}, answer, NOW)) is kind


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_no_error(status: int) -> None:
    """Whatever it says: what is missing in it is the reader's matter."""
    assert error_for(status, {}, said("invalid_request"), NOW) is None


def test_a_rejection_carries_the_apis_words() -> None:
    """Status, code and message, for the row in the report."""
    error = error_for(422, {}, said("content_policy_violation"), NOW)
    assert isinstance(error, Rejected)
    assert (error.status, error.code, error.message) == (422, "content_policy_violation", "as published")
    assert str(error) == "422 content_policy_violation: as published"


def test_a_refused_upload_says_why() -> None:
    """Its JSON has only a message."""
    error = error_for(400, {}, {"success": False, "message": "Image too large. Maximum size is 10MB"}, NOW)
    assert type(error) is Rejected
    assert str(error) == "400: Image too large. Maximum size is 10MB"


def test_a_404_without_a_code_is_no_absence() -> None:
    """A gateway may speak so too, and an absence leads to buying again."""
    assert type(error_for(404, {}, {"success": False, "message": "no such route"}, NOW)) is Rejected


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_is_carried(status: int) -> None:
    """From the header, in either form."""
    for value in ("7", formatdate(NOW + 7, usegmt=True)):
        error = error_for(status, {"retry-after": value}, said("rate_limit_unavailable"), NOW)
        assert isinstance(error, Throttled)
        assert error.retry_after == 7


PAUSES: dict[str, float | None] = {
    "0": 0,
    "3": 3,
    " 3 ": 3,
    "0.5": 0.5,
    "-5": 0,
    "1e9": LONGEST_PAUSE,
    "1" * 400: LONGEST_PAUSE,
    "inf": LONGEST_PAUSE,
    "-inf": 0,
    "NaN": None,
    "": None,
    "soon": None,
    "3 seconds": None,
    "1, 2": None,
    "Wed, 32 Foo 2026 99:99:99 GMT": None,
    "Fri, 31 Dec 99999 23:59:59 GMT": None,
    formatdate(NOW + 90, usegmt=True): 90,
    formatdate(NOW - 90, usegmt=True): 0,
    formatdate(NOW + 1e6, usegmt=True): LONGEST_PAUSE,
}


@pytest.mark.parametrize(("value", "seconds"), PAUSES.items())
def test_a_pause_is_between_0_and_300_seconds(value: str, seconds: float | None) -> None:
    """A header decides how long, never whether the run goes on."""
    assert retry_after(value, NOW) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d( GMT| [-+]\d{1,6})?"))
def test_no_header_upsets_the_pause(value: str) -> None:
    """Any text gives a sane pause, or none."""
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_PAUSE


@given(st.integers(100, 599), JSON, st.dictionaries(st.just("retry-after"), st.text()))
def test_only_a_definite_4xx_is_a_rejection(status: int, answer: object, headers: dict[str, str]) -> None:
    """The one class that closes an attempt as not billed; nothing vaguer may end there."""
    error = error_for(status, headers, answer, NOW)
    assert (error is None) == (200 <= status < 300)
    if isinstance(error, Rejected):
        assert 400 <= status < 500
        assert status in {401, 402} or isinstance(answer, dict)
        assert status not in {408, 409, 423, 425, 429, 499}
    if isinstance(error, TaskNotFound):
        assert status == 404
        assert error.code


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"<html>", b"[" * 100_000, b"1" * 5000, b'{"a": 1} x', b"\x80abc", b"nul"],
    ids=lambda content: repr(content[:8]),
)
def test_what_is_not_json_is_none(content: bytes) -> None:
    """Cut, HTML, nested without an end, a number without an end."""
    assert read_json(content) is None


def test_json_is_read() -> None:
    """In UTF-8, also behind a byte-order mark of UTF-16."""
    assert read_json('{"a": "é"}'.encode()) == {"a": "é"}
    assert read_json('{"a": "é"}'.encode("utf-16")) == {"a": "é"}
    nan = read_json(b"NaN")
    assert isinstance(nan, float)
    assert math.isnan(nan)


@given(st.binary())
def test_no_bytes_upset_the_json_reader(content: bytes) -> None:
    """They are JSON, or None."""
    read_json(content)


@pytest.mark.parametrize(
    ("value", "left"), [("49", 49), ("0", 0), ("-1", None), ("4.5", None), ("", None), ("²", None), ("9" * 400, None)]
)
def test_what_is_left_of_a_limit_is_a_whole_number(value: str, left: int | None) -> None:
    """Anything else is no word about it."""
    assert tokens_left({"x-ratelimit-remaining": value}) == left
    assert tokens_left({}) is None
