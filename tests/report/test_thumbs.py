"""Thumbnails: made once, named by content, and never a reason to crash."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flux_batch.report.thumbs import LONGEST, make_thumb, make_thumbs, webp_size
from flux_batch.run.records import StoredFile

from .conftest import MakePicture, sha


def store(folder: Path, name: str, image: Image.Image, **options: Any) -> StoredFile:
    """Save an image into the run folder."""
    content = io.BytesIO()
    image.save(content, Path(name).suffix.lstrip(".").replace("jpg", "jpeg"), **options)
    (folder / name).write_bytes(content.getvalue())
    width, height = image.size
    return StoredFile(
        path=name, sha256=sha(content.getvalue()), bytes=len(content.getvalue()), width=width, height=height, mime=""
    )


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        *(("a.png", mode) for mode in ("RGB", "L", "P", "RGBA", "LA", "I;16")),
        *(("a.jpg", mode) for mode in ("RGB", "L", "CMYK")),
        *(("a.webp", mode) for mode in ("RGB", "RGBA")),
        *(("a.gif", mode) for mode in ("P", "L")),
    ],
)
def test_any_image_becomes_a_small_one(folder: Path, name: str, mode: str) -> None:
    """Formats and colour modes a provider may send; the longer side is the limit."""
    image = (
        Image.new("I;16", (1392, 752), 4000) if mode == "I;16" else Image.new("RGB", (1392, 752), "teal").convert(mode)
    )
    thumb = make_thumb(store(folder, name, image), folder)
    assert thumb
    assert (thumb.width, thumb.height) == (LONGEST, 259)
    with Image.open(folder / thumb.path) as small:
        assert small.size == (thumb.width, thumb.height)


def test_a_small_image_is_not_enlarged(folder: Path) -> None:
    """An image below the limit keeps its size."""
    thumb = make_thumb(store(folder, "a.png", Image.new("RGB", (30, 20))), folder)
    assert thumb
    assert (thumb.width, thumb.height) == (30, 20)


def test_it_is_made_once(folder: Path, make_picture: MakePicture) -> None:
    """A thumbnail that is there is left alone."""
    file = make_picture("images/a.png", "1:1")
    first = make_thumb(file, folder)
    assert first
    before = (folder / first.path).stat()
    assert make_thumb(file, folder) == first
    assert (folder / first.path).stat().st_mtime_ns == before.st_mtime_ns


def test_a_changed_image_gets_another_one(folder: Path, make_picture: MakePicture) -> None:
    """The name says which content it shows."""
    file = make_picture("images/a.png", "1:1")
    changed = replace(file, sha256=sha("other"))
    one, two = make_thumb(file, folder), make_thumb(changed, folder)
    assert one
    assert two
    assert one.path != two.path


def test_a_truncated_thumbnail_is_made_again(folder: Path, make_picture: MakePicture) -> None:
    """At whatever byte it was cut."""
    file = make_picture("images/a.png", "1:1")
    thumb = make_thumb(file, folder)
    assert thumb
    path = folder / thumb.path
    whole = path.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 25)):
        path.write_bytes(whole[:length])
        assert make_thumb(file, folder) == thumb
        assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 50}, {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}]
)
def test_the_header_is_read_as_pillow_reads_it(tmp_path: Path, options: dict[str, Any]) -> None:
    """All three kinds of WebP tell their size in their first thirty bytes."""
    path = tmp_path / "a.webp"
    Image.new("RGB", (317, 481), "coral").save(path, **options)
    assert webp_size(path) == (317, 481)


def test_a_missing_or_broken_original_has_none(folder: Path, make_picture: MakePicture) -> None:
    """The sheet says so instead."""
    gone, cut, text = (make_picture(f"images/{name}.png", "1:1") for name in "abc")
    (folder / gone.path).unlink()
    (folder / cut.path).write_bytes((folder / cut.path).read_bytes()[:200])
    (folder / text.path).write_text("<html>gone</html>")
    assert set(make_thumbs([gone, cut, text], folder).values()) == {None}


def test_a_photograph_is_turned_upright(folder: Path) -> None:
    """The camera's orientation is applied, and nothing else of its metadata is kept."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    thumb = make_thumb(store(folder, "a.jpg", Image.new("RGB", (300, 200)), exif=exif), folder)
    assert thumb
    assert (thumb.width, thumb.height) == (200, 300)
    assert b"taken at home" not in (folder / thumb.path).read_bytes()
