"""What is recorded: short walks through the client, the same when recorded and when played back."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image

from flux_batch.api.client import ApiClient
from flux_batch.api.files import FileClient
from flux_batch.api.settings import api_settings
from flux_batch.api.wire import Balance, GenerationRequest, TaskSnapshot
from flux_batch.errors import ApiError

MOST_POLLS: Final = 60

WRONG_KEY: Final = "sk-dummy-of-nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a scene is played. ``wait`` lets a generation go on: nothing to do when a cassette answers."""

    base: str
    key: str
    wait: Callable[[], Awaitable[None]]

    def client(self) -> ApiClient:
        """The client under test."""
        return ApiClient(api_settings(self.base, self.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """One image bought: every status seen, the account before and after, and the file."""

    seen: tuple[TaskSnapshot, ...]
    before: Balance
    after: Balance
    file: bytes


def order(business_id: str, image_url: str | None = None, model: str = "flux-kontext-pro") -> GenerationRequest:
    """The order of every scene."""
    return GenerationRequest(
        model=model,
        prompt="Studio photo of a sage green mug on a linen tablecloth, soft window light",
        size="1:1" if image_url is None else "match_input_image",
        image_url=image_url,
        options={"response_format": "jpg", "safety_tolerance": 2},
        business_id=business_id,
    )


async def purchase(stage: Stage, *, download: bool = True) -> Purchase:
    """Balance, submit, status by our id and by theirs until it is final, the file, balance."""
    async with stage.client() as api, FileClient(loopback=api.settings.loopback) as files:
        before = await api.balance()
        seen = [await api.submit(order("fb-cassette-1-0").body())]
        seen.append(await api.status("fb-cassette-1-0"))
        seen += await followed(api, seen[0].id, stage.wait)
        url = seen[-1].result_url or ""
        file = await fetched(files, url) if download else b""
        return Purchase(seen=tuple(seen), before=before, after=await api.balance(), file=file)


async def edit(stage: Stage) -> tuple[str, tuple[TaskSnapshot, ...]]:
    """Upload an image and buy an edit of it."""
    async with stage.client() as api:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "mug.png"
            path.write_bytes(picture())
            url = await api.upload(path)
        accepted = await api.submit(order("fb-cassette-2-0", image_url=url).body())
        return url, (accepted, *await followed(api, accepted.id, stage.wait))


async def refusals(stage: Stage) -> list[ApiError]:
    """An id that nobody has, a model that does not exist, an upload that is no image, and a wrong key."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mug.png"
        path.write_bytes(picture()[:40])
        wrong = Stage(base=stage.base, key=WRONG_KEY, wait=stage.wait)
        async with stage.client() as api, wrong.client() as stranger:
            return [
                await refused(api.status("fb-cassette-nobody")),
                await refused(api.submit(order("fb-cassette-3-0", model="no-such-model").body())),
                await refused(api.upload(path)),
                await refused(stranger.balance()),
            ]


async def troubles(stage: Stage, count: int) -> list[ApiError]:
    """The same order again and again, to a server that has one trouble after the other."""
    async with stage.client() as api:
        return [await refused(api.submit(order(f"fb-cassette-4-{number}").body())) for number in range(count)]


async def followed(api: ApiClient, task_id: str, wait: Callable[[], Awaitable[None]]) -> list[TaskSnapshot]:
    """Every status until the last."""
    seen = [await api.status(task_id)]
    while not (seen[-1].completed or seen[-1].failed) and len(seen) < MOST_POLLS:
        await wait()
        seen.append(await api.status(task_id))
    return seen


async def fetched(files: FileClient, url: str) -> bytes:
    """A whole file."""
    async with files.stream(url, seconds=30) as chunks:
        return b"".join([chunk async for chunk in chunks])


async def refused(call: Awaitable[object]) -> ApiError:
    """The error a call ends in."""
    try:
        answer = await call
    except ApiError as error:
        return error
    raise AssertionError(f"not refused: {answer}")


def picture() -> bytes:
    """A small PNG, the same on every machine."""
    content = io.BytesIO()
    Image.new("RGB", (16, 16), (120, 150, 110)).save(content, "PNG", compress_level=0)
    return content.getvalue()
