"""The reviewer's keys in a real Chromium: each of them, on a card and in the large view, and never while typing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flux_batch.run.records import RunView

from .judging import axe_finds_nothing, card, focus, menu, own, said, until
from .test_browser import Open
from .test_browser import chromium as chromium
from .test_browser import opened as opened

pytestmark = pytest.mark.browser

MARKS = [
    ("p", "picked"),
    ("x", "rejected"),
    ("P", "picked"),
    ("1", "1 star"),
    ("2", "2 stars"),
    ("3", "3 stars"),
    ("4", "4 stars"),
    ("5", "5 stars"),
]


def test_a_key_marks_the_card_with_the_focus(opened: Open, spring: RunView) -> None:
    """Each key does its one thing, U and 0 take it away again, and every mark is said."""
    page = opened(spring).page
    for number, (key, word) in enumerate(MARKS):
        focus(page, number)
        page.keyboard.press(key)
        assert own(page, number) == word
        page.keyboard.press("u" if word.endswith("ed") else "0")
        assert own(page, number) == ""
    focus(page, 2)
    page.keyboard.press("p")
    page.keyboard.press("4")
    assert own(page, 2) == "picked, 4 stars"
    said(page, "4 stars: sage mug · marble · hero · 1:1")
    assert [own(page, index) for index in (0, 1, 3)] == [""] * 3


def test_no_card_has_the_focus_no_key_marks(opened: Open, spring: RunView) -> None:
    """Nor where an image failed; and with Ctrl or Alt a letter is the browser's."""
    page = opened(spring).page
    for key in ("p", "x", "5", "a", "z"):
        page.keyboard.press(key)
    focus(page, 0)
    page.keyboard.press("Control+5")
    page.keyboard.press("Alt+p")
    card(page, 9).locator(".more").focus()
    page.keyboard.press("p")
    expect(page.locator(".own-mark, #box[open], #tray:not([hidden])")).to_have_count(0)


