"""The blind review in a real Chromium: nothing tells which image is which, and the result says how sure it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flux_batch.cli.picking.marks import Marked
from flux_batch.cli.picking.picks_text import tally
from flux_batch.report.picking.agreement import merge
from flux_batch.run.records import RunView
from flux_batch.spec.beside.picks import read_picks

from .conftest import MakePicture, make_task, make_view, stored
from .judging import axe_finds_nothing, card, menu, own, said, save, settle
from .test_browser import Open, Opened
from .test_browser import chromium as chromium
from .test_browser import opened as opened

pytestmark = pytest.mark.browser

WORDS = (
    "sage",
    "teapot",
    "bowl",
    "linen",
    "marble",
    "hero",
    "winter",
    "flux-kontext",
    "spring",
    "images",
    "$",
    "Studio",
)

VISIBLE = """() => {
  const found = [document.title, location.hash];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("script, template") || !element.checkVisibility({ contentVisibilityAuto: false })) continue;
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
    for (const name of ["alt", "title", "aria-label", "aria-description", "placeholder", "href", "download", "value"]) {
      const said = element.getAttribute(name);
      if (said !== null) found.push(`${name}=${said}`);
    }
    if (element.tagName === "A") found.push(`link ${element.outerHTML}`);
  }
  return found;
}"""
"""Every text, name, description and address that a reader can meet, with eyes, ears or a pointer."""


def leaks(page: Page) -> list[str]:
    """What tells one image from another."""
    return [
        text for text in page.evaluate(VISIBLE) for word in WORDS if word in text and not text.startswith("href=#i-")
    ]


def start(it: Opened) -> Page:
    """Begin the blind review."""
    menu(it.page, "Blind review")
    expect(it.page.locator(".blind-tile .open").first).to_be_focused()
    return it.page


def order(page: Page) -> list[int]:
    """Which image stands where."""
    script = "(all) => all.map((tile) => Number(tile.dataset.index))"
    found: list[int] = page.locator("#blind-flow .tile").evaluate_all(script)
    return found


def test_nothing_leaks(opened: Open, spring: RunView) -> None:
    """Not on tiles, in the large view, in what is said, in the help, the address or on paper, whatever is pressed."""
    it = opened(spring, "#rows=product&columns=scene&q=mug")
    assert leaks(it.page)
    page = start(it)
    assert leaks(page) == []
    settle(page)
    assert page.evaluate("location.hash") == "#blind"
    expect(page.locator(".blind-tile")).to_have_count(10)
    expect(page.locator(".blind-tile img").nth(4)).to_have_attribute("alt", "Image 5")
    for key in ("p", "/", "a", "b", "c", "z"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Image 1 of 10")).to_be_visible()
    page.keyboard.press("4")
    said(page, "4 stars: Image 1")
    assert leaks(page) == []
    axe_finds_nothing(page)
    page.keyboard.press("Control+z")
    said(page, "Undone: 4 stars, Image 1")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert leaks(page) == []
    page.keyboard.press("Escape")
    page.evaluate("location.hash = 'open=hero-001'")
    expect(page).to_have_url(re.compile("#blind$"))
    assert leaks(page) == []
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert leaks(page) == []
    page.emulate_media(media="screen")
    axe_finds_nothing(page)
    page.get_by_role("button", name="Finish and see the result").click()
    expect(page).to_have_url(re.compile("q=mug"))


def test_an_open_lightbox_does_not_leak_through_the_address(opened: Open, spring: RunView) -> None:
    """Whatever was open is closed, and its closing writes no address."""
    it = opened(spring, "#open=hero-002")
    it.page.evaluate("document.getElementById('start-blind').click()")
    it.page.wait_for_timeout(100)
    assert leaks(it.page) == []
    settle(it.page)
    assert it.page.evaluate("location.hash") == "#blind"


def test_the_order_is_shuffled_and_stays_for_the_session(opened: Open, spring: RunView) -> None:
    """A reload, and a link that asks for it, show the same order; it is not the order of the spec."""
    it = opened(spring)
    page = start(it)
    first = order(page)
    assert sorted(first) == [*range(9), 12]
    assert first != sorted(first)
    page.reload()
    expect(page.locator(".blind-tile")).to_have_count(10)
    assert order(page) == first
    assert leaks(page) == []


def test_a_whole_blind_review_without_a_mouse(opened: Open, spring: RunView) -> None:
    """Tab to the menu, judge all by keys with the next image coming by itself, finish, and read the result."""
    it = opened(spring)
    page = it.page
    page.evaluate("localStorage.setItem('flux-batch-advance', 'on')")
    page.reload()
    page.locator("#review-more").focus()
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "start-blind":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".blind-tile .open").first).to_be_focused()
    shown = order(page)
    for index in shown:
        page.keyboard.press("p" if index in (0, 1, 4, 5, 8, 12) else "x")
    expect(page.locator("#blind-count")).to_have_text("10 of 10 judged")
    axe_finds_nothing(page)
    page.locator("#blind-finish").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Result of the blind review")).to_be_focused()
    expect(page.locator("#result")).to_contain_text("6 picked of 10 images that were picked or rejected.")
    scene = page.locator(".contest", has=page.get_by_role("table", name="Pick rate by scene"))
    expect(scene.get_by_role("heading")).to_have_text("scene: linen is ahead, of few images")
    expect(scene.locator("tbody tr").nth(0)).to_contain_text("linen")
    expect(scene.locator("tbody tr").nth(0)).to_contain_text("6 of 6")
    expect(scene.locator("tbody tr").nth(0)).to_contain_text("100 %")
    expect(scene.locator("tbody tr").nth(1)).to_contain_text("0 of 4")
    expect(page.locator(".contest", has_text="ratio").get_by_role("heading")).to_contain_text("no clear winner")
    settle(page)
    assert page.evaluate("document.title") == "Spring mugs, round 1 – contact sheet"  # noqa: RUF001
    assert [own(page, index) for index in (0, 2)] == ["picked", "rejected"]
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    page.locator("#close-result").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#review-more")).to_be_focused()
    expect(page.locator("#result")).to_have_count(0)


def test_the_blind_view_has_buttons_for_all(opened: Open, spring: RunView) -> None:
    """With the pointer: flags and stars on a tile, the large view with the same, undo, redo and the way out."""
    page = start(opened(spring))
    first, second = page.locator(".blind-tile").nth(0), page.locator(".blind-tile").nth(1)
    first.hover()
    first.get_by_role("button", name="Pick").click()
    first.get_by_role("radio", name="3 stars").check(force=True)
    expect(first.locator(".own-mark .quiet")).to_have_text("You: picked, 3 stars")
    second.locator(".open").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Reject").click()
    expect(dialog.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    expect(dialog.get_by_role("textbox")).to_have_count(0)
    page.locator("#blind-next").click()
    expect(page.locator("#blind-position")).to_have_text("Image 3 of 10")
    page.locator("#blind-close").click()
    expect(page.locator("#blind-count")).to_have_text("2 of 10 judged")
    page.locator("#blind-undo").click()
    expect(page.locator("#blind-count")).to_have_text("1 of 10 judged")
    page.locator("#blind-redo").click()
    expect(second.locator(".own-mark .quiet")).to_have_text("You: rejected")
    page.get_by_role("button", name="Finish and see the result").click()
    expect(page.locator("#result")).to_be_visible()


def test_blind_marks_are_told_from_others(opened: Open, spring: RunView) -> None:
    """What was marked in the light before does not count as judged blind; the reader may look at both."""
    it = opened(spring)
    page = it.page
    page.locator(".tile .open").first.focus()
    page.keyboard.press("x")
    start(it)
    index = next(index for index in order(page) if index != 0)
    page.locator(f'#blind-flow [data-index="{index}"] .open').focus()
    page.keyboard.press("p")
    page.get_by_role("button", name="Finish and see the result").click()
    expect(page.get_by_role("radio", name="My marks, judged blind")).to_be_checked()
    expect(page.locator(".result-of").first).to_have_text("1 picked of 10 stored images, for nothing was rejected.")
    page.get_by_role("radio", name="All my marks").check(force=True)
    expect(page.locator(".result-of").first).to_have_text("1 picked of 2 images that were picked or rejected.")
    expect(page.get_by_role("radio", name="All my marks")).to_be_focused()


def test_where_nothing_is_picked_nothing_wins(opened: Open, spring: RunView) -> None:
    """The result says that there is no evidence yet, and shows no numbers."""
    page = opened(spring).page
    menu(page, "Which wins?")
    expect(page.locator("#result")).to_contain_text("No image is picked yet, so nothing wins.")
    expect(page.locator("#result table")).to_have_count(0)


def test_the_result_is_that_of_picks_show(opened: Open, make_picture: MakePicture, folder: Path) -> None:
    """A review with a clear winner: the page's table has the counts, rates and intervals of the command."""
    labels = [(word, model) for word in ("linen", "marble") for model in ("pro", "max")] * 6
    entries = tuple(
        stored(
            make_task(number, {"scene": word, "model": model, "ratio": "1:1", "n": "1"}),
            make_picture(f"images/{number}.png", "1:1"),
        )
        for number, (word, model) in enumerate(labels)
    )
    view = make_view(entries)
    page = opened(view).page
    for number, (word, model) in enumerate(labels):
        card(page, number).locator(".open").focus()
        page.keyboard.press("p" if word == "linen" or (model == "pro" and number < 8) else "x")
    menu(page, "Which wins?")
    expect(page.locator(".contest h3")).to_have_text(["scene: linen wins", "model: no clear winner"])
    shown = page.locator(".rates tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    save(page, folder / "picks.json")
    merged = merge([read_picks(folder / "picks.json")])
    by_content = {entry.purchase.file.sha256: entry for entry in entries if entry.purchase.file}
    known = tuple((by_content[verdict.image.sha256], verdict) for verdict in merged.verdicts)
    theirs = tally(Marked(view=view, merged=merged, known=known, strangers=()))
    rates = [rate for contest in theirs.contests for rate in contest.rates]
    percent = [[f"{100 * share:.0f} %" for share in (rate.rate, rate.low, rate.high)] for rate in rates]
    assert shown == [
        [rate.label, f"{rate.picked} of {rate.seen}", share, f"{low} to {high}"]
        for rate, (share, low, high) in zip(rates, percent, strict=True)
    ]
