"""The seam: a result's address goes in, the record of a durable image comes out. Nothing here can buy anything."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from flux_batch.run.records import StoredFile


class DataPlane(Protocol):
    """Downloads, checks, draws small and keeps images; an asynchronous context manager for the time of a run."""

    async def __aenter__(self) -> Self:
        """Ready to work; raises LocalFailure or UsageError where it cannot be."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of everything."""

    async def bring(self, url: str, stem: str) -> StoredFile:
        """Store the image at ``url`` under a name made of ``stem``: whole, decoded and durable on return.

        Raises ApiError when it did not come, NotAnImage when it is none, LocalFailure when it cannot be kept. The same
        call can be made again after any of these, and after a crash.
        """
