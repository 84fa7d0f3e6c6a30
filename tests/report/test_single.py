"""One file for an e-mail: it opens alone, with every picture, and asks for nothing beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from flux_batch.errors import UsageError
from flux_batch.report.page import single
from flux_batch.report.page.single import write_single
from flux_batch.report.write import write_report
from flux_batch.run.records import RunView

from .conftest import picture_bytes
from .test_brand import with_logo
from .test_browser import Opened
from .test_browser import chromium as chromium
from .test_live_browser import accessible


@pytest.mark.browser
@pytest.mark.parametrize("scripted", [True, False])
def test_it_opens_alone(scripted: bool, chromium: Browser, spring: RunView, folder: Path, tmp_path: Path) -> None:
    """In an empty folder, with and without a script; the large view works, and no link leads to what is not there."""
    alone = tmp_path / "mail"
    alone.mkdir()
    write_single(with_logo(spring, folder, picture_bytes("logo", (80, 40))), folder, alone / "sheet.html")
    page = chromium.new_context(java_script_enabled=scripted).new_page()
    page.set_default_timeout(30_000)
    it = Opened(page=page, folder=alone)
    it.watch()
    page.goto((alone / "sheet.html").as_uri())
    expect(page.locator(".tile")).to_have_count(13)
    shown = page.locator("img.picture")
    expect(shown).to_have_count(10)
    assert all(shown.nth(at).get_attribute("src", timeout=1_000).startswith("data:image/webp") for at in range(10))  # type: ignore[union-attr]
    expect(page.locator(".logo")).to_be_visible()
    expect(page.locator("a[href$='manifest.json']")).to_have_count(0)
    if scripted:
        accessible(page)
        page.locator(".open").first.click()
        expect(page.locator("#box-image")).to_have_js_property("naturalWidth", 320)
        expect(page.locator("#original")).to_be_hidden()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#box-image")).to_have_js_property("naturalWidth", 400)
        it.settle()
    assert [url for url in it.requests if not url.startswith("data:")] == [(alone / "sheet.html").as_uri()]
    page.context.close()


def test_every_picture_is_in_it_once(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """Base64 is a third larger; twice would be an e-mail too many. Nothing in the policy but this page's own parts."""
    text = write_single(spring, folder, tmp_path / "a.html").read_text("utf-8")
    assert len(re.findall(r"data:image/webp;base64,", text)) == 10
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert "file:" not in policy[1]
    assert "img-src data:" in policy[1]
    assert "images/hero" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)


def test_too_many_are_refused_with_a_way_out(
    spring: RunView, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written."""
    monkeypatch.setattr(single, "IMAGES_MAX", 9)
    with pytest.raises(UsageError, match=r"10 images are too many for one file, which takes 9 at most: .*--picked"):
        write_single(spring, folder, tmp_path / "a.html")
    assert not (tmp_path / "a.html").exists()
    few = replace(spring, entries=spring.entries[:3])
    assert write_single(few, folder, tmp_path / "a.html").is_file()


def test_only_a_sheet_of_ours_is_written_over(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """Equal input gives equal bytes."""
    target = write_single(spring, folder, tmp_path / "a.html")
    before = target.read_bytes()
    assert write_single(spring, folder, target).read_bytes() == before
    target.write_text("<h1>mine</h1>")
    with pytest.raises(UsageError, match="is no contact sheet"):
        write_single(spring, folder, target)
    assert target.read_text() == "<h1>mine</h1>"
    with pytest.raises(UsageError, match="cannot be read"):
        write_single(spring, folder, tmp_path)


def test_the_folder_stays_as_it_is(spring: RunView, folder: Path, tmp_path: Path) -> None:
    """But for thumbnails, which every report makes."""
    write_report(spring, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    write_single(spring, folder, tmp_path / "a.html")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
