"""``export``: what the command line adds to the delivery itself."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from .kit import Desk, furnish
from .marking import RUN, mark, rehearsed, tasks


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished rehearsal, made once."""
    return rehearsed(furnish(tmp_path_factory.mktemp("export")))


@pytest.fixture
def desk(home: Path) -> Desk:
    """The project in which it lies; every test delivers to a place of its own."""
    desk = Desk(home)
    mark(desk, "ann.json", "Ann", lambda number: {"flag": "pick" if number % 4 == 0 else "reject", "rating": 3})
    return desk


def test_what_was_picked(desk: Desk) -> None:
    """Three of twelve; the files are as ``--json`` lists them; again writes nothing."""
    result = desk("export", RUN, "--picked", "--picks", "ann.json", "--to", "some", "--json")
    assert (result.code, result.json["images"], result.json["written"]) == (0, 3, 3)
    for file in result.json["files"]:
        content = (desk.home / "some" / file["file"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"])
        assert (file["rating"], file["metadata"]) == (3, "embedded")
    again = desk("export", RUN, "--picked", "--picks", "ann.json", "--to", "some")
    assert again.code == 0
    assert "3 images in some, 3 there already" in again.out
    assert "captions.csv" in again.out


def test_in_folders(desk: Desk) -> None:
    """By the axes that were named."""
    result = desk("export", RUN, "--by", "product, ratio", "--to", "sorted", "--json")
    assert result.code == 0, result.err
    files = [file["file"] for file in result.json["files"]]
    assert {name.partition("/")[0] for name in files} == {"sage-green-mug", "white-teapot"}
    assert all((desk.home / "sorted" / name).is_file() for name in files)
    wrong = desk("export", RUN, "--by", "chanel", "--to", "other")
    assert (wrong.code, (desk.home / "other").exists()) == (2, False)


def test_everything_with_ratings(desk: Desk) -> None:
    """Without --picked all are delivered; picks only rate them. A zip holds the captions, too."""
    result = desk("export", RUN, "--picks", "ann.json", "--to", "all.zip", "--json")
    assert result.code == 0
    assert [file["rating"] for file in result.json["files"]] == [3 if number % 4 == 0 else -1 for number in range(12)]
    with zipfile.ZipFile(desk.home / "all.zip") as archive:
        assert len(archive.namelist()) == 14


def test_the_default_place_and_no_marks(desk: Desk) -> None:
    """A rehearsal's placeholders are not called a model's work."""
    result = desk("export", RUN, "--json")
    assert (result.code, result.json["to"], result.json["images"]) == (0, "quickstart-delivery", 12)
    assert {file["digital_source_type"] for file in result.json["files"]} == {None}
    assert "Placeholder" in (desk.home / "quickstart-delivery" / "disclosure.txt").read_text()
    originals = {task["file"]["sha256"] for task in tasks(desk)}
    assert {file["sha256"] for file in result.json["files"]} == originals


def test_another_selection_does_not_go_over_it(desk: Desk) -> None:
    """Captions of other images are other captions."""
    assert desk("export", RUN, "--to", "twice").code == 0
    before = sorted(path.name for path in (desk.home / "twice").iterdir())
    result = desk("export", RUN, "--picked", "--picks", "ann.json", "--to", "twice")
    assert result.code == 2
    assert "nothing was written" in result.err
    assert sorted(path.name for path in (desk.home / "twice").iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([RUN, "--picked"], "which picks?"),
        ([RUN, "--to", f"runs/{RUN}/images"], "inside of the run folder"),
        ([RUN, "--to", "ann.json"], "ann.json is a file"),
        (["nothing"], "no such run"),
    ],
)
def test_mistakes(arguments: list[str], said: str, desk: Desk) -> None:
    """Exit 2, and what to do."""
    result = desk("export", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
