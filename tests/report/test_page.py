"""The page as text: escaped, self-contained, and the same for the same run."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flux_batch.report.files import PIECE, encoded, stream_if_changed, write_if_changed
from flux_batch.report.page.render import data_js, page_html
from flux_batch.report.page.sheet import sheet
from flux_batch.report.write import write_report
from flux_batch.run.records import RunView

from .conftest import make_view


def data_of(text: str) -> dict[str, Any]:
    """What ``data.js`` assigns."""
    found = re.fullmatch(r"globalThis\.fluxBatch = (.*);\n", text)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    return document


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with its inode, its time and its bytes."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_second_report_changes_nothing(spring: RunView, folder: Path) -> None:
    """Not a byte, not a time, not a file."""
    paths = write_report(spring, folder)
    before = snapshot(folder)
    assert write_report(spring, folder) == paths
    assert snapshot(folder) == before
    assert {name.split("/")[0] for name in before} == {"images", "thumbs", "manifest.json", "index.html", "data.js"}


def test_originals_are_never_touched(spring: RunView, folder: Path) -> None:
    """The provider's bytes stay the provider's bytes."""
    before = snapshot(folder / "images")
    write_report(spring, folder)
    assert snapshot(folder / "images") == before


def test_data_cannot_leave_its_script(spring: RunView, folder: Path) -> None:
    """Markup and line separators are escaped; the values come back as they were."""
    hostile = "</script><script>alert(1)</script><!--\u2028\u2029&amp;"
    entry = spring.entries[0]
    entry = replace(entry, task=replace(entry.task, prompt=hostile))
    text = "".join(data_js(sheet(replace(spring, entries=(entry,)), {})))
    assert not re.search("[<>&\u2028\u2029]", text)
    document = data_of(text)
    assert document["texts"][document["tiles"][0][2]] == hostile


def test_what_people_wrote_is_text_in_the_page(spring: RunView) -> None:
    """A title and a prompt with markup in them are shown as they were typed, and are no markup."""
    hostile = "<script>alert(1)</script><b>\"'&amp;"
    entry = spring.entries[0]
    entry = replace(entry, task=replace(entry.task, prompt=hostile))
    text = "".join(page_html(sheet(replace(spring, name=hostile, entries=(entry,)), {})))
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;&#34;&#39;&amp;amp;") >= 2


def test_the_page_names_no_other_place(spring: RunView, folder: Path) -> None:
    """Nothing to fetch: no http address, no inline handler, no markup made by the script."""
    write_report(spring, folder)
    text = (folder / "index.html").read_text("utf-8")
    assert not re.search(r"https?://|//cdn|\son\w+=|javascript:|@import|url\(\"?http", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text)


def test_every_picture_keeps_its_place(spring: RunView, folder: Path) -> None:
    """Width and height are in the markup, and pictures load late."""
    write_report(spring, folder)
    text = (folder / "index.html").read_text("utf-8").partition("<noscript>")[2].partition("</noscript>")[0]
    pictures = re.findall(r"<img [^>]*>", text)
    assert len(pictures) == 10
    assert all(
        re.search(r'width="\d+" height="\d+" alt="[^"]+" loading="lazy" decoding="async"', picture)
        for picture in pictures
    )


def test_a_rehearsal_says_so_on_top(spring: RunView, folder: Path) -> None:
    """Nobody mistakes the simulator's drawings for a result."""
    assert "Drawn by the simulator, nothing was spent." in "".join(
        page_html(sheet(replace(spring, rehearsal=True), {}))
    )
    assert 'class="rehearsal"' not in "".join(page_html(sheet(spring, {})))


def test_an_empty_run_has_a_page(folder: Path) -> None:
    """Before the first image there is something to open."""
    write_report(make_view(()), folder)
    assert data_of((folder / "data.js").read_text("utf-8"))["tiles"] == []


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """Whole or not at all: no half file and no leftovers."""
    path = tmp_path / "a.txt"
    assert write_if_changed(path, b"one")
    assert not write_if_changed(path, b"one")
    assert write_if_changed(path, b"two")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("pieces", [[b"one", b"two"], [b"on", b"e", b"three"], [b"o"], [], [b"two"], [b"onetwo", b"!"]])
def test_pieces_make_the_same_file_as_a_whole(tmp_path: Path, pieces: list[bytes]) -> None:
    """Longer, shorter, empty, other from somewhere on, over a file and over none; the same once more writes nothing."""
    path = tmp_path / "a.txt"
    for before in (b"onetwo", b"", None):
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_bytes(before)
        assert stream_if_changed(path, pieces) == (before != b"".join(pieces))
        assert path.read_bytes() == b"".join(pieces)
        found = path.stat()
        assert not stream_if_changed(path, iter(pieces))
        assert path.stat() == found
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_pieces_that_end_in_an_error_leave_the_old_file(tmp_path: Path) -> None:
    """While they are compared, and while they are written."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"onetwo")
    for first in (b"one", b"other"):
        with pytest.raises(ZeroDivisionError):
            stream_if_changed(path, (first if number else b"%d" % (1 // number) for number in (1, 0)))
        assert path.read_bytes() == b"onetwo"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_texts_come_in_pieces_worth_a_write() -> None:
    """What is no text is a question mark, wherever it stands."""
    texts = ["é\ud83d", "\ude00"] * PIECE
    pieces = list(encoded(texts))
    assert b"".join(pieces) == "".join(texts).encode("utf-8", "replace")
    assert len(pieces) > 1
    assert min(len(piece.decode()) for piece in pieces[:-1]) >= PIECE
