"""What other parts of the page hang onto it, tried by a part that only exists here; and a tile that arrives later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from flux_batch.report.page import render as page_module
from flux_batch.report.page.pack import plain
from flux_batch.report.page.render import Look, write_page
from flux_batch.report.page.sheet import Sheet, sheet
from flux_batch.run.plane.thumbs import make_thumbs
from flux_batch.run.records import RunView

from .conftest import MakePicture
from .test_browser import chromium as chromium

pytestmark = pytest.mark.browser

PROBE = """
const probed = { marks: {}, started: 0, drawn: [] };
addTilePart((tile, index) => element("button", { type: "button", className: "mark", textContent: probed.marks[index] ?? "none" }));
addPanelPart((tile, index) => element("p", { className: "panel-mark", textContent: `panel ${index}` }));
addComparePart((tile, index) => element("p", { className: "compare-mark", textContent: `compare ${index}` }));
addFilter({
  name: "marked",
  read: ([text]) => text,
  write: (value) => [value],
  holds: (value) => (tile, index) => probed.marks[index] === value,
  say: (value) => `Marked ${value}`,
});
atStart(() => { probed.started += 1; });
afterDraw((indexes) => probed.drawn.push(indexes.length));
globalThis.probe = { probed, refreshTile, applyTilePatch, setFilter, focusedIndex, focusTile, moveFocus, openTile, toggleCompare, focusSearch };
"""  # noqa: E501

Show = Callable[[RunView], Page]


def sheet_of(view: RunView, folder: Path) -> Sheet:
    """The sheet with real thumbnails."""
    return sheet(view, make_thumbs([entry.purchase.file for entry in view.entries if entry.purchase.file], folder))


@pytest.fixture
def show(chromium: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """A page with the probe among its parts."""
    ours = page_module._part
    monkeypatch.setattr(page_module, "_part", lambda name: PROBE if name == "script/probe.js" else ours(name))
    *parts, main = page_module.RUN.scripts

    def opened(view: RunView) -> Page:
        path = write_page(sheet_of(view, folder), folder, Look(scripts=(*parts, "probe", main)))
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(30_000)
        page.goto(path.as_uri())
        return page

    return opened


def test_parts_show_and_are_refreshed_by_themselves(show: Show, spring: RunView) -> None:
    """Below the tile, in the lightbox and in the comparison; nothing else is drawn anew, and the focus stays."""
    page = show(spring)
    expect(page.locator(".mark")).to_have_count(13)
    assert page.evaluate("probe.probed.started") == 1
    page.evaluate("document.querySelector('[data-index=\"1\"] .open').id = 'same'")
    page.evaluate("probe.probed.marks[1] = 'pick'; probe.refreshTile(1)")
    expect(page.locator('.tile[data-index="1"] .mark')).to_have_text("pick")
    assert page.locator("#same").count() == 1
    page.evaluate("probe.openTile(1)")
    expect(page.locator(".panel-mark")).to_have_text("panel 1")
    page.keyboard.press("Escape")
    page.evaluate("probe.toggleCompare(0); probe.toggleCompare(1)")
    page.locator("#tray-side").click()
    expect(page.locator(".compare-mark")).to_have_text(["compare 0", "compare 1"])
    page.context.close()


def test_a_filter_has_its_place_in_the_address(show: Show, spring: RunView) -> None:
    """Set from outside, seen as a chip, and taken away there."""
    page = show(spring)
    page.evaluate("probe.probed.marks = { 2: 'pick', 5: 'pick' }; probe.setFilter('marked', 'pick')")
    expect(page.locator(".tile")).to_have_count(2)
    assert "f.marked=pick" in page.url
    assert page.evaluate("probe.probed.drawn.at(-1)") == 2
    page.get_by_role("button", name="Marked pick").click()
    expect(page.locator(".tile")).to_have_count(13)
    page.context.close()


def test_the_focus_moves_both_ways(show: Show, spring: RunView) -> None:
    """From card to card; at the end it stays and says so."""
    page = show(spring)
    assert page.evaluate("probe.focusedIndex()") == -1
    assert page.evaluate("[probe.moveFocus(1, 0), probe.focusedIndex()]") == [True, 0]
    assert page.evaluate("[probe.moveFocus(0, 1), probe.focusedIndex()]") == [True, 4]
    assert page.evaluate("[probe.moveFocus(0, -1), probe.moveFocus(0, -1), probe.focusedIndex()]") == [True, False, 0]
    page.evaluate("probe.focusSearch()")
    expect(page.locator("#search")).to_be_focused()
    page.context.close()


def test_one_tile_is_replaced_in_an_open_page(
    show: Show, spring: RunView, make_picture: MakePicture, folder: Path
) -> None:
    """What a run brings later: the tile alone is drawn, its text is found, and its neighbours are the same elements."""
    page = show(spring)
    late = spring.entries[11]
    file = make_picture("images/late.png", "16:9")
    done = replace(late, purchase=replace(late.purchase, phase=spring.entries[0].purchase.phase, file=file))
    tile = sheet_of(replace(spring, entries=(*spring.entries[:11], done, spring.entries[12])), folder).tiles[11]
    page.evaluate("document.querySelector('[data-index=\"10\"]').id = 'same'")
    page.evaluate("(tile) => probe.applyTilePatch(11, tile)", {**plain(tile), "prompt": "A zebra crossing"})
    picture = page.locator('.tile[data-index="11"] .picture')
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("(image) => image.naturalWidth > 0 && image.currentSrc.includes('/thumbs/')")
    assert page.locator("#same").count() == 1
    assert page.evaluate("probe.probed.drawn.length") == 1
    page.get_by_label("Search prompts and values").fill("zebra")
    expect(page.locator(".tile")).to_have_count(1)
    page.context.close()
