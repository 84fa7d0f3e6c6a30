"""Whole images pass; everything else is refused with a reason a person can read."""

from __future__ import annotations

import io
import struct
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngImageFile

from flux_batch.run.plane.credentials import LOOK
from flux_batch.run.plane.picture import MAX_PIXELS, NotAnImage, Picture, check_picture

KINDS = {"PNG": ("image/png", "png"), "JPEG": ("image/jpeg", "jpg"), "WEBP": ("image/webp", "webp")}


def encoded(kind: str, size: tuple[int, int] = (48, 32), **options: Any) -> bytes:
    """A picture with some detail, as bytes."""
    picture = Image.radial_gradient("L").resize(size).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


SAMPLES = {
    "PNG": encoded("PNG"),
    "JPEG": encoded("JPEG"),
    "progressive JPEG": encoded("JPEG", progressive=True),
    "WEBP": encoded("WEBP"),
    "lossless WEBP": encoded("WEBP", lossless=True),
}


def bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def check(folder: Path, data: bytes) -> Picture:
    """Check some bytes as a file."""
    path = folder / "some.part"
    path.write_bytes(data)
    return check_picture(path)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_image_passes(name: str, tmp_path: Path) -> None:
    """Its shape, type and extension come from its bytes."""
    mime, extension = KINDS[name.split()[-1]]
    assert check(tmp_path, SAMPLES[name]) == Picture(width=48, height=32, mime=mime, extension=extension, bare=LOOK)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_image_that_lost_its_tail_is_refused(name: str, tmp_path: Path) -> None:
    """Cut anywhere in the last 64 bytes."""
    data = SAMPLES[name]
    for cut in range(1, 65):
        with pytest.raises(NotAnImage, match="damaged"):
            check(tmp_path, data[:-cut])


def test_a_png_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    """Decoding alone does not look at it."""
    data = bytearray(SAMPLES["PNG"])
    data[-13] ^= 1
    with pytest.raises(NotAnImage, match="damaged"):
        check(tmp_path, bytes(data))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.7, 0.95])
def test_an_image_that_lost_much_is_refused(name: str, part: float, tmp_path: Path) -> None:
    """Cut anywhere else."""
    with pytest.raises(NotAnImage):
        check(tmp_path, SAMPLES[name][: int(len(SAMPLES[name]) * part)])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "begins with nothing"),
        (b"<!doctype html><title>404</title>", "begins with '<!doctype html>"),
        (b'{"error": {"message": "gone"}}', """begins with '{"error": """),
        (b"Not Found", "begins with 'Not Found'"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 'begins with "<svg'),
        (encoded("GIF"), "begins with 'GIF"),
        (encoded("BMP"), "begins with 'BM"),
        (encoded("TIFF"), "begins with 'II"),
        (bytes(4096), "it is no PNG, JPEG or WebP"),
        (bytes(range(128, 256)), "it is no PNG, JPEG or WebP"),
    ],
    ids=["empty", "html", "json", "text", "svg", "gif", "bmp", "tiff", "zeros", "noise"],
)
def test_what_is_no_image_of_ours_is_refused_by_what_it_begins_with(data: bytes, says: str, tmp_path: Path) -> None:
    """The message shows the first bytes, so that a person sees a web page or an error."""
    with pytest.raises(NotAnImage) as caught:
        check(tmp_path, data)
    message = str(caught.value)
    assert says in message
    assert message.isprintable() or "�" in message
    assert len(message) < 200


@pytest.mark.parametrize("size", [(10_000, 10_000), (4_097, 4_096), (MAX_PIXELS + 1, 1), (20_000, 20_000)])
def test_a_small_file_that_claims_many_pixels_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    """Before they are decoded, below and above Pillow's own limits; the message says how many."""
    data = bomb(*size)
    assert len(data) < 200_000
    with pytest.raises(NotAnImage, match=rf"{size[0]}x{size[1]} pixels|pixels"):
        check(tmp_path, data)


def test_the_most_pixels_still_pass(tmp_path: Path) -> None:
    """The limit itself is no bomb."""
    assert check(tmp_path, bomb(4_096, 4_096)).width == 4_096


def test_bytes_behind_the_end_are_no_damage(tmp_path: Path) -> None:
    """What a server adds harms nobody; a paid image is not refused for it."""
    for data in SAMPLES.values():
        assert check(tmp_path, data + b"\x00trailing").width == 48


