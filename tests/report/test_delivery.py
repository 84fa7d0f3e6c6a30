"""Delivery copies: the same pixels and the same other bytes, marked as made by a model, under safe names."""

from __future__ import annotations

import csv
import io
import struct
import unicodedata
import zipfile
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from flux_batch.errors import UsageError
from flux_batch.plan.expansion.naming import same_place, stem_problem
from flux_batch.report.delivery.captions import Caption, captions_csv, guarded
from flux_batch.report.delivery.deliver import Order, deliver
from flux_batch.report.delivery.embed import ODD, OWN_XMP, SIGNED, Untouched, embed
from flux_batch.report.delivery.names import delivery_names
from flux_batch.report.delivery.xmp import COMPOSITE, GENERATED, Facts, packet
from flux_batch.run.records import RunView, StoredFile

from .conftest import sha

HOSTILE = "\"<!-- ]]> &amp; ' {{ x }} \x00\x1b[31m \u202e =cmd|'/c calc'!A1 <?xpacket end='r'?> 🫖"
XMP = packet(Facts(source_type=GENERATED, rating=4, prompt=HOSTILE))
NAMESPACES = {
    "rdf": "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}",
    "xmp": "{http://ns.adobe.com/xap/1.0/}",
    "ext": "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}",
}


def read(xmp: bytes) -> dict[str, str]:
    """The packet as an XML parser reads it."""
    root = ET.fromstring(xmp[xmp.index(b"<x:xmpmeta") : xmp.index(b"</x:xmpmeta>") + 12])
    (description,) = root.iter(f"{NAMESPACES['rdf']}Description")
    return {child.tag.rpartition("}")[2]: child.text or "" for child in description}


