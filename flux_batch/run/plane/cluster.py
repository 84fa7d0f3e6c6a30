"""The data plane on Dask: workers fetch, decode, draw and keep; this process buys, and believes only what it sees.

A worker that dies costs a download: Dask gives its errands to others, and what nobody brings is asked for again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import warnings
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from flux_batch.api.settings import KEY_VARIABLE
from flux_batch.errors import LocalFailure, Unclear, UsageError
from flux_batch.run.after.verify import looks_intact
from flux_batch.run.folder.prepare import create_private
from flux_batch.run.plane.download import SECONDS
from flux_batch.run.plane.errand import MARK, WITNESS, Brought, Errand, Kind, Trouble, Warrant, bring, kit, unfit
from flux_batch.run.plane.picture import NotAnImage
from flux_batch.run.plane.shelf import IMAGES
from flux_batch.run.plane.slots import Slots
from flux_batch.run.plane.thumbs import put_thumbs
from flux_batch.run.records import StoredFile

LOCAL: Final = re.compile(r"local:([1-9][0-9]{0,2})")
ADDRESS: Final = re.compile(r"(tcp|tls)://\S+:[0-9]+")
LOCAL_THREADS: Final = 8
"""Downloads at once on one local worker; its pictures use no more threads than there are cores."""
ANSWER: Final = 15.0
"""Seconds for a scheduler and a first worker to answer."""
PATIENCE: Final = 3 * SECONDS
"""Seconds for one errand, with its wait in a worker's queue and one worker that died over it."""


def check_address(where: str) -> None:
    """Raise UsageError for what ``--dask`` cannot mean, or where Dask is not installed."""
    if not LOCAL.fullmatch(where) and not ADDRESS.fullmatch(where):
        raise UsageError(
            f"--dask {where}: give local:N for N workers here, or a scheduler as tcp://HOST:PORT or tls://"
        )
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UsageError("--dask needs Dask, which is not installed: pip install 'flux-batch[dask]'") from None


