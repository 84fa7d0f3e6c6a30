"""The provider's JSON, both ways, and nothing else: pure, no HTTP.

Source: ToAPIs' published pages, 2026-10. Where the pages disagree, every published shape is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

SUBMIT_PATH: Final = "/images/generations"
UPLOAD_PATH: Final = "/uploads/images"
BALANCE_PATH: Final = "/balance"

_MANY: Final = Decimal(10) ** 15
"""More Unix seconds than there will be; arithmetic on what is larger overflows somewhere."""

_STATUS_WORDS: Final = frozenset({"queued", "pending", "submitted", "in_progress", "completed", "failed"})

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One image to buy. ``image_url`` present means editing; ``options`` go into ``metadata``."""

    model: str
    prompt: str
    size: str
    image_url: str | None
    options: Mapping[str, str | int | bool]
    business_id: str

    def body(self) -> bytes:
        """The exact bytes to POST; equal requests give equal bytes."""
        fields: dict[str, Any] = {
            "model": self.model,
            "prompt": self.prompt,
            "size": self.size,
            "client_business_id": self.business_id,
        }
        if self.image_url is not None:
            fields["image_urls"] = [self.image_url]
        if self.options:
            fields["metadata"] = dict(sorted(self.options.items()))
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSnapshot:
    """What the provider says of one task now. ``expires_at`` is Unix seconds, None when it did not say."""

    id: str
    status: str
    business_id: str | None = None
    result_url: str | None = None
    expires_at: float | None = None
    error_code: str = ""
    error_message: str = ""

    @property
    def known(self) -> bool:
        """Whether its status is a word that was ever published or seen."""
        return self.status in _STATUS_WORDS

    @property
    def completed(self) -> bool:
        """An image is waiting. A word we do not know is not final."""
        return self.status == "completed"

    @property
    def failed(self) -> bool:
        """The provider gave up, and refunds."""
        return self.status == "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The account; amounts are in the account's own unit. ``remaining`` is None when unlimited."""

    remaining: Decimal | None
    used: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """An error in the API's own JSON."""

    code: str
    message: str


def parse_task(answer: object) -> TaskSnapshot | None:
    """Read a submit or status answer; None when it carries no task id."""
    if not isinstance(answer, Mapping):
        return None
    task_id = _text(answer.get("id")) or _text(answer.get("task_id"))
    if not task_id:
        return None
    error = parse_error(answer) or ErrorBody(code="", message="")
    return TaskSnapshot(
        id=task_id,
        status=_text(answer.get("status")) or "queued",
        business_id=_text(answer.get("client_business_id")) or None,
        result_url=_result_url(answer),
        expires_at=_number(answer.get("expires_at")),
        error_code=error.code,
        error_message=error.message,
    )


def parse_error(answer: object) -> ErrorBody | None:
    """Read ``{"error": {"code", "message", "type"}}``; code may be a number or a word, the word wins.

    Uploads and balance say ``{"success": false, "message"}`` instead: an error without a code.
    """
    if not isinstance(answer, Mapping):
        return None
    error = answer.get("error")
    if not isinstance(error, Mapping):
        refused = answer.get("success") is False
        return ErrorBody(code="", message=_text(answer.get("message"))) if refused else None
    code, kind = error.get("code"), _text(error.get("type"))
    word = code if isinstance(code, str) and not code.isdigit() else kind or _text(code)
    return ErrorBody(code=word, message=_text(error.get("message")))


def parse_upload(answer: object) -> str | None:
    """The public URL of an uploaded image; None when the answer has none."""
    data = answer.get("data") if isinstance(answer, Mapping) and answer.get("success") else None
    return (_text(data.get("url")) or None) if isinstance(data, Mapping) else None


def parse_balance(answer: object) -> Balance | None:
    """Read the balance; None when the API says ``success: false`` or says nothing usable."""
    if not isinstance(answer, Mapping) or not answer.get("success"):
        return None
    remaining, used = _decimal(answer.get("remain_balance")), _decimal(answer.get("used_balance"))
    if remaining is None or used is None:
        return None
    return Balance(remaining=None if answer.get("unlimited_quota") else remaining, used=used)


def _result_url(answer: JsonObject) -> str | None:
    """``result.data[0].url``, or the older top-level ``url``."""
    result = answer.get("result")
    data = result.get("data") if isinstance(result, Mapping) else None
    first = data[0] if isinstance(data, list) and data else None
    nested = _text(first.get("url")) if isinstance(first, Mapping) else ""
    return nested or _text(answer.get("url")) or None


def _text(value: object) -> str:
    """A text, or a whole number as one. Half of a surrogate pair is legal JSON and breaks everything behind it."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    return str(value).encode("utf-8", "replace").decode()


def _number(value: object) -> float | None:
    number = _decimal(value) if isinstance(value, int | float) else None
    return float(number) if number is not None and abs(number) < _MANY else None


def _decimal(value: object) -> Decimal | None:
    """A finite number; JSON as Python reads it also has NaN and Infinity."""
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
