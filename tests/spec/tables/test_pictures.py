"""Patterns that find images."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.spec.tables.conftest import Read, Refused, values


@pytest.fixture(autouse=True)
def photos(folder: Path) -> Path:
    """Images in two levels, with other things between them."""
    photos = folder / "photos"
    (photos / "old").mkdir(parents=True)
    (photos / ".hidden").mkdir()
    for name in ("b.JPG", "a.png", "Z.webp", "notes.txt", ".c.png", "old/d.gif", "old/a.jpeg", ".hidden/e.png"):
        (photos / name).write_bytes(b"x")
    return photos


def paths(read: Read, pattern: str) -> list[object]:
    """The paths that a pattern finds."""
    return [row["path"] for row in values(read(pattern))]


def test_a_pattern_is_a_table(read: Read) -> None:
    """Path, name and folder, sorted by path."""
    table = read("./photos/*")
    assert (table.path, table.columns, table.main, table.files) == ("photos/*", ("path", "name", "folder"), "path", ())
    assert values(table)[0] == {"path": "photos/Z.webp", "name": "Z", "folder": "photos"}
    assert table.rows[0].place == "photos/Z.webp"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("photos/*", ["photos/Z.webp", "photos/a.png", "photos/b.JPG"]),
        ("photos/*.jpg", ["photos/b.JPG"]),
        ("photos/[ab].*", ["photos/a.png", "photos/b.JPG"]),
        ("photos/?.p?g", ["photos/a.png"]),
        ("photos/*/*", ["photos/old/a.jpeg", "photos/old/d.gif"]),
        ("photos/**/a.*", ["photos/a.png", "photos/old/a.jpeg"]),
        ("**/**/d.gif", ["photos/old/d.gif"]),
        ("photos/**", ["photos/Z.webp", "photos/a.png", "photos/b.JPG", "photos/old/a.jpeg", "photos/old/d.gif"]),
    ],
)
def test_what_is_found(read: Read, pattern: str, found: list[str]) -> None:
    """Images only, none that are hidden, in capitals or not."""
    assert paths(read, pattern) == found


def test_accents_are_the_same_on_every_disk(read: Read, photos: Path) -> None:
    """A Mac writes é as two characters; the path stays as the disk has it, or it would not be found again."""
    (photos / "cafe\u0301.png").write_bytes(b"x")
    (photos / "cafz.png").write_bytes(b"x")
    rows = values(read("photos/caf\u00e9*"))
    assert [(row["path"], row["name"]) for row in rows] == [("photos/cafe\u0301.png", "café")]
    assert paths(read, "photos/caf*") == ["photos/cafz.png", "photos/cafe\u0301.png"]


def test_nothing_found_says_what_is_there(refused: Refused) -> None:
    """A slip shows at once."""
    (said,) = refused("photos/*.tif")
    assert said == (
        'no image is found by "photos/*.tif" | in photos: Z.webp, a.png, b.JPG, notes.txt, old;'
        " images end in .jpg .jpeg .png .webp .gif"
    )
    assert "in the spec's folder: data, photos" in refused("pictures/*.png")[0]
    assert refused("data/*")[0].endswith("data is empty")


@pytest.mark.parametrize("pattern", ["/etc/*", "../*.png", "photos/../../*", "~/*", "C:/*", "photos/*/../*.png"])
def test_patterns_that_lead_out_are_refused(refused: Refused, pattern: str) -> None:
    """Nothing outside is even listed."""
    assert "the spec's folder" in refused(pattern)[0]


def test_links_that_lead_out_are_not_followed(read: Read, refused: Refused, photos: Path, tmp_path: Path) -> None:
    """Neither folders nor files."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.png").write_bytes(b"x")
    (photos / "link").symlink_to(outside)
    (photos / "loop").symlink_to(photos)
    assert paths(read, "photos/*/a.*") == ["photos/loop/a.png", "photos/old/a.jpeg"]
    assert "no image is found" in refused("photos/**/x.png")[0]
    assert "leads out" in refused("photos/link/*.png")[0]
    (photos / "x.png").symlink_to(outside / "x.png")
    assert refused("photos/x*") == [
        '"photos/x.png" is a link that leads out of the spec\'s folder | put a copy in its place'
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_image(read: Read, photos: Path) -> None:
    """Nothing waits for it."""
    os.mkfifo(photos / "pipe.png")
    assert paths(read, "photos/*.png") == ["photos/a.png"]


def test_names_that_nobody_can_type_are_refused(refused: Refused, photos: Path) -> None:
    """They would be refused as references later, with money in sight."""
    (photos / "n\x1b.png").write_bytes(b"x")
    assert "has a character in its name that nobody can see | rename it" in refused("photos/*")[0]


def test_too_many_images(refused: Refused, folder: Path) -> None:
    """More than any plan."""
    (folder / "many").mkdir()
    for number in range(10_001):
        (folder / "many" / f"{number}.png").touch()
    assert "finds more than 10,000 images | name a smaller folder" in refused("many/*")[0]


def test_tables_have_no_patterns(refused: Refused) -> None:
    """One table is one file."""
    assert "is a pattern, which finds images" in refused("data/*.csv")[0]
