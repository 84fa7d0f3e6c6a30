"""One download as another process does it: told everything it needs, answering with records, never with an exception.

A worker is given no API key, and what it reports about an address leaves out the query that signs it.
"""

from __future__ import annotations

import atexit
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flux_batch import __version__
from flux_batch.api.files import FileClient
from flux_batch.errors import ApiError, LocalFailure
from flux_batch.run.plane.cores import cores
from flux_batch.run.plane.download import Intake, download, intake_into
from flux_batch.run.plane.objects import prove
from flux_batch.run.plane.picture import NotAnImage
from flux_batch.run.plane.shelf import Arrived, Shelf
from flux_batch.run.plane.thumbs import drawn
from flux_batch.run.records import StoredFile

WITNESS: Final = ".plane"
"""In the run folder while a cluster works for it: whoever reads the run's own word in it sees the same folder."""

MARK: Final = ".w-"
"""Begins what stands in the name of a worker's part; several may fetch one image when one is believed to be dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrant:
    """What a worker has to see and to have, or it must not touch anything.

    ``folder`` is the run folder, ``token`` the word in it; ``kit`` the versions that decide what the bytes of an
    answer are. With ``images``, the address of an object store, no worker has to see the folder.
    """

    folder: str
    token: str
    loopback: bool
    kit: tuple[tuple[str, str], ...]
    images: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One image to bring; its address is shown in no log."""

    url: str = field(repr=False)
    stem: str
    warrant: Warrant


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A durable image, and its thumbnails by the length of their longer side."""

    file: StoredFile
    thumbs: dict[int, bytes] = field(repr=False)


class Kind(StrEnum):
    """Why there is no image: it did not come, it is none, or this place cannot keep it."""

    NOT_COME = "not come"
    NO_IMAGE = "no image"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no image now."""

    kind: Kind
    message: str


def kit() -> tuple[tuple[str, str], ...]:
    """The versions here of what has to be the same everywhere."""
    return (("flux-batch", __version__), ("Pillow", _version("pillow")), ("distributed", _version("distributed")))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def objection(warrant: Warrant) -> str:
    """Why this process must not work for a run, "" for no reason."""
    for (name, wanted), (_, here) in zip(warrant.kit, kit(), strict=True):
        if wanted != here:
            return f"it has {name} {here} and the run has {wanted}: install the same"
    if warrant.images:
        return ""
    try:
        found = (Path(warrant.folder) / WITNESS).read_text()
    except OSError as error:
        return f"it does not see the run folder {warrant.folder} ({error.strerror})"
    return (
        "" if found == warrant.token else f"another run uses {warrant.folder} now, or it is not the same folder there"
    )


def unfit(warrant: Warrant) -> str:
    """As ``objection``, with a trial of the object store: asked of every worker before anything is bought."""
    if reason := objection(warrant):
        return reason
    try:
        if warrant.images:
            prove(warrant.images)
    except LocalFailure as error:
        return str(error)
    return ""


async def bring(errand: Errand) -> Brought | Trouble:
    """Fetch, check, draw and keep one image."""
    if reason := objection(errand.warrant):
        return Trouble(kind=Kind.LOCAL, message=f"a worker cannot be used: {reason}")
    thumbs: dict[int, bytes] = {}
    intake = _intake(errand.warrant, thumbs)
    with _cleared(intake, errand.stem):
        try:
            async with FileClient(loopback=errand.warrant.loopback) as files:
                file = await download(files, errand.url, errand.stem, intake, workers=_workers())
        except NotAnImage as error:
            return Trouble(kind=Kind.NO_IMAGE, message=str(error))
        except ApiError as error:
            return Trouble(kind=Kind.NOT_COME, message=str(error))
        except LocalFailure as error:
            return Trouble(kind=Kind.LOCAL, message=str(error))
        return Brought(file=file, thumbs=thumbs)


def _intake(warrant: Warrant, thumbs: dict[int, bytes]) -> Intake:
    """As in the run's own process, but for the name of the part, and with thumbnails that travel with the answer."""

    def draw(image: object, _: str) -> None:
        try:
            thumbs.update(drawn(image))  # type: ignore[arg-type]
        except Exception:
            thumbs.clear()

    plain = intake_into(_parts() if warrant.images else Path(warrant.folder), warrant.images)
    mark = f"{MARK}{warrant.token[:8]}-{secrets.token_hex(4)}"
    return replace(plain, shelf=_Warranted(plain.shelf, warrant), draw=draw, mark=mark)


@dataclass(frozen=True, slots=True)
class _Warranted:
    """A shelf for this run only: a worker that wakes after the run has ended leaves nothing there."""

    shelf: Shelf
    warrant: Warrant

    def keep(self, arrived: Arrived, stem: str) -> StoredFile:
        """As the shelf does, if the run still goes on."""
        if reason := objection(self.warrant):
            raise LocalFailure(f"a worker cannot be used: {reason}")
        return self.shelf.keep(arrived, stem)


@contextmanager
def _cleared(intake: Intake, stem: str) -> Iterator[None]:
    """No part is left of a try that failed: the next one has another name for it."""
    try:
        yield
    finally:
        with suppress(OSError):
            (intake.parts / f"{stem}{intake.mark}.part").unlink()


@cache
def _parts() -> Path:
    """A folder of this process for what is on its way to an object store; the system clears what a kill leaves."""
    home = TemporaryDirectory(prefix="flux-batch-")
    atexit.register(home.cleanup)
    return Path(home.name)


@cache
def _workers() -> ThreadPoolExecutor:
    """For the pictures of this whole process."""
    return ThreadPoolExecutor(max_workers=cores(), thread_name_prefix="pictures")