def picture(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """A real file of a kind."""
    noise = Image.effect_noise((67, 41), 90)
    image = noise.convert(mode)
    if mode == "RGBA":
        image.putalpha(noise)
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


KINDS = {
    "png": lambda: picture("PNG"),
    "png palette": lambda: picture("PNG", "P"),
    "png text": lambda: picture("PNG", pnginfo=_text_chunk()),
    "jpeg": lambda: picture("JPEG"),
    "jpeg exif": lambda: picture("JPEG", exif=Image.Exif().tobytes() or b"Exif\x00\x00"),
    "jpeg progressive": lambda: picture("JPEG", progressive=True, icc_profile=b"profile" * 40),
    "jpeg cmyk": lambda: picture("JPEG", "CMYK"),
    "webp": lambda: picture("WEBP"),
    "webp lossless": lambda: picture("WEBP", lossless=True),
    "webp alpha": lambda: picture("WEBP", "RGBA", lossless=True),
    "webp exif": lambda: picture("WEBP", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"),
}


def _text_chunk() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", "something")
    return info


def seen(content: bytes) -> tuple[str | None, str, tuple[int, int], bytes]:
    """What an image is, decoded to its last row."""
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image.format, image.mode, image.size, image.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_xmp_goes_in_and_nothing_else_changes(kind: str) -> None:
    """The pixels are the same, Pillow finds the packet, an XML parser reads it, and the other bytes are all there."""
    original = KINDS[kind]()
    marked = embed(original, XMP)
    assert seen(marked) == seen(original)
    with Image.open(io.BytesIO(marked)) as image:
        found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp", "").encode()
    said = read(found)
    assert (said["DigitalSourceType"], said["Rating"]) == (GENERATED, "4")
    assert said["AIPromptInformation"] == HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
    if not kind.startswith("webp"):
        at = next(place for place in range(len(original)) if marked[place] != original[place])
        at = max(
            place for place in range(at + 1) if marked.endswith(original[place:]) and original[:place] == marked[:place]
        )
        assert marked[:at] + marked[at + len(marked) - len(original) :] == original
    with pytest.raises(Untouched, match=OWN_XMP):
        embed(marked, XMP)


def test_png_order_and_checksums() -> None:
    """The chunk stands before the picture's data, with a right checksum."""
    marked = embed(picture("PNG"), XMP)
    names, at = [], 8
    while at < len(marked):
        (length,) = struct.unpack_from(">I", marked, at)
        body = marked[at + 4 : at + 8 + length]
        assert zlib.crc32(body) == struct.unpack_from(">I", marked, at + 8 + length)[0]
        names.append(body[:4])
        at += 12 + length
    assert names.index(b"iTXt") < names.index(b"IDAT")


def test_webp_says_what_it_holds() -> None:
    """Sizes are even, the header knows its length, its canvas, its alpha and its XMP."""
    original = picture("WEBP", "RGBA", lossless=True)
    for xmp in (XMP, XMP + b" "):
        marked = embed(original, xmp)
        assert struct.unpack_from("<I", marked, 4)[0] == len(marked) - 8
        assert len(marked) % 2 == 0
        assert (marked[12:16], marked[20] & 0x14) == (b"VP8X", 0x14)
        assert (int.from_bytes(marked[24:27], "little"), int.from_bytes(marked[27:30], "little")) == (66, 40)


def test_webp_with_a_chunk_of_odd_length() -> None:
    """It is filled up to an even one, and read over so."""
    original = picture("WEBP")
    whole = original[8:] + b"ODD " + struct.pack("<I", 3) + b"abc\x00"
    original = b"RIFF" + struct.pack("<I", len(whole)) + whole
    marked = embed(original, XMP)
    assert seen(marked) == seen(original)
    assert original[12:] in marked


def signed(kind: str) -> bytes:
    """A file that carries Content Credentials, as far as its layout goes."""
    original = picture(kind)
    if kind == "PNG":
        body = b"caBX" + b"jumb"
        return original[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + original[33:]
    if kind == "JPEG":
        return original[:2] + b"\xff\xeb" + struct.pack(">H", 12) + b"JP\x00\x01\x00\x00\x00\x01xx" + original[2:]
    whole = original[8:] + b"C2PA" + struct.pack("<I", 4) + b"jumb"
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_content_credentials_are_not_broken(kind: str) -> None:
    """Such a file is left as it is."""
    with pytest.raises(Untouched) as caught:
        embed(signed(kind), XMP)
    assert str(caught.value) == SIGNED


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_is_cut_short_is_left_as_it_is(kind: str) -> None:
    """At whatever byte of its headers: nothing but Untouched comes."""
    original = picture(kind)
    for length in range(min(len(original), 700)):
        try:
            embed(original[:length], XMP)
        except Untouched:
            continue
        assert kind == "JPEG"  # its segments may all be there
    with pytest.raises(Untouched):
        embed(original[:30], XMP)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x10\0\0\0WEBP"]))
def test_any_bytes(content: bytes, start: bytes) -> None:
    """No parser trips."""
    with suppress(Untouched):
        embed(start + content, XMP)


def test_odd_is_told() -> None:
    """Something behind the end of a WebP."""
    with pytest.raises(Untouched, match=ODD):
        embed(picture("WEBP") + b"more", XMP)


def order(view: RunView, folder: Path, **changes: object) -> Order:
    """Everything of a run, the first image with five stars, the second rejected."""
    files = [entry.purchase.file.sha256 for entry in view.entries if entry.purchase.file]
    ratings = {files[0]: 5, files[1]: -1}
    return replace(Order(view=view, folder=folder, entries=view.entries, ratings=ratings), **changes)  # type: ignore[arg-type]


def rows(content: bytes) -> list[dict[str, str]]:
    """The captions as a spreadsheet reads them."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_folder(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """Copies with metadata, alt texts, and a disclosure, without prompts; the originals stay; again writes nothing."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    target = tmp_path / "out"
    delivery = deliver(order(spring, folder), target)
    assert len(delivery.copies) == 10
    assert all(copy.written for copy in delivery.copies)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    table = rows((target / "captions.csv").read_bytes())
    assert {row["file"] for row in table} | {"captions.csv", "disclosure.txt"} == {
        path.name for path in target.iterdir()
    }
    assert table[0]["alt_text"] == "sage mug · linen · 1:1"
    assert [row["rating"] for row in table[:3]] == ["5", "-1", ""]
    assert "prompt" not in table[0]
    assert "AI-generated images" in (target / "disclosure.txt").read_text()
    for row in table:
        content = (target / row["file"]).read_bytes()
        assert seen(content) == seen((folder / row["original"]).read_bytes())
        said = read(content)
        assert said["DigitalSourceType"] == (COMPOSITE if "winter" in row["file"] else GENERATED) == row["source_type"]
        assert "AIPromptInformation" not in said
        assert said.get("Rating", "") == row["rating"]
    assert not any(copy.written for copy in deliver(order(spring, folder), target).copies)


def test_prompts_only_when_asked(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """Then in the metadata and in the table, where it is no formula."""
    entry = spring.entries[0]
    entry = replace(entry, task=replace(entry.task, prompt="=HYPERLINK(1) <b>&"))
    deliver(order(spring, folder, entries=(entry,), prompts=True), tmp_path / "out")
    (row,) = rows((tmp_path / "out" / "captions.csv").read_bytes())
    assert row["prompt"] == "'=HYPERLINK(1) <b>&"
    assert read((tmp_path / "out" / row["file"]).read_bytes())["AIPromptInformation"] == "=HYPERLINK(1) <b>&"


def test_a_zip(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """The same files; made again it is the same, byte for byte, and another file is not written over."""
    target = tmp_path / "to" / "out.ZIP"
    deliver(order(spring, folder), tmp_path / "out")
    first = deliver(order(spring, folder), target)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()
        }
    again = deliver(order(spring, folder), target)
    assert [copy.written for copy in first.copies + again.copies] == [True] * 10 + [False] * 10
    before = target.read_bytes()
    with pytest.raises(UsageError, match="is there already and is something else"):
        deliver(order(spring, folder, prompts=True), target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["out.ZIP"]


def test_folders_by_axes(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """In the order that was asked for, the same names as side by side; in a zip, too; again writes nothing."""
    flat = {copy.caption.file for copy in deliver(order(spring, folder), tmp_path / "flat").copies}
    delivery = deliver(order(spring, folder, by=("scene", "ratio")), tmp_path / "out")
    files = [copy.caption.file for copy in delivery.copies]
    assert files[1].startswith("linen/16x9/")
    assert {name.rpartition("/")[2] for name in files} == flat
    assert {name.rpartition("/")[0] for name in files} == {"linen/1x1", "linen/16x9", "marble/1x1", "marble/16x9"}
    assert {row["file"] for row in rows((tmp_path / "out" / "captions.csv").read_bytes())} == set(files)
    assert not any(
        copy.written for copy in deliver(order(spring, folder, by=("scene", "ratio")), tmp_path / "out").copies
    )
    deliver(order(spring, folder, by=("job",)), tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {name.partition("/")[0] for name in archive.namelist()} == {
            "hero", "winter", "captions.csv", "disclosure.txt"
        }  # fmt: skip


def test_folders_of_hostile_labels(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """No label leads out of the target; an image without the axis has a folder, too."""
    labels = ["../../../up", "/etc/passwd", "con", "..", "C:\\x", "=cmd", "a\0b", "Ä" * 300, "\u202e", "🫖"]
    entries = [
        replace(entry, task=replace(entry.task, axes={**entry.task.axes, "channel": label}))
        for entry, label in zip(spring.entries, labels, strict=False)
    ]
    delivery = deliver(
        order(spring, folder, entries=(*entries, spring.entries[-1]), by=("channel",)), tmp_path / "o" / "t"
    )
    written = [path for path in tmp_path.rglob("*") if path.is_file() and (tmp_path / "runs") not in path.parents]
    assert all(path.is_relative_to(tmp_path / "o" / "t") for path in written)
    assert len(written) == len(delivery.copies) + 2
    folders = {copy.caption.file.partition("/")[0] for copy in delivery.copies}
    assert "without-channel" in folders
    assert all(len(name.encode()) <= 80 and name.isprintable() for name in folders)


def test_folders_by_no_axis(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """Refused with the name that was meant, and nothing written."""
    with pytest.raises(UsageError, match="no image has the axis `scen`; did you mean `scene`"):
        deliver(order(spring, folder, by=("scen",)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_over(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """One other file in the way, the last of all: nothing is written."""
    target = tmp_path / "out"
    target.mkdir()
    (target / "disclosure.txt").write_text("mine")
    with pytest.raises(UsageError, match="nothing was written"):
        deliver(order(spring, folder), target)
    assert [path.name for path in target.iterdir()] == ["disclosure.txt"]
    assert (target / "disclosure.txt").read_text() == "mine"


def test_it_goes_on_where_it_stopped(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """What is there is left alone, what is missing comes."""
    target = tmp_path / "out"
    deliver(order(spring, folder), target)
    gone = sorted(target.glob("*.png"))[3]
    gone.unlink()
    times = {path: path.stat().st_mtime_ns for path in target.iterdir()}
    again = deliver(order(spring, folder), target)
    assert [copy.caption.file for copy in again.copies if copy.written] == [gone.name]
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_a_changed_or_missing_original_is_not_delivered(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """It is named, and nothing is written."""
    files = [entry.purchase.file for entry in spring.entries if entry.purchase.file]
    (folder / files[-1].path).write_bytes(b"other")
    with pytest.raises(UsageError, match="not what was bought"):
        deliver(order(spring, folder), tmp_path / "out")
    (folder / files[-1].path).unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        deliver(order(spring, folder), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_run_folder_is_no_place_for_copies(spring: RunView, folder: Path) -> None:
    """Not even for a zip."""
    for name in ("images", "copies", "images/../all.zip"):
        with pytest.raises(UsageError, match="inside of the run folder"):
            deliver(order(spring, folder), folder / name)


def test_a_signed_original_is_copied_untouched(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """And the table says why."""
    entry = spring.entries[0]
    assert entry.purchase.file is not None
    content = signed("PNG")
    (folder / entry.purchase.file.path).write_bytes(content)
    file = replace(entry.purchase.file, sha256=sha(content))
    entry = replace(entry, purchase=replace(entry.purchase, file=file))
    deliver(order(spring, folder, entries=(entry,)), tmp_path / "out")
    (row,) = rows((tmp_path / "out" / "captions.csv").read_bytes())
    assert row["metadata"] == SIGNED
    assert (tmp_path / "out" / row["file"]).read_bytes() == content


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """A label or a prompt may be anybody's; it comes back after the apostrophe."""
    caption = Caption(
        file="a.png", alt_text=cell, model="m", ratio="1:1", width=1, height=1, rating=None, disclosure="AI-generated",
        source_type="", metadata="", original="", original_sha256="", prompt=cell,
    )  # fmt: skip
    (row,) = rows(captions_csv([caption], prompts=True))
    assert row["alt_text"] == row["prompt"] == f"'{cell}" == guarded(cell)


letters = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from(
    ["con", "A", "a", "Ä", "A\u0308", "..", "nul.x", "-x"]
)


@given(st.lists(st.tuples(letters, letters, st.sampled_from(["image/png", "image/jpeg"])), max_size=12))
def test_names_are_safe_and_never_two_for_one_place(paths: list[tuple[str, str, str]]) -> None:
    """Whatever the images are called."""
    files = [
        StoredFile(path=f"images/{a}/{b}.png", sha256=sha(f"{number}"), bytes=1, width=1, height=1, mime=mime)
        for number, (a, b, mime) in enumerate(paths)
    ]
    names = delivery_names(files)
    assert len({same_place(name) for name in names}) == len(names)
    for name in names:
        assert stem_problem(name.rpartition(".")[0]) is None
        assert "/" not in name
        assert len(name.encode()) <= 255
        assert unicodedata.is_normalized("NFC", name)
