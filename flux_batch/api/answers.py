"""From an HTTP answer to a value or one of our errors: pure, and the only place that knows status codes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from flux_batch.api.wire import ErrorBody, parse_error
from flux_batch.errors import AccountRejected, ApiError, Rejected, TaskNotFound, Throttled, Unclear

LONGEST_PAUSE: Final = 300.0
"""Seconds; a longer Retry-After is not obeyed blindly."""

_UNDECIDED: Final = frozenset({408, 409, 423, 425, 499})
"""4xx that do not say whether the request was taken."""


def read_json(content: bytes) -> object:
    """The JSON of an answer, None when it is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def error_for(status: int, headers: Mapping[str, str], answer: object, now: float) -> ApiError | None:
    """Our word for an answer's status; None for a 2xx. ``now`` is Unix seconds, for a Retry-After date."""
    if 200 <= status < 300:
        return None
    body = parse_error(answer)
    if status == 429 or (status == 503 and body is not None and body.code.startswith("rate_limit")):
        return Throttled(_said(status, body), retry_after(headers.get("retry-after"), now))
    if status < 400:
        return Unclear(f"the server redirects ({status}); TOAPIS_BASE_URL may name the wrong host")
    if status in (401, 402):
        return AccountRejected(status, body.code if body else "", body.message if body else _NO_WORDS)
    if body is None or status >= 500 or status in _UNDECIDED:
        return Unclear(_said(status, body))
    return _rejected(status, body)


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait, between 0 and 300, from seconds or an HTTP date; None for nothing usable."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, now)
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_PAUSE)


def tokens_left(headers: Mapping[str, str]) -> int | None:
    """How many requests of this kind the limit has room for now, by ``X-RateLimit-Remaining``; None for no word."""
    told = headers.get("x-ratelimit-remaining", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else None


def _until(date: str, now: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return math.nan


def _rejected(status: int, body: ErrorBody) -> Rejected:
    if status == 403:
        return AccountRejected(status, body.code, body.message)
    # A 404 without a code does not say that it is about a task; a lookup must not take it for an absence.
    kind = TaskNotFound if status == 404 and body.code else Rejected
    return kind(status, body.code, body.message)


_NO_WORDS: Final = "the server gave no reason"


def _said(status: int, body: ErrorBody | None) -> str:
    if body is None:
        return f"the server answered {status} without the API's own JSON"
    return f"the server answered {status} {body.code}: {body.message or _NO_WORDS}"