def test_a_missing_file_is_no_image(tmp_path: Path) -> None:
    """Somebody tidied up meanwhile: asked for again, not a traceback."""
    with pytest.raises(NotAnImage):
        check_picture(tmp_path / "gone.part")


def test_truncated_images_are_not_let_in_by_pillow() -> None:
    """Pillow's switch for damaged files stays off."""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_the_warnings_of_this_process_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pictures are checked at once in threads; the warning filters are one for all of them."""
    seen: list[object] = []
    real = PngImageFile.verify

    def spy(self: PngImageFile) -> None:
        seen.append(warnings.filters)
        real(self)

    monkeypatch.setattr(PngImageFile, "verify", spy)
    check(tmp_path, SAMPLES["PNG"])
    assert len(seen) == 1
    assert seen[0] is warnings.filters


def test_a_bomb_prints_no_warning(tmp_path: Path) -> None:
    """What a person reads is our sentence, not Pillow's."""
    import subprocess

    (tmp_path / "bomb.part").write_bytes(bomb(10_000, 10_000))
    code = (
        "import sys; from pathlib import Path; from flux_batch.run.plane.picture import NotAnImage, check_picture\n"
        "try: check_picture(Path(sys.argv[1]))\n"
        "except NotAnImage as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "bomb.part")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=20)
    assert "pixels" in done.stdout
    assert done.stderr == ""


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_bytes_of_a_broken_image_never_end_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    """Whatever is flipped or cut, the answer is a picture or a reason."""
    broken = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(len(broken) // 2, len(broken)))
    path = tmp_path_factory.getbasetemp() / "broken.part"
    path.write_bytes(broken[:end])
    try:
        found = check_picture(path)
    except NotAnImage as error:
        assert str(error)  # noqa: PT017
    else:
        assert found.extension in ("png", "jpg", "webp")


def segment(marker: int, data: bytes) -> bytes:
    """One of a JPEG's parts."""
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def test_a_jpeg_of_thousands_of_scans_is_refused(tmp_path: Path) -> None:
    """Each decodes the whole picture again: 190 KB would keep a thread busy for minutes."""
    data = SAMPLES["progressive JPEG"]
    scan = data[data.rfind(b"\xff\xda") : -2]
    path = tmp_path / "scans.jpg"
    path.write_bytes(data[:-2] + scan * 3_000 + b"\xff\xd9")
    with pytest.raises(NotAnImage, match="more parts than any picture"):
        check_picture(path)


def test_a_jpeg_of_hundreds_of_exif_blocks_is_refused(tmp_path: Path) -> None:
    """The decoder joins them one by one, in a time that grows with the square of their number."""
    data = SAMPLES["JPEG"]
    path = tmp_path / "exif.jpg"
    path.write_bytes(data[:2] + segment(0xE1, b"Exif\0\0" + b"a" * 65_000) * 100 + data[2:])
    with pytest.raises(NotAnImage, match="more parts than any picture"):
        check_picture(path)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_png_with_a_packed_text_bomb_is_refused(kind: bytes, tmp_path: Path) -> None:
    """100 MB in a chunk of a file of 100 KB are never unpacked."""
    begins = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}[kind] + zlib.compress(bytes(100_000_000))
    chunk = struct.pack(">I", len(begins)) + kind + begins + struct.pack(">I", zlib.crc32(kind + begins))
    path = tmp_path / "bomb.png"
    path.write_bytes(SAMPLES["PNG"][:33] + chunk + SAMPLES["PNG"][33:])
    with pytest.raises(NotAnImage, match="too large"):
        check_picture(path)


def test_large_pictures_wait_for_each_other(tmp_path: Path) -> None:
    """So that many of them at once need the memory of one."""
    from flux_batch.run.plane import picture

    path = tmp_path / "large.png"
    Image.new("L", (4_000, 2_001)).save(path)
    small = tmp_path / "small.png"
    small.write_bytes(SAMPLES["PNG"])
    with ThreadPoolExecutor() as pool:
        with picture._ONE_LARGE_ONE:
            waiting = pool.submit(check_picture, path)
            assert pool.submit(check_picture, small).result().width == 48
            assert wait([waiting], timeout=0.2).not_done
        assert waiting.result().width == 4_000
