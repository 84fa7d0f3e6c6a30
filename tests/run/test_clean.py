"""What leaves the house with a reference: its pixels and its colours, not where and by whom it was taken."""

from __future__ import annotations

import io
import textwrap
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat
from PIL.PngImagePlugin import PngInfo

from flux_batch.run.references.clean import Unreadable, without_metadata

from .conftest import MakeBench
from .kit import png, stored

MARK = b"GPS-48.8584N-2.2945E"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>' + MARK + b"</rdf:RDF></x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
FORMATS = ["JPEG", "PNG", "WEBP"]


def photo(format_: str, *, orientation: int = 1, **more: Any) -> bytes:
    """A picture, darker on its left, with a mark in every place that a camera or an editor writes to."""
    image = Image.new("RGB", (64, 48), "white")
    image.paste("navy", (0, 0, 32, 48))
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[29] = MARK.decode()
    text = PngInfo()
    text.add_text("Author", MARK.decode())
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    text.add_text("Comment", MARK.decode(), zip=True)
    written: dict[str, dict[str, Any]] = {
        "JPEG": {"exif": exif, "comment": MARK, "xmp": XMP},
        "PNG": {"exif": exif, "pnginfo": text},
        "WEBP": {"exif": exif, "xmp": XMP, "lossless": True},
    }
    out = io.BytesIO()
    image.save(out, format_, icc_profile=PROFILE, **written[format_], **more)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    """Decoded whole."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_is_left_but_the_picture(format_: str) -> None:
    """No mark, no EXIF, no XMP; the same pixels, the same colour profile."""
    before = photo(format_)
    assert MARK in before
    after = without_metadata(before)
    assert MARK not in after
    assert not opened(after).getexif()
    assert not {"xmp", "comment", "Author", "XML:com.adobe.xmp", "photoshop"} & opened(after).info.keys()
    assert opened(after).tobytes() == opened(before).tobytes()
    assert opened(after).info["icc_profile"] == PROFILE


def test_every_scan_of_a_progressive_jpeg_stays() -> None:
    """Its pixels stand in many pieces, with segments in between."""
    before = photo("JPEG", progressive=True)
    assert opened(without_metadata(before)).tobytes() == opened(before).tobytes()


@pytest.mark.parametrize("segment", [0xE1, 0xE2, 0xE5, 0xEB, 0xED])
def test_other_makers_segments_go(segment: int) -> None:
    """IPTC, previews inside of previews, makers' own."""
    inside = bytes([0xFF, segment]) + (len(MARK) + 2).to_bytes(2, "big") + MARK
    data = photo("JPEG")
    assert MARK not in without_metadata(data[:2] + inside + data[2:])


@pytest.mark.parametrize("format_", FORMATS)
def test_what_stands_behind_the_end_goes(format_: str) -> None:
    """Phones put a second picture there, with EXIF of its own."""
    assert MARK not in without_metadata(photo(format_) + photo("JPEG"))


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_lying_on_its_side_is_turned(format_: str, orientation: int) -> None:
    """It is seen as its EXIF had it shown, and says nothing any more."""
    from PIL import ImageOps

    before = photo(format_, orientation=orientation)
    after = opened(without_metadata(before))
    assert MARK not in without_metadata(before)
    assert not after.getexif()
    assert after.info["icc_profile"] == PROFILE
    wanted = ImageOps.exif_transpose(opened(before)).convert("RGB")
    assert after.size == wanted.size
    assert max(ImageStat.Stat(ImageChops.difference(after.convert("RGB"), wanted)).mean) < 3


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_phones_picture_of_several_becomes_its_first(orientation: int) -> None:
    """A JPEG to whoever reads it, and only the one that is shown."""
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = MARK.decode(), orientation
    out = io.BytesIO()
    first, second = Image.new("RGB", (64, 48), "navy"), Image.new("RGB", (64, 48), "white")
    first.save(out, "MPO", save_all=True, append_images=[second], exif=exif)
    assert opened(out.getvalue()).format == "MPO"
    after = without_metadata(out.getvalue())
    assert MARK not in after
    assert after.count(b"\xff\xd8\xff") == 1
    assert opened(after).format == "JPEG"
    assert opened(after).size == ((64, 48) if orientation == 1 else (48, 64))


@pytest.mark.parametrize("format_", [*FORMATS, "GIF"])
def test_a_clean_picture_is_not_touched(format_: str) -> None:
    """Byte for byte; and a GIF never is."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "orange").save(out, format_)
    assert without_metadata(out.getvalue()) == out.getvalue()


@pytest.mark.parametrize("format_", FORMATS)
def test_cleaning_twice_is_cleaning_once(format_: str) -> None:
    """Nothing is left to do."""
    once = without_metadata(photo(format_))
    assert without_metadata(once) == once


@pytest.mark.parametrize("format_", FORMATS)
def test_half_a_picture_never_passes_with_its_metadata(format_: str) -> None:
    """Cut anywhere: refused, or clean."""
    whole = photo(format_)
    for length in range(16, len(whole), 7):
        with suppress(Unreadable):
            assert MARK not in without_metadata(whole[:length])


@pytest.mark.parametrize("format_", FORMATS)
def test_the_provider_receives_no_place_and_no_author(format_: str, make_bench: MakeBench) -> None:
    """The whole way: the body that arrived at the provider has no mark, and the file at home is as it was."""
    bench, data = make_bench(), photo(format_)
    file = bench.home / f"photo.{format_.lower()}"
    file.write_bytes(data)
    spec = f"""
        version: 1
        name: clean
        prompt: keep the product
        reference: {file.name}
        ratios: ["1:1"]
    """
    assert stored(bench.run(textwrap.dedent(spec))) == 1
    (upload,) = bench.simulator._running()._uploads.values()
    assert MARK not in upload.data
    assert opened(upload.data).size == (64, 48)
    assert file.read_bytes() == data


@pytest.mark.parametrize("format_", FORMATS)
def test_who_asks_to_keep_it_sends_the_files_own_bytes(format_: str, make_bench: MakeBench) -> None:
    """Byte for byte, also a picture that lies on its side; and it is the same image, so nothing is bought again."""
    bench, data = make_bench(), photo(format_, orientation=6)
    (bench.home / "photo.img").write_bytes(data)
    spec = "version: 1\nname: keep\nprompt: keep the product\nreference: photo.img\nratios: ['1:1']\n"
    keep = "execution: {reference_metadata: keep}\n"
    assert stored(bench.run(spec + keep)) == 1
    (upload,) = bench.simulator._running()._uploads.values()
    assert upload.data == data
    assert stored(bench.run(spec)) == 1
    assert len(bench.simulator._running()._uploads) == 1
    assert sum(bench.bills().values()) == 1


def test_a_plain_reference_arrives_byte_for_byte(make_bench: MakeBench) -> None:
    """Nothing is encoded anew without need."""
    bench = make_bench()
    (bench.home / "plain.png").write_bytes(png())
    spec = "version: 1\nname: plain\nprompt: keep it\nreference: plain.png\nratios: ['1:1']\n"
    assert stored(bench.run(spec)) == 1
    (upload,) = bench.simulator._running()._uploads.values()
    assert upload.data == png()
