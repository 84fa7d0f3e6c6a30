"""Every published shape of the provider's JSON, in both readings, and everything that is none."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.api.wire import (
    Balance,
    ErrorBody,
    GenerationRequest,
    parse_balance,
    parse_error,
    parse_task,
    parse_upload,
)

SUBMITTED: dict[str, Any] = {
    "id": "task_img_abc123def456",
    "object": "generation.task",
    "model": "flux-kontext-pro",
    "status": "queued",
    "progress": 0,
    "created_at": 1703884800,
    "metadata": {},
}
URL = "https://files.toapis.com/generated/1768381061_c55c1bbb.jpg"
COMPLETED: dict[str, Any] = {
    "id": "task_1",
    "client_business_id": "fb-1",
    "object": "generation.task",
    "model": "flux-kontext-pro",
    "status": "completed",
    "progress": 100,
    "created_at": 1768381010,
    "completed_at": 1768381063,
    "expires_at": 1768467463,
    "result": {"type": "image", "data": [{"url": URL}]},
}


def request(**fields: Any) -> GenerationRequest:
    """One order, ordinary unless ``fields`` say otherwise."""
    plain: dict[str, Any] = {
        "model": "flux-kontext-pro",
        "prompt": "a mug",
        "size": "1:1",
        "image_url": None,
        "options": {},
        "business_id": "fb-1",
    }
    return GenerationRequest(**(plain | fields))


def test_a_text_to_image_body_has_no_empty_fields() -> None:
    """Present = image editing, absent = text-to-image; so absent must be absent."""
    assert json.loads(request().body()) == {
        "model": "flux-kontext-pro",
        "prompt": "a mug",
        "size": "1:1",
        "client_business_id": "fb-1",
    }


def test_an_edit_body_has_one_image_and_its_options() -> None:
    """The options go into ``metadata``, with their JSON types."""
    options = {"safety_tolerance": 2, "prompt_upsampling": False, "response_format": "png"}
    body = json.loads(request(image_url="https://x.example/a.png", options=options).body())
    assert body["image_urls"] == ["https://x.example/a.png"]
    assert body["metadata"] == options


def test_equal_requests_give_equal_bytes() -> None:
    """Whatever the order of the options, and in UTF-8 rather than escapes."""
    forward = request(prompt="Tasse, 杯", options={"a": 1, "b": 2}).body()
    assert forward == request(prompt="Tasse, 杯", options={"b": 2, "a": 1}).body()
    assert "Tasse, 杯".encode() in forward


def test_a_submit_answer_is_read() -> None:
    """The docs' sample."""
    task = parse_task(SUBMITTED)
    assert task is not None
    assert (task.id, task.status, task.completed, task.failed) == ("task_img_abc123def456", "queued", False, False)


def test_a_submit_answer_with_task_id_is_read() -> None:
    """What clients in the wild fall back to; ``id`` wins where both are."""
    older = {**SUBMITTED, "task_id": "older"}
    assert parse_task(older) == parse_task(SUBMITTED)
    del older["id"]
    task = parse_task(older)
    assert task is not None
    assert task.id == "older"


def test_a_completed_task_is_read() -> None:
    """URL and expiry, from the docs' sample."""
    task = parse_task(COMPLETED)
    assert task is not None
    assert (task.completed, task.result_url, task.expires_at) == (True, URL, 1768467463.0)
    assert task.business_id == "fb-1"


def test_the_older_place_of_the_url_is_read() -> None:
    """A top-level ``url``, and the newer place wins where both are."""
    older = {name: value for name, value in COMPLETED.items() if name != "result"} | {"url": URL}
    assert parse_task(older) == parse_task(COMPLETED) == parse_task({**COMPLETED, "url": "https://other.example"})


def test_a_failed_task_is_read() -> None:
    """With the provider's reason."""
    task = parse_task(
        {"id": "t", "status": "failed", "progress": 0, "error": {"code": "generation_failed", "message": "no"}}
    )
    assert task is not None
    assert (task.failed, task.error_code, task.error_message) == (True, "generation_failed", "no")


@pytest.mark.parametrize(
    "word", ["queued", "in_progress", "pending", "submitted", "moderated", "COMPLETED", "", None, 3]
)
def test_any_other_word_is_not_final(word: object) -> None:
    """A word we do not know is not an end."""
    task = parse_task({**SUBMITTED, "status": word})
    assert task is not None
    assert not task.completed
    assert not task.failed


