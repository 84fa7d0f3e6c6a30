"""Judging by buttons in a real Chromium: flags, stars, notes, filters, names, and a browser that keeps nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from flux_batch.run.records import RunView

from .conftest import make_view, stored
from .judging import axe_finds_nothing, bring, card, focus, give_name, menu, own, said, save, until
from .test_browser import Open
from .test_browser import chromium as chromium
from .test_browser import opened as opened
from .test_judge_files import content, picks, put

pytestmark = pytest.mark.browser


def test_a_tile_has_buttons_under_the_pointer(opened: Open, spring: RunView) -> None:
    """Flags toggle, a star gives stars and takes them away again; the controls come and go with the pointer."""
    page = opened(spring).page
    expect(page.locator(".frame .judge")).to_have_count(0)
    tile = card(page, 3)
    tile.hover()
    controls = tile.get_by_role("group", name="Judge sage mug")
    controls.get_by_role("button", name="Pick").click()
    assert own(page, 3) == "picked"
    expect(controls.get_by_role("button", name="Pick")).to_have_attribute("aria-pressed", "true")
    controls.get_by_role("button", name="Reject").click()
    assert own(page, 3) == "rejected"
    controls.get_by_role("button", name="Reject").click()
    assert own(page, 3) == ""
    tile.locator("label.star").nth(4).click()
    assert own(page, 3) == "4 stars"
    expect(controls.get_by_role("radio", name="4 stars")).to_be_checked()
    tile.locator("label.star").nth(4).click()
    assert own(page, 3) == ""
    page.locator("h1").click()
    card(page, 0).hover()
    expect(page.locator(".frame .judge")).to_have_count(1)


def test_stars_are_a_radio_group_for_the_keyboard(opened: Open, spring: RunView) -> None:
    """Tab reaches the controls of the card, arrows choose the stars there, and the focus stays."""
    page = opened(spring).page
    focus(page, 0)
    for _ in range(9):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            break
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert own(page, 0) == "3 stars"
    expect(card(page, 0).get_by_role("radio", name="3 stars")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("p")
    assert own(page, 0) == "picked, 2 stars"


def test_targets_are_large_enough(opened: Open, spring: RunView) -> None:
    """24 by 24 pixels at least, on the tile, in the lightbox and in the bar (WCAG 2.5.8)."""
    page = opened(spring).page
    card(page, 1).hover()
    for where in (".frame .judge", "#review-slot", "#panel-slot"):
        if where == "#panel-slot":
            card(page, 1).locator(".open").click()
        sizes = page.locator(f"{where} :is(button, label.star:not(:first-of-type))").evaluate_all(
            "(all) => all.filter((it) => it.checkVisibility()).map((it) => [it.offsetWidth, it.offsetHeight])"
        )
        assert sizes
        assert min(min(size) for size in sizes) >= 24


def test_a_note_is_kept(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """Written in the lightbox, in the file, and still there after a reload; nothing is axe's."""
    page = opened(spring).page
    card(page, 0).locator(".open").click()
    page.get_by_label("Note").fill("warmer, please\n<b>really</b>")
    page.locator("#next").click()
    expect(page.get_by_label("Note")).to_have_value("")
    page.locator("#previous").click()
    expect(page.get_by_label("Note")).to_have_value("warmer, please\n<b>really</b>")
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    page.locator("#box").wait_for(state="hidden")
    document = save(page, tmp_path / "picks.json")
    assert [each["note"] for each in document["picks"]] == ["warmer, please\n<b>really</b>"]
    page.reload()
    assert own(page, 0) == "a note"


def test_a_note_that_is_being_written_is_not_lost_on_the_way(opened: Open, spring: RunView) -> None:
    """Closing the lightbox, or going on by the arrows of the other hand, keeps what was typed."""
    page = opened(spring).page
    card(page, 0).locator(".open").click()
    page.get_by_label("Note").press_sequentially("warm")
    page.locator("#close").click()
    expect(page.locator("#box")).to_be_hidden()
    assert own(page, 0) == "a note"


