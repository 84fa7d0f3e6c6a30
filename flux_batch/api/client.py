"""The one client that speaks to the API: submit, status, upload, balance.

No call retries and none follows a redirect: what to do after a failure is decided by the submit protocol, not here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import aiohttp

from flux_batch import __version__
from flux_batch.api.answers import error_for, read_json, tokens_left
from flux_batch.api.form import ImageForm
from flux_batch.api.hiding import hide_key, hide_key_in_bytes, hide_key_in_json
from flux_batch.api.settings import ApiSettings
from flux_batch.api.transport import HTTP_FAILURES, Call, api_session, translate
from flux_batch.api.uploads import checked_upload
from flux_batch.api.wire import (
    BALANCE_PATH,
    SUBMIT_PATH,
    UPLOAD_PATH,
    Balance,
    TaskSnapshot,
    parse_balance,
    parse_error,
    parse_task,
    parse_upload,
)
from flux_batch.errors import RawAnswer, Unclear

T = TypeVar("T")

USER_AGENT: Final = f"flux-batch/{__version__}"

MAX_ANSWER: Final = 1024 * 1024
"""Bytes of JSON that are read; the API's answers are far smaller."""

KEPT: Final = 64 * 1024
"""Bytes of an answer to a submit that are kept when they cannot be understood: an image may have been paid for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: to connect, and for a whole call of each kind."""

    connect: float = 10.0
    submit: float = 90.0
    query: float = 30.0
    upload: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer, and as much of its body as has come."""

    status: int
    headers: Mapping[str, str]
    content: bytearray = field(default_factory=bytearray)


class ApiClient:
    """An open connection to the API; use it as ``async with``.

    Every method raises ApiError: NotSent when the request proved never to have left, Unclear when it may have
    arrived, Throttled, or Rejected with the API's own words. ``submits_left`` and ``queries_left`` are what the latest
    answer said of the account's limits.
    """

    submits_left: int | None = None
    queries_left: int | None = None

    def __init__(
        self,
        settings: ApiSettings,
        *,
        timeouts: Timeouts | None = None,
        connections: int = 100,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self._timeouts = timeouts or Timeouts()
        self._connections = connections
        self._now = now

    async def __aenter__(self) -> Self:
        """Ready to use."""
        self._queries = self._open(keep_alive=True)
        self._submits = self._open(keep_alive=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._submits.close()
        await self._queries.close()

    async def submit(self, body: bytes) -> TaskSnapshot:
        """POST a generation request once; ``body`` is sent byte for byte. Unclear carries what was answered, if any."""
        headers = {"Content-Type": "application/json"}
        call = self._call(self._submits, "POST", SUBMIT_PATH, data=body, headers=headers)
        heard = await self._hear(call, self._timeouts.submit)
        self.submits_left = tokens_left(heard.headers)
        try:
            answer = self._understood(heard)
            return _expect(parse_task(answer), answer, "accepted the request without a task id")
        except Unclear as error:
            raise Unclear(str(error), self._kept(heard)) from None

    async def status(self, task_id: str) -> TaskSnapshot:
        """What became of a task, by the provider's id or by our business id."""
        heard = await self._get(f"{SUBMIT_PATH}/{quote(task_id, safe='')}")
        self.queries_left = tokens_left(heard.headers)
        answer = self._understood(heard)
        return _expect(parse_task(answer), answer, "described a task without an id")

    async def upload(self, path: Path) -> str:
        """Send an image and return its public URL; raises UsageError for one the API would refuse."""
        mime = checked_upload(path)
        with path.open("rb") as file:
            form = ImageForm(file, mime)
            call = self._call(self._queries, "POST", UPLOAD_PATH, data=form.pieces(), headers=form.headers)
            answer = self._understood(await self._hear(call, self._timeouts.upload))
        return _expect(parse_upload(answer), answer, "took the upload without giving its URL")

    async def balance(self) -> Balance:
        """What the account holds, in the account's own unit."""
        answer = self._understood(await self._get(BALANCE_PATH))
        return _expect(parse_balance(answer), answer, "did not say the balance")

    async def _get(self, path: str) -> Heard:
        return await self._hear(self._call(self._queries, "GET", path), self._timeouts.query)

    def _call(self, session: aiohttp.ClientSession, method: str, path: str, **content: Any) -> Call:
        return session.request(method, f"{self.settings.base_url}{path}", allow_redirects=False, **content)

    async def _hear(self, call: Call, seconds: float) -> Heard:
        """Send once under a deadline; what began to be answered has arrived, however it ends.

        Raises our error without any trace of the request.
        """
        heard = None
        try:
            async with asyncio.timeout(seconds), call as response:
                heard = Heard(status=response.status, headers=response.headers)
                await _read(response, heard)
        except HTTP_FAILURES as error:
            failure = translate(error, hide=self.settings.key.reveal())
            raise (Unclear(str(failure), self._kept(heard)) if heard else failure) from None
        return heard

    def _understood(self, heard: Heard) -> object:
        """The answer's JSON without the key, which a server may repeat: from here on nobody sees it."""
        try:
            answer = hide_key_in_json(read_json(bytes(heard.content)), self.settings.key.reveal())
        except RecursionError:
            answer = None
        if failure := error_for(heard.status, heard.headers, answer, self._now()):
            raise failure
        return answer

    def _kept(self, heard: Heard) -> RawAnswer:
        """What is worth writing down of an answer that nobody understands."""
        key = self.settings.key.reveal()
        return RawAnswer(
            status=heard.status,
            content_type=hide_key(heard.headers.get("content-type", ""), key)[:200],
            body=hide_key_in_bytes(bytes(heard.content), key)[:KEPT],
            at=self._now(),
        )

    def _open(self, *, keep_alive: bool) -> aiohttp.ClientSession:
        return api_session(
            headers={"Authorization": f"Bearer {self.settings.key.reveal()}", "User-Agent": USER_AGENT},
            keep_alive=keep_alive,
            connections=self._connections,
            connect=self._timeouts.connect,
        )


async def _read(response: aiohttp.ClientResponse, heard: Heard) -> None:
    """Read an answer's body, up to MAX_ANSWER bytes."""
    async for chunk in response.content.iter_any():
        heard.content.extend(chunk)
        if len(heard.content) > MAX_ANSWER:
            break


def _expect(value: T | None, answer: object, lapse: str) -> T:
    """The value; without one, what is missing and what the API says about it."""
    if value is not None:
        return value
    said = parse_error(answer)
    raise Unclear(f"the server {lapse}: {said.message}" if said and said.message else f"the server {lapse}")
