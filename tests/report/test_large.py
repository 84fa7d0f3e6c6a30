"""Ten thousand images: a small page, few elements at a time, and everything within reach."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flux_batch.report.write import write_report
from flux_batch.run.records import RunView

from .conftest import MakePicture, make_task, make_view, stored
from .judging import settle
from .test_browser import Open
from .test_browser import chromium as chromium
from .test_browser import opened as opened

pytestmark = pytest.mark.browser

COUNT = 10_000


@pytest.fixture
def large(make_picture: MakePicture) -> RunView:
    """A hundred products by twenty scenes by five shots, which show one and the same picture."""
    file = make_picture("images/a.png", "1:1")
    return make_view(
        tuple(
            stored(
                make_task(
                    number,
                    {
                        "product": f"product {number // 100}",
                        "scene": f"scene {number // 5 % 20}",
                        "shot": f"shot {number % 5}",
                        "model": "m",
                        "ratio": "1:1",
                        "n": "1",
                    },
                ),
                file,
            )
            for number in range(COUNT)
        )
    )


def drawn(page: Page) -> int:
    """Tiles in the document now."""
    return page.locator(".view .tile").count()


def test_ten_thousand_images_are_a_small_page(opened: Open, large: RunView, folder: Path) -> None:
    """Few of them are drawn at a time, wherever the reader is; keys, search, links and headings reach them all."""
    page = opened(large, "#rows=product&rows=scene&columns=shot").page
    expect(page.locator("#count")).to_have_text("10000 of 10000")
    assert (folder / "data.js").stat().st_size < 8_000_000
    assert (folder / "index.html").stat().st_size < 300_000
    assert 20 <= drawn(page) < 1_000
    assert page.locator("table").get_attribute("aria-rowcount") == "2001"
    page.keyboard.press("End")
    expect(page.locator('.tile[data-index="9999"]')).to_be_in_viewport()
    assert drawn(page) < 1_000
    height = page.evaluate("document.documentElement.scrollHeight")
    page.keyboard.press("Home")
    expect(page.locator('.tile[data-index="0"]')).to_be_in_viewport()
    # Slices that were emptied keep their height.
    settle(page)
    assert abs(page.evaluate("document.documentElement.scrollHeight") - height) < height / 20
    page.get_by_label("Search prompts and values").fill("hero-7777")
    expect(page.locator("#count")).to_have_text("1 of 10000")
    expect(page.locator(".view .tile")).to_have_count(1)


def test_a_link_opens_an_image_far_down(opened: Open, large: RunView) -> None:
    """And after Esc the reader stands there, in a table, in a nest and in a flow."""
    it = opened(large)
    page = it.page
    for layout in ("", "rows=product&rows=scene&columns=shot&", "rows=&columns=&"):
        page.goto("about:blank")
        page.goto((it.folder / "index.html").as_uri() + f"#{layout}open=hero-9000")
        expect(page.locator("#box-title")).to_have_text("product 90 · scene 0 · shot 0")
        page.keyboard.press("Escape")
        expect(page.locator('.tile[data-index="9000"] .open')).to_be_focused()
        expect(page.locator('.tile[data-index="9000"]')).to_be_in_viewport()
        assert drawn(page) < 1_000


def test_long_runs_have_their_table_in_a_page_of_its_own(opened: Open, large: RunView, folder: Path) -> None:
    """Without a script the sheet leads there; the table is whole, with captions and links."""
    it = opened(large, java_script_enabled=False)
    it.page.get_by_role("link", name="All 10000 images as one table").click()
    expect(it.page.get_by_role("heading", level=1)).to_have_text("Spring mugs, round 1")
    expect(it.page.locator(".tile .open")).to_have_count(COUNT, timeout=20_000)


def test_the_data_shares_what_tiles_share(spring: RunView, folder: Path) -> None:
    """Each text stands there once, and what is empty at a tile's end is left out."""
    write_report(spring, folder)
    data = json.loads(
        (folder / "data.js").read_text("utf-8").removeprefix("globalThis.fluxBatch = ").removesuffix(";\n")
    )
    assert len(data["texts"]) == len(set(data["texts"]))
    assert dict(data["labels"])["product"] == ["sage mug", "white teapot", "blue bowl"]
    assert all(len(row) <= 14 and row[-1] for row in data["tiles"][:9])
    assert data["tiles"][0][8][6] == spring.entries[0].purchase.file.sha256  # type: ignore[union-attr]