def test_filters_by_mark_live_in_the_address(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """Flag, stars at least and exactly, unrated, by reviewer, and where they disagree; a reload shows the same."""
    it = opened(spring)
    page = it.page
    for index, keys in {0: "p3", 1: "x5", 2: "p"}.items():
        focus(page, index)
        for key in keys:
            page.keyboard.press(key)
    save(page, tmp_path / "mine.json")
    bens: list[dict[str, Any]] = [
        {"sha256": content(spring, 0), "flag": "reject", "rating": 1},
        {"sha256": content(spring, 2), "flag": "pick"},
    ]
    bring(page, put(tmp_path, "ben.json", picks("Ben", *bens)))
    page.get_by_role("button", name="OK").click()
    page.locator("#filter").click()
    tiles = page.locator(".tile")
    expected = [
        ("Flag", "Picked", 2),
        ("Flag", "Rejected", 1),
        ("Flag", "No flag", 7),
        ("Stars", "3 stars or more", 2),
        ("Stars", "3 stars", 1),
        ("Stars", "Unrated", 8),
        ("By", "Ben", 2),
        ("By", "anyone", 3),
        ("Votes", "Disagree", 1),
        ("Votes", "Agree", 1),
        ("Votes", "One vote only", 1),
    ]
    for title, option, count in expected:
        page.get_by_role("combobox", name=title, exact=True).select_option(label=option)
        expect(tiles).to_have_count(count)
        page.get_by_role("combobox", name=title, exact=True).select_option("")
    page.get_by_role("combobox", name="By", exact=True).select_option(label="Ben")
    page.get_by_role("combobox", name="Flag", exact=True).select_option(label="Rejected")
    expect(tiles).to_have_count(1)
    assert "f.by=Ben" in page.url
    assert "f.flag=reject" in page.url
    axe_finds_nothing(page)
    page.reload()
    expect(tiles).to_have_count(1)
    expect(page.locator("#hidden")).to_contain_text("Rejected")
    page.get_by_role("button", name="Show everything").click()
    expect(tiles).to_have_count(13)


DENY = """for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(globalThis, name, { get() { throw new DOMException("no", "SecurityError"); } });
}"""


def test_a_browser_that_keeps_nothing(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """Marks, undo, files and the blind review work all the same, and the menu says to save before one leaves."""
    it = opened(spring)
    page = it.page
    page.add_init_script(DENY)
    page.reload()
    focus(page, 0)
    page.keyboard.press("p")
    assert own(page, 0) == "picked"
    page.locator("#review-more").click()
    expect(page.locator("#not-kept")).to_be_visible()
    page.get_by_label("Go on to the next image").check()
    page.keyboard.press("Escape")
    menu(page, "Blind review")
    expect(page.locator(".blind-tile")).to_have_count(10)
    page.get_by_role("button", name="Finish and see the result").click()
    assert len(save(page, tmp_path / "picks.json")["picks"]) == 1
    expect(page.locator("#unsaved")).to_be_empty()


def test_a_broken_draft_does_not_break_the_page(opened: Open, spring: RunView) -> None:
    """It is said, and judging begins anew."""
    page = opened(spring).page
    for draft in ("{", "[]", "null", '{"format": 1, "people": 7}', '{"format": 2}'):
        page.evaluate("(draft) => localStorage.setItem('flux-batch-marks:spring-mugs', draft)", draft)
        page.reload()
        said(page, "The draft of this browser could not be read.")
        expect(page.locator(".tile")).to_have_count(13)


def test_two_windows_show_the_same_marks(opened: Open, spring: RunView) -> None:
    """What is marked in one window is there in the other, and neither overwrites the other's."""
    it = opened(spring)
    page = it.page
    other = page.context.new_page()
    other.goto(page.url)
    focus(other, 1)
    other.keyboard.press("x")
    expect(card(page, 1).locator(".own-mark .quiet")).to_have_text("You: rejected")
    focus(page, 0)
    page.keyboard.press("p")
    expect(card(other, 0).locator(".own-mark .quiet")).to_have_text("You: picked")
    both = json.dumps([content(spring, index) for index in (0, 1)])
    until(page, f"{both}.every((each) => (localStorage['flux-batch-marks:spring-mugs'] ?? '').includes(each))")
    third = page.context.new_page()
    third.goto(page.url)
    assert [own(third, index) for index in (0, 1)] == ["picked", "rejected"]


def test_the_name_is_asked_once_and_can_be_changed(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """By the first file; then a rename keeps the marks, and another person begins with none."""
    page = opened(spring).page
    focus(page, 0)
    page.keyboard.press("p")
    page.locator("#save").click()
    dialog = page.get_by_role("dialog", name="Who is reviewing?")
    axe_finds_nothing(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#unsaved")).to_have_text("1 unsaved mark")
    page.locator("#save").click()
    page.get_by_label("Your name").fill("   ")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#unsaved")).to_have_text("1 unsaved mark")
    if dialog.is_visible():
        page.keyboard.press("Escape")
    assert save(page, tmp_path / "ann.json", "  Ann \t B ")["reviewer"] == "Ann B"
    give_name(page, "Anna")
    assert own(page, 0) == "picked"
    menu(page, "Change name")
    page.get_by_label("Your name").fill("Ben")
    page.get_by_label("I am somebody else").check()
    page.get_by_role("button", name="Go on").click()
    expect(card(page, 0).locator(".initials .quiet")).to_have_text("Anna: picked")
    assert own(page, 0) == ""
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_marks(opened: Open, spring: RunView, tmp_path: Path, scheme: str) -> None:
    """Marked tiles, everybody's initials, the controls, the menu, the lightbox and the result, in both themes."""
    page = opened(spring, color_scheme=scheme, reduced_motion="reduce").page
    for index, keys in {0: "p3", 1: "x5", 2: "p"}.items():
        focus(page, index)
        for key in keys:
            page.keyboard.press(key)
    everyone = [
        {"sha256": content(spring, index), "flag": flag, "rating": 2, "note": "why"}
        for index, flag in ((0, "reject"), (2, "pick"))
    ]
    bring(page, put(tmp_path, "ben.json", picks("Ben Zimmer", *everyone)))
    page.get_by_role("button", name="OK").click()
    card(page, 0).hover()
    axe_finds_nothing(page)
    page.locator("#review-more").click()
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    menu(page, "Which wins?")
    axe_finds_nothing(page)
    card(page, 0).locator(".open").click()
    expect(page.locator(".others")).to_contain_text("why")
    axe_finds_nothing(page)


def test_a_phone_judges_too(opened: Open, spring: RunView) -> None:
    """Without hover the controls are there for what is on the screen; nothing scrolls sideways."""
    page = opened(spring, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).page
    controls = card(page, 0).locator(".judge")
    controls.get_by_role("button", name="Pick").tap()
    assert own(page, 0) == "picked"
    menu(page, "Which wins?")
    expect(page.locator("#result")).to_be_visible()
    page.evaluate("document.querySelector('#result').scrollIntoView()")
    until(page, "document.documentElement.scrollWidth <= 390")
    axe_finds_nothing(page)
    menu(page, "Blind review")
    until(page, "document.documentElement.scrollWidth <= 390")
    axe_finds_nothing(page)


def test_paper_shows_the_marks(opened: Open, spring: RunView) -> None:
    """Flags and stars under each printed picture, and no controls."""
    page = opened(spring).page
    focus(page, 0)
    page.keyboard.press("p")
    page.keyboard.press("4")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    first = page.locator("#paper .print").first
    expect(first.locator(".signs")).to_be_visible()
    expect(first.locator(".sign-stars")).to_have_text("★★★★☆")
    expect(page.locator(".judge:visible, #review-slot:visible")).to_have_count(0)


def test_the_same_image_in_two_places_is_marked_in_both(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """A mark is about the content; the file names the image once."""
    first = spring.entries[0]
    file = first.purchase.file
    assert file
    twin = stored(spring.entries[1].task, file)
    page = opened(make_view((first, twin))).page
    focus(page, 1)
    page.keyboard.press("p")
    assert [own(page, index) for index in (0, 1)] == ["picked", "picked"]
    document = save(page, tmp_path / "picks.json")
    assert [(each["sha256"], each["id"]) for each in document["picks"]] == [(file.sha256, first.task.id)]


def test_the_page_of_a_plan_has_keys_and_no_judging(opened: Open, spring: RunView, folder: Path) -> None:
    """Its script is whole without the parts that judge."""
    from flux_batch.report.page.render import PLAN, write_page
    from flux_batch.report.page.sheet import sheet

    it = opened(spring)
    page = it.page
    write_page(sheet(spring, {}), folder, PLAN)
    page.reload()
    expect(page.locator(".tile")).to_have_count(13)
    expect(page.locator("#review-slot, .judge, #review-menu")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    expect(page.get_by_role("dialog", name="Keys")).not_to_contain_text(re.compile("Pick|Reject"))
