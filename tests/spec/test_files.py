"""Reference images: inside of the folder, a file, an image."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image

from flux_batch.spec.beside.files import ReferenceProblem, inspect_reference


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A spec's folder with one image in it, and a secret beside it."""
    folder = tmp_path / "specs"
    (folder / "assets").mkdir(parents=True)
    Image.new("RGB", (30, 20), "green").save(folder / "assets" / "mug.png")
    Image.new("RGB", (30, 20), "red").save(tmp_path / "secret.png")
    return folder


def refused(folder: Path, relative: str) -> str:
    """Why a reference is refused, and what to do."""
    with pytest.raises(ReferenceProblem) as caught:
        inspect_reference(folder, relative)
    return f"{caught.value} | {caught.value.hint}"


def test_an_image_is_described(folder: Path) -> None:
    """Size, type and hash are those of the bytes on disk."""
    data = (folder / "assets" / "mug.png").read_bytes()
    file = inspect_reference(folder, "./assets/../assets/mug.png")
    assert (file.path, file.mime, file.width, file.height, file.bytes) == (
        "assets/mug.png",
        "image/png",
        30,
        20,
        len(data),
    )
    assert file.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("kind", "mime"),
    [("jpeg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp"), ("gif", "image/gif")],
)
def test_the_type_comes_from_the_bytes(folder: Path, kind: str, mime: str) -> None:
    """A wrong ending does not matter."""
    Image.new("RGB", (3, 2)).save(folder / "image.txt", format=kind)
    assert inspect_reference(folder, "image.txt").mime == mime


@pytest.mark.parametrize(
    "relative",
    ["/etc/passwd", "~/.ssh/id_rsa", "../secret.png", "assets/../../secret.png", "C:/secret.png", "/proc/self/environ"],
)
def test_paths_that_lead_out_are_refused(folder: Path, relative: str) -> None:
    """A spec from a stranger cannot send a stranger's file away."""
    assert "the spec's folder" in refused(folder, relative)


def test_links_that_lead_out_are_refused(folder: Path) -> None:
    """A link is followed before it is judged."""
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    (folder / "out").symlink_to(folder.parent)
    assert "leads out" in refused(folder, "link.png")
    assert "leads out" in refused(folder, "out/secret.png")


def test_links_that_stay_inside_are_followed(folder: Path) -> None:
    """A link is fine when what it names is."""
    (folder / "hero.png").symlink_to(folder / "assets" / "mug.png")
    assert inspect_reference(folder, "hero.png").path == "hero.png"


def test_a_circle_of_links_is_no_traceback(folder: Path) -> None:
    """Two links that name each other lead nowhere."""
    (folder / "a.png").symlink_to(folder / "b.png")
    (folder / "b.png").symlink_to(folder / "a.png")
    assert refused(folder, "a.png")


@pytest.mark.parametrize("relative", ["", "  ", "a\0b.png", "a\nb.png"])
def test_what_is_no_file_name_is_refused(folder: Path, relative: str) -> None:
    """Nothing, and characters that nobody typed."""
    assert "is not a file name" in refused(folder, relative)


def test_backslashes_are_refused_with_the_path_to_write(folder: Path) -> None:
    """A spec means the same on Windows and elsewhere."""
    assert refused(folder, "assets\\mug.png").endswith("write assets/mug.png")


def test_a_missing_file_names_a_near_one(folder: Path) -> None:
    """A slip in the name is answered with the name."""
    assert refused(folder, "assets/mgu.png").endswith("did you mean assets/mug.png?")
    assert "no folder" in refused(folder, "asets/mug.png")
    assert "paths start" in refused(folder, "assets/something-else.png")


def test_a_folder_is_no_image(folder: Path) -> None:
    """The folder of the assets is not one of them."""
    assert "is not a file" in refused(folder, "assets") or "cannot be read" in refused(folder, "assets")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hang(folder: Path) -> None:
    """Opening a pipe would wait for a writer."""
    os.mkfifo(folder / "pipe.png")
    assert "is not a file" in refused(folder, "pipe.png")


def test_text_is_no_image(folder: Path) -> None:
    """The ending does not make an image."""
    (folder / "mug.png").write_text("root:x:0:0")
    assert "is not an image | JPEG, PNG, WebP and GIF can be used" in refused(folder, "mug.png")


def test_other_image_types_are_refused(folder: Path) -> None:
    """The provider takes four types."""
    Image.new("RGB", (3, 2)).save(folder / "mug.bmp")
    assert "is not an image" in refused(folder, "mug.bmp")


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
def test_a_truncated_image_is_damaged(folder: Path, kind: str) -> None:
    """Half a download begins like an image."""
    path = folder / f"half.{kind}"
    Image.effect_noise((200, 200), 80).convert("RGB").save(path, format=kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "is a damaged image" in refused(folder, path.name) or "is not an image" in refused(folder, path.name)


def test_too_many_bytes_are_refused(folder: Path) -> None:
    """The provider takes 10 MB."""
    (folder / "big.png").write_bytes(b"\0" * (10 * 1024 * 1024 + 1))
    assert "10 MB" in refused(folder, "big.png")


@pytest.mark.parametrize("side", [8_100, 9_600, 14_000])
def test_too_many_pixels_are_refused_before_they_are_made(folder: Path, side: int) -> None:
    """A small file can unfold to gigabytes; Pillow warns at one size and refuses at another."""
    Image.new("1", (side, side)).save(folder / "bomb.png")
    assert "64 megapixels" in refused(folder, "bomb.png")