@pytest.mark.parametrize(
    "answer", [None, 1, "x", [], [SUBMITTED], {}, {"id": ""}, {"id": None}, {"id": []}, {"id": True}]
)
def test_an_answer_without_an_id_is_no_task(answer: object) -> None:
    """Which makes an accepted request a lookup, never a guess."""
    assert parse_task(answer) is None


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        {},
        {"data": None},
        {"data": {}},
        {"data": []},
        {"data": [None]},
        {"data": [{}]},
        {"data": [{"url": 0.5}]},
    ],
)
def test_a_completed_task_may_have_no_url(result: object) -> None:
    """Then there is none, whatever shape the hole has."""
    task = parse_task({**COMPLETED, "result": result})
    assert task is not None
    assert task.result_url is None


@pytest.mark.parametrize("moment", [None, "soon", True, math.nan, math.inf, -math.inf, 10**400, 1e300, [], {}])
def test_an_expiry_that_is_no_moment_is_none(moment: object) -> None:
    """JSON as Python reads it has NaN, Infinity and integers without an end."""
    task = parse_task({**COMPLETED, "expires_at": moment})
    assert task is not None
    assert task.expires_at is None


def test_half_a_surrogate_pair_does_no_harm() -> None:
    """Legal JSON that neither SQLite, nor a terminal, nor a URL would take."""
    task = parse_task(json.loads(r'{"id": "t\ud800", "error": {"message": "\udfff!"}, "url": "https://x/\ud800"}'))
    assert task is not None
    for text in (task.id, task.error_message, task.result_url):
        assert (text or "").encode()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": 401, "message": "m", "type": "authentication_error"}, "authentication_error"),
        ({"code": "401", "message": "m", "type": "authentication_error"}, "authentication_error"),
        ({"code": "unauthorized", "message": "m", "type": "authentication_error"}, "unauthorized"),
        ({"code": "task_not_found", "message": "m"}, "task_not_found"),
        ({"code": 404, "message": "m"}, "404"),
        ({"message": "m"}, ""),
    ],
)
def test_an_errors_code_may_be_a_number_or_a_word(error: dict[str, object], code: str) -> None:
    """The word wins."""
    assert parse_error({"error": error}) == ErrorBody(code=code, message="m")


def test_an_error_of_uploads_and_balance_has_only_a_message() -> None:
    """``success: false`` is what makes it one."""
    said = "Image too large. Maximum size is 10MB"
    assert parse_error({"success": False, "message": said}) == ErrorBody(code="", message=said)
    assert parse_error({"success": True, "message": said}) is None
    assert parse_error({"message": said}) is None


def test_an_upload_is_read() -> None:
    """The docs' sample, and its failure."""
    data = {"id": "upload_1", "url": "https://files.toapis.com/uploads/a.jpg", "mime_type": "image/jpeg", "size": 89234}
    assert parse_upload({"success": True, "message": "", "data": data}) == data["url"]
    assert parse_upload({"success": False, "message": "", "data": data}) is None
    assert parse_upload({"success": True, "data": {}}) is None


def test_a_balance_is_read_exactly() -> None:
    """As decimals: 10.5 is 10.5; unlimited is None, whatever -1 says."""
    answer = {"success": True, "remain_balance": 10.1, "used_balance": 2.3, "unlimited_quota": False}
    assert parse_balance(answer) == Balance(remaining=Decimal("10.1"), used=Decimal("2.3"))
    assert parse_balance({**answer, "remain_balance": -1, "unlimited_quota": True}) == Balance(
        remaining=None, used=Decimal("2.3")
    )
    assert parse_balance({**answer, "success": False}) is None


@pytest.mark.parametrize("amount", [None, "", "much", math.nan, math.inf, True, [], {}])
def test_an_amount_that_is_no_number_is_no_balance(amount: object) -> None:
    """A budget is never compared with NaN."""
    answer = {"success": True, "remain_balance": 10.5, "used_balance": 2.3}
    assert parse_balance({**answer, "remain_balance": amount}) is None
    assert parse_balance({**answer, "used_balance": amount}) is None


NAMES = st.sampled_from(
    [
        *("id", "task_id", "status", "client_business_id", "expires_at", "result", "data", "url"),
        *("error", "code", "message", "type", "success", "remain_balance", "used_balance", "unlimited_quota"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800") | st.just(10**400)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner),
    max_leaves=12,
)


@given(JSON)
def test_no_json_upsets_a_reader(answer: object) -> None:
    """Each gives its value or None, and every text in a value can be written down."""
    task, error, upload, balance = parse_task(answer), parse_error(answer), parse_upload(answer), parse_balance(answer)
    if task is not None:
        assert task.id
        assert not (task.completed and task.failed)
        assert task.expires_at is None or math.isfinite(task.expires_at)
        for text in (task.id, task.status, task.business_id, task.result_url, task.error_code, task.error_message):
            assert (text or "").encode() is not None
    if error is not None:
        assert (error.code + error.message).encode() is not None
    assert upload is None or upload.encode()
    if balance is not None:
        assert balance.used.is_finite()
        assert balance.remaining is None or balance.remaining.is_finite()