def test_keys_work_in_the_lightbox(opened: Open, spring: RunView) -> None:
    """The same keys mark the large image; its tile shows it, too."""
    page = opened(spring).page
    focus(page, 1)
    page.keyboard.press("z")
    expect(page.locator("#box")).to_be_visible()
    page.keyboard.press("p")
    page.keyboard.press("5")
    expect(page.locator("#panel-slot").get_by_role("button", name="Pick")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#panel-slot").get_by_role("radio", name="5 stars")).to_be_checked()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    expect(page.locator("#box")).to_be_hidden()
    assert [own(page, index) for index in (1, 4)] == ["picked, 5 stars", ""]
    assert [own(page, index) for index in (12, 2)].count("rejected") == 1


@pytest.mark.parametrize("key", ["z", "Space", "Enter"])
def test_a_card_opens_and_the_picture_grows(opened: Open, spring: RunView, key: str) -> None:
    """Z, Space and Enter open a card; in the lightbox Z and Space show the actual size and back."""
    page = opened(spring).page
    focus(page, 0)
    page.keyboard.press(key)
    expect(page.locator("#box")).to_be_visible()
    if key == "Enter":
        return
    page.locator(".panel-body").first.focus()
    page.keyboard.press(key)
    expect(page.locator("#actual")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(key)
    expect(page.locator("#actual")).to_have_attribute("aria-pressed", "false")


def test_arrows_walk_over_the_cards(opened: Open, spring: RunView) -> None:
    """Right and left in reading order, down and up within the column, and the focus is there."""
    page = opened(spring).page
    at = "document.activeElement.closest('.tile').dataset.index"
    focus(page, 0)
    found = []
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        found.append(int(page.evaluate(at)))
    assert found == [1, 5, 1, 0, 0]


def test_a_and_b_and_c_compare(opened: Open, spring: RunView) -> None:
    """A and B put images into their places, once more changes one, C shows both; all without a mouse."""
    page = opened(spring).page
    letters = page.locator("#compare-stage .pane")
    focus(page, 0)
    page.keyboard.press("c")
    said(page, "Put two images in first")
    for index, key in ((0, "a"), (3, "b"), (5, "b")):
        focus(page, index)
        page.keyboard.press(key)
    said(page, "B of the comparison")
    page.keyboard.press("c")
    expect(page.locator("#compare-box")).to_be_visible()
    assert letters.evaluate_all("(all) => all.map((pane) => pane.dataset.index)") == ["0", "5"]
    letters.nth(1).focus()
    page.keyboard.press("x")
    expect(letters.nth(1).get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    assert own(page, 5) == "rejected"
    focus(page, 5)
    page.keyboard.press("a")
    page.keyboard.press("c")
    assert letters.evaluate_all("(all) => all.map((pane) => pane.dataset.index)") == ["5", "0"]


def test_slash_searches_and_question_mark_helps(opened: Open, spring: RunView) -> None:
    """From anywhere; the help lists every key of the registry, and axe finds nothing in it."""
    page = opened(spring).page
    page.keyboard.press("/")
    expect(page.get_by_label("Search prompts and values")).to_be_focused()
    page.keyboard.press("Escape")
    focus(page, 0)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    shown = dialog.locator("dt kbd").all_inner_texts()
    wanted = {"P", "X", "U", "0", "1", "2", "3", "4", "5", "A", "B", "C", "Z", "Space", "Enter", "/", "?", "←", "→"}
    assert wanted | {"↑", "↓", "Ctrl", "Shift", "+", "-", "Esc"} <= set(shown)
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(card(page, 0).locator(".open")).to_be_focused()


def test_nothing_happens_while_typing(opened: Open, spring: RunView) -> None:
    """Not in the search, not in a note, not in a menu; there the keys are letters."""
    page = opened(spring).page
    page.get_by_label("Search prompts and values").press_sequentially("px5/?")
    expect(page.get_by_label("Search prompts and values")).to_have_value("px5/?")
    page.get_by_label("Search prompts and values").fill("")
    focus(page, 0)
    page.keyboard.press("Enter")
    note = page.get_by_label("Note")
    note.press_sequentially("x5 zap/? ")
    expect(note).to_have_value("x5 zap/? ")
    expect(page.locator("#keys-dialog")).to_be_hidden()
    note.press("Escape")
    expect(page.locator("#box")).to_be_visible()
    page.keyboard.press("Escape")
    assert own(page, 0) == "a note"
    until(page, "localStorage.getItem('flux-batch-marks:spring-mugs')?.includes('x5 zap')")


def test_keys_can_be_switched_off_and_stay_so(opened: Open, spring: RunView) -> None:
    """WCAG 2.1.4: no letter does anything then, buttons and arrows still do; the choice is kept."""
    it = opened(spring)
    page = it.page
    page.locator("#review-more").click()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    for _ in range(2):
        focus(page, 0)
        for key in ("p", "5", "a", "/", "?", "z", "Space"):
            page.keyboard.press(key)
        expect(page.locator(".own-mark, dialog[open], #tray:not([hidden])")).to_have_count(0)
        page.keyboard.press("Enter")
        for key in ("p", "z", "+"):
            page.keyboard.press(key)
        expect(page.locator("#actual")).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("Escape")
        expect(page).not_to_have_url(re.compile("open="))
        page.keyboard.press("ArrowRight")
        expect(card(page, 1).locator(".open")).to_be_focused()
        page.reload()
    menu(page, "All keys")
    page.locator("#keys-switch").check()
    page.keyboard.press("Escape")
    focus(page, 0)
    page.keyboard.press("p")
    assert own(page, 0) == "picked"


def test_going_on_by_itself(opened: Open, spring: RunView) -> None:
    """After a key the next image has the focus, on cards and in the lightbox; after a button nothing moves."""
    page = opened(spring).page
    page.locator("#review-more").click()
    page.get_by_label("Go on to the next image").check()
    page.reload()
    page.locator("#review-more").click()
    expect(page.get_by_label("Go on to the next image")).to_be_checked()
    page.keyboard.press("Escape")
    focus(page, 0)
    page.keyboard.press("p")
    expect(card(page, 1).locator(".open")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("4")
    expect(page.locator("#position")).to_have_text("3 of 13")
    page.locator("#panel-slot").get_by_role("button", name="Reject").click()
    expect(page.locator("#position")).to_have_text("3 of 13")


def test_undo_and_redo_say_what_they_did(opened: Open, spring: RunView) -> None:
    """By key and by button, as far back as one went."""
    page = opened(spring).page
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    focus(page, 0)
    page.keyboard.press("p")
    page.keyboard.press("3")
    page.keyboard.press("Control+z")
    said(page, "Undone: 3 stars, sage mug · linen · hero · 1:1")
    assert own(page, 0) == "picked"
    page.keyboard.press("Control+Shift+Z")
    said(page, "Done again: 3 stars")
    assert own(page, 0) == "picked, 3 stars"
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert own(page, 0) == ""
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("button", name="Do again").click()
    assert own(page, 0) == "picked"
    page.keyboard.press("Control+y")
    assert own(page, 0) == "picked, 3 stars"
    page.keyboard.press("Control+y")
    said(page, "Nothing to do again")


def test_a_keyboard_in_another_script_has_the_same_keys(opened: Open, spring: RunView) -> None:
    """The key where P is printed is P, whatever letter it writes."""
    page = opened(spring).page
    focus(page, 0)
    page.evaluate(
        """document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key: "\\u0437", code: "KeyP", bubbles: true }))"""
    )
    assert own(page, 0) == "picked"


def tab_to(page: Page, script: str, key: str = "Tab") -> None:
    """Press until this has the focus."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate(script):
            return
    raise AssertionError(f"no way to {script}")


def test_a_whole_review_without_a_mouse(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """From the top of the page to the saved file: skip link, marks, a note, undo, the name, and nothing but keys."""
    page = opened(spring).page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    tab_to(page, "document.activeElement.matches('.tile .open')")
    for key in ("p", "ArrowRight", "x", "ArrowRight", "4", "Control+z", "2", "Enter"):
        page.keyboard.press(key)
    tab_to(page, "document.activeElement.matches('textarea')")
    page.keyboard.type("crop the top")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("open="))
    tab_to(page, "document.activeElement.id === 'save'", "Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("Ann")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    download.value.save_as(tmp_path / "picks.json")
    picks = json.loads((tmp_path / "picks.json").read_bytes())["picks"]
    assert [(each["flag"], each["rating"], each["note"]) for each in picks] == [
        ("pick", None, ""),
        ("reject", None, ""),
        (None, 2, "crop the top"),
    ]
