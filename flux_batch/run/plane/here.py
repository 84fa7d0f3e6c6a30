"""The data plane in this process: streams on the event loop, pictures on as many threads as there are cores."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self

from flux_batch.api.files import FileClient
from flux_batch.run.plane.cores import cores
from flux_batch.run.plane.download import Intake, download
from flux_batch.run.records import StoredFile

AT_ONCE: Final = 32
"""Images between their first byte and their final name: what they hold of memory does not grow with those in flight."""


class Here:
    """Decoding and drawing leave Python's lock, so threads are as good as processes and share what was streamed."""

    def __init__(self, files: FileClient, intake: Intake) -> None:
        self._files = files
        self._intake = intake
        self._workers = ThreadPoolExecutor(max_workers=cores(), thread_name_prefix="pictures")
        self._places = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        """Ready to work."""
        await self._files.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections; what the threads have begun ends first."""
        await self._files.__aexit__(kind, error, trace)
        self._workers.shutdown(cancel_futures=True)

    async def bring(self, url: str, stem: str) -> StoredFile:
        """As the seam says."""
        async with self._places:
            return await download(self._files, url, stem, self._intake, workers=self._workers)
