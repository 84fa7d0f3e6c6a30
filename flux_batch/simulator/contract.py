"""What the published contract allows, checked by a second reader: pure, nothing shared with the client.

Source: ToAPIs' pages *images/flux-kontext/generation*, *uploads/images* and *tasks/image-status*, 2026-10.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

PRICES: Final[Mapping[str, Decimal]] = {"flux-kontext-pro": Decimal("0.04"), "flux-kontext-max": Decimal("0.04")}
"""USD per accepted request; max from ToAPIs' model guide (2026-05-02), pro from the maker's list price."""

MODELS: Final = tuple(PRICES)
RATIOS: Final = ("1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21")
MATCH_INPUT: Final = "match_input_image"
FORMATS: Final = ("png", "jpg")
UPLOAD_MAX_BYTES: Final = 10 * 1024 * 1024
UPLOAD_TYPES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
"""Pillow's format name → the type the contract allows."""

FIELDS: Final = ("model", "prompt", "size", "image_urls", "metadata", "client_business_id", "callback_url")
BUSINESS_ID_MAX: Final = 255
"""No length is published; longer than this is surely a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer other than 2xx. ``code`` is a word, or the status as a number where the samples show one."""

    status: int
    code: str | int
    message: str
    type: str

    def body(self) -> dict[str, Any]:
        """The published error JSON."""
        return {"error": {"code": self.code, "message": self.message, "type": self.type}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A valid request, defaults filled in. ``unknown`` names fields that the contract does not have."""

    model: str
    prompt: str
    size: str
    image_url: str | None = None
    response_format: str = "jpg"
    safety_tolerance: int = 2
    prompt_upsampling: bool = False
    business_id: str | None = None
    unknown: tuple[str, ...] = ()


UNAUTHORIZED: Final = Refusal(
    status=401,
    code=401,
    message="Authentication failed, please check your API key",
    type="authentication_error",
)
TASK_NOT_FOUND: Final = Refusal(status=404, code=404, message="Task not found", type="not_found_error")
NO_BALANCE: Final = Refusal(
    status=402, code="insufficient_quota", message="Insufficient balance", type="insufficient_quota"
)
POLICY: Final = Refusal(
    status=422,
    code="content_policy_violation",
    message="The request was refused by the content policy",
    type="content_policy_violation",
)
DUPLICATE: Final = Refusal(
    status=409, code="duplicate_business_id", message="client_business_id was used before", type="conflict_error"
)
"""Not published: one of the ways in which the real service might treat a repeated id."""


def invalid(message: str) -> Refusal:
    """400 ``invalid_request``, naming the field."""
    return Refusal(status=400, code="invalid_request", message=message, type="invalid_request_error")


class InvalidRequest(Exception):
    """A field broke its rule; only inside this module."""


def read_order(raw: bytes, content_type: str, allowed: tuple[str, ...] = MODELS) -> Order | Refusal:
    """Check a submit body; ``allowed`` are the models this key may use."""
    try:
        fields = _json_object(raw, content_type)
        order = _order(fields)
    except InvalidRequest as problem:
        return invalid(str(problem))
    if fields.get("callback_url") is not None:
        return Refusal(
            status=400,
            code="webhook_not_configured",
            message="No webhook is configured for this token",
            type="invalid_request_error",
        )
    if order.model not in allowed:
        message = f"This key may not use {order.model}"
        return Refusal(status=403, code="model_not_allowed", message=message, type="permission_error")
    return order


def _json_object(raw: bytes, content_type: str) -> Mapping[str, Any]:
    if content_type != "application/json":
        raise InvalidRequest("Content-Type must be application/json")
    try:
        fields = json.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise InvalidRequest("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise InvalidRequest("the body must be a JSON object")
    return fields


def _order(fields: Mapping[str, Any]) -> Order:
    image_url = _image_url(fields.get("image_urls"))
    metadata = fields.get("metadata")
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, dict):
        raise InvalidRequest("metadata must be an object")
    return Order(
        model=_one_of("model", fields.get("model"), MODELS),
        prompt=_prompt(fields.get("prompt")),
        size=_size(fields.get("size"), has_reference=image_url is not None),
        image_url=image_url,
        response_format=_one_of("metadata.response_format", metadata.get("response_format", "jpg"), FORMATS),
        safety_tolerance=_tolerance(metadata.get("safety_tolerance", 2)),
        prompt_upsampling=_flag("metadata.prompt_upsampling", metadata.get("prompt_upsampling", False)),
        business_id=_business_id(fields.get("client_business_id", metadata.get("client_business_id"))),
        unknown=tuple(sorted(set(fields) - set(FIELDS))),
    )


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise InvalidRequest(f"{name} must be one of {', '.join(allowed)}")
    return value


def _prompt(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest("prompt is required and must be a non-empty string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidRequest("prompt is not valid Unicode") from None
    return value


def _size(value: object, *, has_reference: bool) -> str:
    if value is None:
        return MATCH_INPUT if has_reference else "16:9"
    if value == MATCH_INPUT and not has_reference:
        raise InvalidRequest(f"size {MATCH_INPUT} needs an image in image_urls")
    return _one_of("size", value, (*RATIOS, MATCH_INPUT) if has_reference else RATIOS)


def _image_url(value: object) -> str | None:
    if value is None or value == []:
        return None
    if not isinstance(value, list) or len(value) > 1:
        raise InvalidRequest("image_urls must be a list of at most 1 URL")
    url = value[0]
    if not isinstance(url, str) or not is_public_url(url):
        raise InvalidRequest("image_urls[0] must be a public http(s) URL; base64 is not accepted")
    return url


def is_public_url(url: str) -> bool:
    """An http(s) URL that the provider could reach. Loopback counts: there the simulator itself is public."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return address.is_global or address.is_loopback


def _tolerance(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 6:
        raise InvalidRequest("metadata.safety_tolerance must be an integer from 0 to 6")
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false")
    return value


def _business_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= BUSINESS_ID_MAX or not value.isprintable():
        raise InvalidRequest(f"client_business_id must be a string of 1 to {BUSINESS_ID_MAX} characters")
    return value
