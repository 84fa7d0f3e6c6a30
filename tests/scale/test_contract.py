"""What every data plane keeps, wherever it works."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from flux_batch.errors import ApiError, LocalFailure
from flux_batch.run.plane.choose import plane_for
from flux_batch.run.plane.credentials import LOOK
from flux_batch.run.plane.picture import NotAnImage
from flux_batch.run.plane.seam import DataPlane
from flux_batch.run.plane.thumbs import find_thumbs
from flux_batch.run.records import StoredFile
from tests.run.kit import png

from .kit import Host, contents


async def test_the_record_is_what_is_on_disk(plane: DataPlane, host: Host, folder: Path) -> None:
    """Bytes as they came, under a name whose extension they decide, with both thumbnails; and nothing else."""
    data = png(size=(900, 600))
    async with plane:
        file = await plane.bring(host.url("a", data), "hero/mug-1")
    digest = hashlib.sha256(data).hexdigest()
    assert file == StoredFile(
        path="images/hero/mug-1.png",
        sha256=digest,
        bytes=len(data),
        width=900,
        height=600,
        mime="image/png",
        bare=LOOK,
    )
    assert (folder / file.path).read_bytes() == data
    assert find_thumbs(digest, folder)
    assert len(contents(folder)) == 3


async def test_what_does_not_come_is_told_and_leaves_no_name(plane: DataPlane, host: Host, folder: Path) -> None:
    """A short body, a file that is gone, an address nobody may ask; the same call works when the host does."""
    data = png()
    async with plane:
        for url in (
            host.url("cut", data, sends=50),
            f"http://127.0.0.1:{host.port}/gone?signature=canary",
            "ftp://127.0.0.1/a?signature=canary",
        ):
            with pytest.raises(ApiError) as caught:
                await plane.bring(url, "a")
            assert "canary" not in str(caught.value)
        assert not [name for name in contents(folder) if name.endswith(".png")]
        assert (await plane.bring(host.url("whole", data), "a")).path == "images/a.png"
    assert not [name for name in contents(folder) if name.endswith(".part")]


@pytest.mark.parametrize("data", [b"", b"<html>no</html>", png()[:-1]], ids=["empty", "page", "cut"])
async def test_what_is_no_image_leaves_nothing(data: bytes, plane: DataPlane, host: Host, folder: Path) -> None:
    """With the reason."""
    async with plane:
        with pytest.raises(NotAnImage):
            await plane.bring(host.url("a", data), "a")
    assert not contents(folder)


async def test_another_image_is_never_written_over(plane: DataPlane, host: Host, folder: Path) -> None:
    """It keeps its name; the same bytes are taken over."""
    async with plane:
        first = await plane.bring(host.url("a", png("red")), "a")
        again = await plane.bring(host.url("b", png("red")), "a")
        other = await plane.bring(host.url("c", png("blue")), "a")
    assert first == again
    assert other.path == f"images/a-{other.sha256[:12]}.png"
    assert (folder / first.path).read_bytes() == png("red")


async def test_many_at_once(plane: DataPlane, host: Host, folder: Path) -> None:
    """Each gets its own."""
    bodies = [png(size=(40 + number, 30)) for number in range(24)]
    async with plane:
        files = await asyncio.gather(
            *(plane.bring(host.url(f"{n}", body), f"job/{n}") for n, body in enumerate(bodies))
        )
    assert [(folder / file.path).read_bytes() for file in files] == bodies


async def test_a_disk_that_fails_ends_the_run(plane: DataPlane, host: Host, folder: Path) -> None:
    """It is no answer to try again after."""
    (folder / "images").write_text("")
    async with plane:
        with pytest.raises(LocalFailure, match="paid and waits at the provider"):
            await plane.bring(host.url("a", png()), "a")


async def test_both_planes_leave_the_same_bytes(cluster: object, host: Host, tmp_path: Path) -> None:
    """Images and thumbnails."""
    address = cluster.scheduler_address  # type: ignore[attr-defined]
    bodies = [png(size=(900, 700 + number)) for number in range(4)]
    left = {}
    for name, dask in (("here", None), ("dask", address)):
        folder = tmp_path / name
        folder.mkdir()
        async with plane_for(folder, loopback=True, dask=dask) as plane:
            files = [await plane.bring(host.url(f"{n}", body), f"{n}") for n, body in enumerate(bodies)]
        left[name] = (files, contents(folder))
    assert left["here"] == left["dask"]
    assert len(left["here"][1]) == 12
