"""Thumbnails: two of each image, made once, named by content, and never a reason to fail."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from flux_batch.api.files import FileClient
from flux_batch.report.write import write_report
from flux_batch.run.plane import thumbs as module
from flux_batch.run.plane.download import download, intake_into
from flux_batch.run.plane.thumbs import LARGE, SMALL, Thumb, Thumbs, find_thumbs, make_thumbs, thumb_name
from flux_batch.run.plane.webp import webp_size
from flux_batch.run.records import StoredFile

from .conftest import MakeBench
from .kit import MATRIX, FakeFiles, png, stored


def store(folder: Path, name: str, image: Image.Image, **options: Any) -> StoredFile:
    """Save an image into the run folder."""
    content = io.BytesIO()
    image.save(content, Path(name).suffix.lstrip(".").replace("jpg", "jpeg"), **options)
    (folder / name).write_bytes(content.getvalue())
    digest, (width, height) = hashlib.sha256(content.getvalue()).hexdigest(), image.size
    return StoredFile(path=name, sha256=digest, bytes=len(content.getvalue()), width=width, height=height, mime="")


def made(file: StoredFile, folder: Path) -> Thumbs | None:
    """The thumbnails of one image."""
    return make_thumbs([file], folder)[file.sha256]


def sizes(thumbs: Thumbs | None) -> list[tuple[int, int]]:
    """Of the small and the large one."""
    assert thumbs
    return [(thumb.width, thumb.height) for thumb in (thumbs.small, thumbs.large)]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *(("a.png", mode) for mode in ("RGB", "L", "P", "RGBA", "LA", "I;16")),
        *(("a.jpg", mode) for mode in ("RGB", "L", "CMYK")),
        *(("a.webp", mode) for mode in ("RGB", "RGBA")),
    ],
)
def test_any_image_becomes_two_small_ones(tmp_path: Path, name: str, mode: str) -> None:
    """Formats and colour modes a provider may send; the longer side is the limit."""
    image = (
        Image.new("I;16", (1392, 752), 4000) if mode == "I;16" else Image.new("RGB", (1392, 752), "teal").convert(mode)
    )
    found = made(store(tmp_path, name, image), tmp_path)
    assert sizes(found) == [(SMALL, 173), (LARGE, 432)]
    assert found
    for thumb in (found.small, found.large):
        with Image.open(tmp_path / thumb.path) as small:
            assert small.size == (thumb.width, thumb.height)


def test_a_small_image_is_not_enlarged(tmp_path: Path) -> None:
    """An image below the limit keeps its size."""
    assert sizes(made(store(tmp_path, "a.png", Image.new("RGB", (30, 20))), tmp_path)) == [(30, 20), (30, 20)]
    assert sizes(made(store(tmp_path, "b.png", Image.new("RGB", (640, 4))), tmp_path)) == [(320, 2), (640, 4)]


def test_they_are_made_once(tmp_path: Path) -> None:
    """A thumbnail that is there is left alone."""
    file = store(tmp_path, "a.png", Image.new("RGB", (900, 900), "teal"))
    first = made(file, tmp_path)
    assert first
    before = [(tmp_path / thumb.path).stat().st_mtime_ns for thumb in (first.small, first.large)]
    assert made(file, tmp_path) == first
    assert [(tmp_path / thumb.path).stat().st_mtime_ns for thumb in (first.small, first.large)] == before


def test_a_changed_image_gets_others(tmp_path: Path) -> None:
    """The name says which content it shows."""
    file = store(tmp_path, "a.png", Image.new("RGB", (9, 9)))
    one, two = made(file, tmp_path), made(replace(file, sha256="0" * 64), tmp_path)
    assert one
    assert two
    assert {one.small.path, one.large.path}.isdisjoint({two.small.path, two.large.path})


def test_a_truncated_thumbnail_is_made_again(tmp_path: Path) -> None:
    """At whatever byte it was cut."""
    file = store(tmp_path, "a.png", Image.radial_gradient("L").convert("RGB"))
    found = made(file, tmp_path)
    assert found
    path = tmp_path / found.large.path
    whole = path.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 25)):
        path.write_bytes(whole[:length])
        assert made(file, tmp_path) == found
        assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 50}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}]
)
def test_the_header_is_read_as_pillow_reads_it(tmp_path: Path, options: dict[str, Any]) -> None:
    """All three kinds of WebP tell their size in their first thirty bytes."""
    path = tmp_path / "a.webp"
    Image.new("RGB", (317, 481), "coral").save(path, **options)
    assert webp_size(str(path)) == (317, 481)


def test_a_missing_or_broken_original_has_none(tmp_path: Path) -> None:
    """The sheet says so instead; also where thumbnails are left of an original that is gone."""
    gone, cut, text, deleted = (
        store(tmp_path, f"{name}.png", Image.new("RGB", (90, 90), name)) for name in ("red", "green", "blue", "gold")
    )
    assert made(deleted, tmp_path)
    (tmp_path / gone.path).unlink()
    (tmp_path / deleted.path).unlink()
    (tmp_path / cut.path).write_bytes((tmp_path / cut.path).read_bytes()[:100])
    (tmp_path / text.path).write_text("<html>gone</html>")
    assert set(make_thumbs([gone, cut, text, deleted], tmp_path).values()) == {None}


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    """The camera's orientation is applied, and nothing else of its metadata is kept."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    found = made(store(tmp_path, "a.jpg", Image.new("RGB", (900, 600)), exif=exif), tmp_path)
    assert sizes(found) == [(213, 320), (533, 800)]
    assert found
    for thumb in (found.small, found.large):
        assert b"taken at home" not in (tmp_path / thumb.path).read_bytes()


