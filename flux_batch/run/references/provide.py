"""Where a request's reference image can be had: its URL, an upload made once, or the parent's result."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flux_batch.api.client import ApiClient
from flux_batch.errors import LocalFailure, UsageError
from flux_batch.plan.records import Reference
from flux_batch.run.pace.clock import Clock
from flux_batch.run.plane.originals import original_bytes
from flux_batch.run.references.clean import Unreadable, without_metadata
from flux_batch.run.store.journal import Journal

UPLOAD_LIFE: Final = 6 * 3600.0
"""Seconds an upload's URL is reused. The provider publishes no lifetime; uploading again is free."""

RESULT_MARGIN: Final = 1800.0
"""Seconds a result URL must still live to be handed on as a reference."""


class ReferenceMoved(Exception):
    """A reference file is missing or is not the one that was planned."""


class References:
    """Turns references into URLs. ``spec_folder`` holds the planned files, ``run_folder`` the images of parents.

    ``keep_metadata`` uploads files byte for byte; otherwise a copy goes that says nothing beside its pixels.
    """

    def __init__(
        self,
        api: ApiClient,
        journal: Journal,
        clock: Clock,
        *,
        spec_folder: Path,
        run_folder: Path,
        keep_metadata: bool = False,
    ) -> None:
        self._api = api
        self._journal = journal
        self._clock = clock
        self._spec_folder = spec_folder
        self._run_folder = run_folder
        self._keep_metadata = keep_metadata
        self._uploading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def url(self, reference: Reference | None) -> str | None:
        """The URL to send; raises ApiError when an upload failed, ReferenceMoved when the file is not as planned."""
        if reference is None or reference.kind == "url":
            return reference.source if reference else None
        if reference.kind == "parent":
            return await self._parent(reference.source)
        return await self._uploaded(reference.source, self._spec_folder, reference.sha256 or "")

    async def _parent(self, key: str) -> str:
        """A parent's result is at the provider for a day; after that its stored file is uploaded."""
        parent = await self._journal.ask(lambda state: state.purchase(key))
        alive = (parent.expires_at or 0.0) > self._clock.now().wall + RESULT_MARGIN
        if parent.result_url and alive:
            return parent.result_url
        if parent.file is None:
            raise ReferenceMoved("the image it edits is not stored")
        return await self._uploaded(parent.file.path, self._run_folder, parent.file.sha256)

    async def _uploaded(self, source: str, home: Path, sha256: str) -> str:
        """The URL of an upload of this content; ``sha256`` is that of the file at home, whatever of it is sent."""
        upload = f"{sha256} with metadata" if self._keep_metadata else sha256
        async with self._uploading[sha256]:
            until = self._clock.now().wall  # a later one was written by a clock that was wrong: its age is not known
            known = await self._journal.ask(lambda state: state.uploaded(upload, until - UPLOAD_LIFE, until))
            if known is not None:
                return known
            data = await asyncio.to_thread(_read_unchanged, source, home, sha256)
            with TemporaryDirectory(prefix="flux-batch-") as folder:
                copy = await asyncio.to_thread(
                    _copy, Path(source), data, Path(folder), keep_metadata=self._keep_metadata
                )
                url = await self._api.upload(copy)
            now = self._clock.now().wall
            await self._journal.ask(lambda state: state.remember_upload(upload, url, now))
            return url


def _read_unchanged(source: str, home: Path, sha256: str) -> bytes:
    """The planned bytes; what is checked here is what is sent."""
    path = Path(source)
    try:
        data = original_bytes(source, home)
    except OSError as error:
        raise ReferenceMoved(f"{path.name}: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ReferenceMoved(f"{path.name} is not the file that was planned; plan again")
    return data


def _copy(path: Path, data: bytes, folder: Path, *, keep_metadata: bool) -> Path:
    """What is sent, under the file's own name: the checked bytes, or the picture in them and nothing beside it."""
    try:
        copy = folder / path.name
        copy.write_bytes(data if keep_metadata else without_metadata(data))
    except Unreadable as error:
        raise UsageError(f"{path.name} cannot be sent without its metadata: {error}") from None
    except OSError as error:
        raise LocalFailure(f"{folder}: {error.strerror}") from None
    return copy
