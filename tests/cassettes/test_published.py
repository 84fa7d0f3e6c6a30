"""The client against the documented host, answering exactly as its pages say; no network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.api.client import ApiClient
from flux_batch.api.files import FileClient
from flux_batch.api.settings import api_settings
from flux_batch.api.wire import Balance, GenerationRequest
from flux_batch.errors import AccountRejected, ApiError, Rejected, TaskNotFound, Throttled, Unclear

from .scenes import fetched, refused
from .tape import DUMMY_KEY

TASK = "task_img_abc123def456"
RESULT = "https://files.toapis.com/generated/1768381061_c55c1bbb.jpg"


@pytest.fixture(params=["https://toapis.com", "https://toapis.com/v1/"])
async def api(request: pytest.FixtureRequest) -> AsyncIterator[ApiClient]:
    """Our client, told where the API is in two ways."""
    async with ApiClient(api_settings(request.param, DUMMY_KEY)) as client:
        yield client


def order(business_id: str = "fb-published-1-0") -> bytes:
    """The order that the submits were made for."""
    request = GenerationRequest(
        model="flux-kontext-pro",
        prompt="a sage green mug",
        size="1:1",
        image_url=None,
        options={},
        business_id=business_id,
    )
    return request.body()


@pytest.mark.vcr
@pytest.mark.default_cassette("submit")
async def test_a_submit_is_accepted(api: ApiClient) -> None:
    """The docs' sample answer."""
    task = await api.submit(order())
    assert (task.id, task.status) == (TASK, "queued")


@pytest.mark.vcr
@pytest.mark.default_cassette("submit_older")
async def test_an_older_submit_is_accepted(api: ApiClient) -> None:
    """With ``task_id``."""
    assert (await api.submit(order())).id == TASK


@pytest.mark.vcr
@pytest.mark.default_cassette("completed")
async def test_a_task_is_followed_to_its_file(api: ApiClient) -> None:
    """Every published word, then the result by business id, then the file from its own host."""
    seen = [await api.status(TASK) for _ in range(4)]
    assert [task.status for task in seen] == ["submitted", "pending", "queued", "in_progress"]
    assert not any(task.completed or task.failed for task in seen)
    done = await api.status("fb-published-1-0")
    assert (done.id, done.completed, done.result_url, done.expires_at) == (TASK, True, RESULT, 1768467463.0)
    async with FileClient(loopback=False) as files:
        assert (await fetched(files, RESULT)).startswith(b"\xff\xd8\xff")


@pytest.mark.vcr
@pytest.mark.default_cassette("completed_older")
async def test_an_older_result_is_found(api: ApiClient) -> None:
    """At the top of the answer."""
    done = await api.status(TASK)
    assert (done.completed, done.result_url, done.expires_at) == (True, RESULT, None)


@pytest.mark.vcr
@pytest.mark.default_cassette("failed")
async def test_a_failed_task_says_why(api: ApiClient) -> None:
    """In an answer, not in an error."""
    task = await api.status(TASK)
    assert (task.failed, task.error_code, task.error_message) == (True, "generation_failed", "...")


@pytest.mark.vcr
@pytest.mark.default_cassette("upload")
async def test_an_upload_gives_its_url_or_its_reason(api: ApiClient, tmp_path: Path) -> None:
    """Both published answers."""
    path = tmp_path / "mug.gif"
    path.write_bytes(b"GIF89a-small")
    assert await api.upload(path) == "https://files.toapis.com/uploads/abc12345.jpg"
    path.write_bytes(b"GIF89a-large")
    error = await refused(api.upload(path))
    assert type(error) is Rejected
    assert str(error) == "400: Image too large. Maximum size is 10MB"


@pytest.mark.vcr
@pytest.mark.default_cassette("balance")
async def test_a_balance_is_read_or_its_refusal(api: ApiClient) -> None:
    """The sample, an unlimited account, and an unknown token."""
    assert await api.balance() == Balance(remaining=Decimal("10.5"), used=Decimal("2.3"))
    assert await api.balance() == Balance(remaining=None, used=Decimal("2.3"))
    assert "token not found" in str(await refused(api.balance()))


@pytest.mark.vcr
@pytest.mark.default_cassette("errors")
async def test_every_published_error_has_its_class(api: ApiClient) -> None:
    """In the order of the docs' table."""
    errors = [await refused(api.submit(order(f"fb-published-2-{number}"))) for number in range(9)]
    expected: list[type[ApiError]] = [Rejected, AccountRejected, AccountRejected, AccountRejected, Rejected]
    expected += [Throttled, Throttled, Unclear, Unclear]
    assert [type(error) for error in errors] == expected
    assert [error.retry_after for error in errors if isinstance(error, Throttled)] == [12.0, 30.0]
    assert [error.code for error in errors if isinstance(error, Rejected)] == [
        *("invalid_request", "authentication_error", "insufficient_quota", "permission_error"),
        "content_policy_violation",
    ]


@pytest.mark.vcr
@pytest.mark.default_cassette("not_found")
async def test_no_such_task_is_not_found(api: ApiClient) -> None:
    """With the code as a word and as a number."""
    for _ in range(2):
        assert type(await refused(api.status("task_img_nobody"))) is TaskNotFound