class Cluster:
    """As the seam says, on the workers of ``where``.

    ``folder`` is the run folder, which they have to see unless ``images`` is the address of an object store.
    """

    def __init__(self, where: str, folder: Path, *, loopback: bool, images: str = "") -> None:
        check_address(where)
        self._where = where
        self._folder = folder.resolve()
        self._warrant = Warrant(
            folder=str(self._folder), token=secrets.token_hex(16), loopback=loopback, kit=kit(), images=images
        )
        self._open = AsyncExitStack()
        self._client: Any = None
        self._slots = Slots(self._threads)

    async def __aenter__(self) -> Self:
        """Connect, and look whether every worker that is there sees the folder and has the same versions."""
        async with AsyncExitStack() as opening:
            opening.enter_context(_quiet())
            opening.enter_context(self._token())
            self._client = await self._connected(opening)
            await self._inspect()
            self._open = opening.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster; one that was made here ends."""
        await self._open.__aexit__(kind, error, trace)

    async def bring(self, url: str, stem: str) -> StoredFile:
        """As the seam says."""
        errand = Errand(url=url, stem=stem, warrant=self._warrant)
        async with self._slots.one():
            answer = await self._done(errand)
        if isinstance(answer, Trouble):
            raise _error(answer)
        return await asyncio.to_thread(self._taken, answer)

    async def _done(self, errand: Errand) -> Brought | Trouble:
        """The answer of whichever worker did it; what goes wrong between here and there changes nothing."""
        future = self._client.submit(bring, errand, pure=False, key=f"bring-{secrets.token_hex(8)}")
        try:
            async with asyncio.timeout(PATIENCE):
                answer: Brought | Trouble = await future
        except TimeoutError:
            return Trouble(kind=Kind.NOT_COME, message=f"no worker brought it within {PATIENCE:g} s")
        except Exception as error:
            return self._lost(error)
        finally:
            future.release()
        return answer

    def _lost(self, error: Exception) -> Trouble:
        if self._client.status != "running":
            return Trouble(kind=Kind.LOCAL, message=f"the Dask scheduler at {self._where} is gone; {_WAITS}")
        return Trouble(kind=Kind.NOT_COME, message=f"the worker was lost ({type(error).__name__})")

    def _taken(self, brought: Brought) -> StoredFile:
        """Only what stands where this process looks for it is stored."""
        if not looks_intact(brought.file, self._folder):
            raise Unclear(f"a worker says that it stored {brought.file.path}, which is not to be seen here")
        if brought.thumbs:
            with suppress(OSError):  # they are drawn again with the report
                put_thumbs(brought.thumbs, brought.file.sha256, self._folder)
        return brought.file

    async def _connected(self, opening: AsyncExitStack) -> Any:
        import distributed

        library: Any = distributed
        address: Any = self._where
        try:
            if local := LOCAL.fullmatch(self._where):
                address = await opening.enter_async_context(_local_cluster(int(local[1])))
            client = await opening.enter_async_context(library.Client(address, asynchronous=True, timeout=ANSWER))
            await client.wait_for_workers(1, timeout=ANSWER)
        except (OSError, TimeoutError, ValueError) as error:
            raise LocalFailure(f"no Dask scheduler with a worker answers at {self._where} ({_said(error)})") from None
        return client

    async def _inspect(self) -> None:
        """Raise LocalFailure for the first worker that cannot be used; later ones look themselves."""
        answers = await self._client.run(unfit, self._warrant, on_error="return")
        for worker, answer in sorted(answers.items()):
            if isinstance(answer, ImportError):
                answer = f"flux-batch cannot be imported there ({answer}): install the same version"
            if answer:
                raise LocalFailure(f"the worker at {worker} cannot be used: {_said(answer)}. Nothing was bought")

    async def _threads(self) -> int:
        return sum((await self._client.nthreads()).values())

    @contextmanager
    def _token(self) -> Iterator[None]:
        """The run's word in its folder; what dead workers left of downloads is cleared before and after."""
        path = self._folder / WITNESS
        try:
            path.unlink(missing_ok=True)
            create_private(path)
            path.write_text(self._warrant.token)
            self._clear()
        except OSError as error:
            raise LocalFailure(f"{path}: {error.strerror}") from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            self._clear()

    def _clear(self) -> None:
        for part in (self._folder / IMAGES).rglob(f"*{MARK}*.part"):
            part.unlink(missing_ok=True)


_WAITS: Final = "what is paid waits at the provider"


def _error(trouble: Trouble) -> Exception:
    kinds: dict[Kind, type[Exception]] = {Kind.NOT_COME: Unclear, Kind.NO_IMAGE: NotAnImage, Kind.LOCAL: LocalFailure}
    return kinds[trouble.kind](trouble.message)


def _said(error: object) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


_HERE_ONLY: Final = "127.0.0.1:0"
"""Each part of a cluster answers HTTP as well; where it is told no address, from every network."""


def _local_cluster(workers: int) -> Any:
    """Processes of this machine behind temporary certificates: nobody else who is logged in here can use them."""
    import distributed

    library: Any = distributed
    return library.LocalCluster(
        n_workers=workers,
        threads_per_worker=LOCAL_THREADS,
        processes=True,
        asynchronous=True,
        security=True,
        dashboard_address=_HERE_ONLY,
        worker_dashboard_address=_HERE_ONLY,
        scheduler_kwargs={"dashboard": False},
        silence_logs=logging.CRITICAL,
        memory_limit=None,
        preload=["flux_batch.run.plane.preload"],
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """For the time of a run: no log lines among our messages, and no key in the environment that workers inherit."""
    logger = logging.getLogger("distributed")
    level, key = logger.level, os.environ.pop(KEY_VARIABLE, None)
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        logger.setLevel(level)
        if key is not None:
            os.environ[KEY_VARIABLE] = key
