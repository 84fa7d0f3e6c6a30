"""How cassettes are recorded and matched: one place for the tests and for ``scripts/record-cassettes``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from vcr import VCR
from vcr.request import Request
from vcr.util import read_body

CASSETTES: Final = Path(__file__).parents[2] / "cassettes"

DUMMY_KEY: Final = "sk-dummy-for-cassettes"

SECRET_HEADERS: Final = ("Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key")

VOLATILE: Final = frozenset({"date", "set-cookie", "x-request-id", "cf-ray", "report-to", "nel"})
"""Headers of an answer that say something about us or change every time."""


def same_body(played: Request, recorded: Request) -> None:
    """Byte for byte, but for the boundary of a multipart body, which is drawn anew each time."""
    if body_of(played) != body_of(recorded):
        raise AssertionError("another body")


def body_of(request: Request) -> bytes:
    """A request's bytes, with a fixed multipart boundary."""
    body = read_body(request) or b""
    body = body.encode() if isinstance(body, str) else body
    boundary = re.search(rb"\A--([0-9a-f]{32})\r\n", body)
    return body.replace(boundary[1], b"BOUNDARY") if boundary else body


def without_volatile(response: dict[str, Any]) -> dict[str, Any]:
    """An answer without the headers nobody needs to see."""
    kept = {name: values for name, values in response["headers"].items() if name.lower() not in VOLATILE}
    return {**response, "headers": kept}


CONFIG: Final[dict[str, Any]] = {
    "match_on": ["method", "uri", "same_body"],
    "filter_headers": list(SECRET_HEADERS),
    "before_record_response": without_volatile,
    "record_on_exception": False,
}


def equip(vcr: VCR) -> VCR:
    """Teach a recorder our matcher."""
    vcr.register_matcher("same_body", same_body)
    return vcr