async def test_a_download_brings_them_along(tmp_path: Path) -> None:
    """The same bytes that a report would make later, from the one time that the image is decoded."""
    data = png(size=(1000, 500))
    file = await download(cast("FileClient", FakeFiles(data)), "https://x/", "a", intake_into(tmp_path))
    found = find_thumbs(file.sha256, tmp_path)
    assert sizes(found) == [(320, 160), (800, 400)]
    during = contents(tmp_path)
    for name in during:
        (tmp_path / name).unlink()
    assert made(file, tmp_path) == found
    assert contents(tmp_path) == during


def contents(folder: Path) -> dict[str, bytes]:
    """Every thumbnail's bytes."""
    return {f"thumbs/{path.name}": path.read_bytes() for path in (folder / "thumbs").glob("*.webp")}


def test_a_report_after_a_run_decodes_nothing(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """All thumbnails are there when the run ends."""
    bench = make_bench()
    assert stored(bench.run(MATRIX)) == 12
    monkeypatch.setattr(module, "check_picture", lambda *given: pytest.fail("decoded once more"))
    write_report(bench.view(), bench.folder)
    assert len(contents(bench.folder)) == 24


@pytest.mark.parametrize("way", ["no folder", "no encoder"])
async def test_a_thumbnail_that_fails_fails_no_image(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The image is stored as if nothing had happened, and nothing is left behind."""
    if way == "no folder":
        (tmp_path / "thumbs").write_text("")
    else:
        monkeypatch.setattr(module, "_encoded", lambda *given: 1 / 0)
    file = await download(cast("FileClient", FakeFiles(png())), "https://x/", "a", intake_into(tmp_path))
    assert (tmp_path / file.path).read_bytes() == png()
    assert find_thumbs(file.sha256, tmp_path) is None


async def test_nothing_waits_for_the_disk_to_keep_a_thumbnail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can be drawn again, so they cost no sync."""
    synced: list[str] = []
    real = os.fsync

    def spy(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", spy)
    await download(cast("FileClient", FakeFiles(png())), "https://x/", "a", intake_into(tmp_path))
    assert synced
    assert not [name for name in synced if "thumbs" in name]


async def test_two_downloads_of_the_same_bytes_do_not_meet(tmp_path: Path) -> None:
    """Their thumbnails have the same names."""
    intake, files = intake_into(tmp_path), cast("FileClient", FakeFiles(png()))
    await asyncio.gather(*(download(files, "https://x/", f"n{number}", intake) for number in range(20)))
    digest = hashlib.sha256(png()).hexdigest()
    assert set(contents(tmp_path)) == {thumb_name(digest, SMALL), thumb_name(digest, LARGE)}
    assert find_thumbs(digest, tmp_path) == Thumbs(
        small=Thumb(path=thumb_name(digest, SMALL), width=64, height=48),
        large=Thumb(path=thumb_name(digest, LARGE), width=64, height=48),
    )
