"""The walks recorded from the simulator: they keep what our own server once said, whatever it becomes."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from PIL import Image

from flux_batch.errors import AccountRejected, ApiError, Rejected, TaskNotFound, Throttled, Unclear

from .record import SIMULATOR, TROUBLES
from .scenes import Stage, edit, purchase, refusals, troubles
from .tape import DUMMY_KEY


@pytest.fixture
def stage() -> Stage:
    """Nobody listens there: only the cassette answers."""

    async def at_once() -> None:
        pass

    return Stage(base=SIMULATOR, key=DUMMY_KEY, wait=at_once)


@pytest.mark.vcr
@pytest.mark.default_cassette("purchase")
async def test_a_purchase(stage: Stage) -> None:
    """From the balance to the file and back to the balance."""
    bought = await purchase(stage)
    assert len({task.id for task in bought.seen}) == 1
    assert [task.status for task in bought.seen][:2] == ["queued", "queued"]
    assert bought.seen[-1].completed
    assert bought.seen[-1].business_id == "fb-cassette-1-0"
    assert bought.after.used - bought.before.used == Decimal("0.04")
    assert bought.before.remaining is not None
    assert bought.after.remaining == bought.before.remaining - Decimal("0.04")
    with Image.open(io.BytesIO(bought.file)) as picture:
        picture.load()
        assert picture.format == "JPEG"


@pytest.mark.vcr
@pytest.mark.default_cassette("edit")
async def test_an_edit_of_an_uploaded_image(stage: Stage) -> None:
    """The upload's URL goes into the order, byte for byte, or the cassette would not answer."""
    url, seen = await edit(stage)
    assert "/uploads/" in url
    assert seen[-1].completed


@pytest.mark.vcr
@pytest.mark.default_cassette("refusals")
async def test_refusals(stage: Stage) -> None:
    """Each in the API's own words."""
    nobody, model, upload, key = await refusals(stage)
    assert type(nobody) is TaskNotFound
    assert str(model).startswith("400 invalid_request: model must be one of")
    assert str(upload).startswith("400: Unsupported image type")
    assert str(key) == "the server did not say the balance: Token not found"


@pytest.mark.vcr
@pytest.mark.default_cassette("troubles")
async def test_troubles(stage: Stage) -> None:
    """One class for each, as the submit protocol needs them."""
    errors = await troubles(stage, count=len(TROUBLES))
    expected: list[type[ApiError]] = [
        AccountRejected,
        Rejected,
        Throttled,
        Throttled,
        Unclear,
        Unclear,
        Unclear,
        Unclear,
    ]
    assert [type(error) for error in errors] == expected
    assert [error.retry_after for error in errors if isinstance(error, Throttled)] == [7.0, 9.0]
