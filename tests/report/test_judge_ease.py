"""What a first-time reviewer trips over, in a real Chromium: where keys go, ways out, what is next, what stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flux_batch.run.records import RunView

from .conftest import MakePicture, make_task, make_view, stored
from .judging import axe_finds_nothing, card, focus, menu, own, said, save, settle
from .test_browser import Open
from .test_browser import chromium as chromium
from .test_browser import opened as opened

pytestmark = pytest.mark.browser

FOCUSED = "document.activeElement.closest('.tile')?.dataset.index"
HEIGHTS = "(all) => [...new Set(all.map((it) => Math.round(it.getBoundingClientRect().height)))]"
RING = (
    "(it) => { const { outlineStyle, outlineWidth } = getComputedStyle(it); return `${outlineStyle} ${outlineWidth}`; }"
)


def blind(page: Page) -> list[int]:
    """Begin the blind review; which image stands where."""
    menu(page, "Blind review")
    expect(page.locator(".blind-tile .open").first).to_be_focused()
    script = "(all) => all.map((tile) => Number(tile.dataset.index))"
    found: list[int] = page.locator("#blind-flow .tile").evaluate_all(script)
    return found


def finish(page: Page) -> None:
    """The blind review ends, and its result is there."""
    page.get_by_role("button", name="Finish and see the result").click()
    expect(page.locator("#result")).to_be_visible()


def test_keys_act_on_the_image_under_the_pointer(opened: Open, spring: RunView) -> None:
    """Where no image has the focus; one that has it comes first, and scrolling keys stay the page's."""
    page = opened(spring).page
    card(page, 2).hover()
    page.keyboard.press("p")
    page.keyboard.press("4")
    assert own(page, 2) == "picked, 4 stars"
    page.keyboard.press("ArrowDown")
    settle(page)
    assert page.evaluate(FOCUSED) is None
    page.keyboard.press("b")
    said(page, "A of the comparison")
    focus(page, 0)
    page.keyboard.press("x")
    assert [own(page, index) for index in (0, 2)] == ["rejected", "picked, 4 stars"]


def test_going_on_from_the_image_under_the_pointer(opened: Open, spring: RunView) -> None:
    """The next image is that after the one that was marked, not the first of the sheet."""
    page = opened(spring).page
    page.locator("#review-more").click()
    page.get_by_label("Go on to the next image").check()
    page.keyboard.press("Escape")
    card(page, 2).hover()
    page.keyboard.press("p")
    assert own(page, 2) == "picked"
    settle(page)
    assert page.evaluate(FOCUSED) == page.evaluate(
        "[...document.querySelectorAll('#view .tile')].map((it) => it.dataset.index)"
        "[[...document.querySelectorAll('#view .tile')].findIndex((it) => it.dataset.index === '2') + 1]"
    )


def test_a_key_without_an_image_says_so(opened: Open, spring: RunView) -> None:
    """Nothing is marked, and the reader learns what to do."""
    page = opened(spring).page
    for key in ("p", "5", "a", "z"):
        page.keyboard.press(key)
        said(page, "Click an image first")
        page.evaluate("document.getElementById('toast').textContent = ''")
    expect(page.locator(".own-mark, #box[open], #tray:not([hidden])")).to_have_count(0)


def test_the_focus_does_not_look_like_the_pointer(opened: Open, spring: RunView) -> None:
    """The ring is there after a click, too; the pointer alone draws none."""
    page = opened(spring).page
    card(page, 2).hover()
    settle(page)
    assert card(page, 2).locator(".open").evaluate(RING).startswith("none")
    card(page, 2).locator(".open").click()
    page.locator("#close").click()
    expect(card(page, 2).locator(".open")).to_be_focused()
    settle(page)
    assert card(page, 2).locator(".open").evaluate(RING) == "solid 3px"


def test_the_first_key_of_a_blind_review_counts(opened: Open, spring: RunView) -> None:
    """Its first image has the focus, also after a reload of it."""
    page = opened(spring).page
    first = blind(page)[0]
    page.reload()
    expect(page.locator(".blind-tile .open").first).to_be_focused()
    page.keyboard.press("p")
    assert own(page, first) == "picked"


def test_a_link_to_the_blind_review_has_the_focus_on_its_first_image(opened: Open, spring: RunView) -> None:
    """The address names no element that the browser would go to instead."""
    page = opened(spring, "#blind").page
    page.wait_for_load_state("load")
    page.wait_for_timeout(200)
    expect(page.locator(".blind-tile .open").first).to_be_focused()
    settle(page)
    assert page.evaluate("document.getElementById('blind')") is None


@pytest.mark.parametrize("width", [1280, 390])
def test_blind_images_are_equally_high(opened: Open, spring: RunView, width: int) -> None:
    """The last line is as high as the others and begins at the left; also on a phone."""
    page = opened(spring, viewport={"width": width, "height": 800}).page
    blind(page)
    pictures = page.locator(".blind-tile .picture")
    assert len(pictures.evaluate_all(HEIGHTS)) == 1
    lefts = page.locator(".blind-tile").evaluate_all("(all) => all.map((it) => it.getBoundingClientRect().left)")
    tops = page.locator(".blind-tile").evaluate_all("(all) => all.map((it) => it.getBoundingClientRect().top)")
    assert len(set(tops)) > 1
    assert lefts[tops.index(tops[-1])] == lefts[0]


def test_marks_made_in_sight_stay_out_of_the_blind_review(opened: Open, spring: RunView) -> None:
    """Neither a frame nor a star nor the count tells of them; they are back, or told anew, in the light."""
    page = opened(spring).page
    for index in (0, 1, 2):
        focus(page, index)
        page.keyboard.press("p")
        page.keyboard.press("4")
    blind(page)
    expect(page.locator("#blind-count")).to_have_text("0 of 10 judged")
    expect(page.locator("#blind-page .own-mark, #blind-page .is-pick")).to_have_count(0)
    expect(page.locator("#blind-undo")).to_be_disabled()
    page.keyboard.press("Control+z")
    said(page, "Nothing to undo")
    tile = page.locator('#blind-flow [data-index="0"]')
    tile.hover()
    expect(tile.get_by_role("button", name="Pick")).to_have_attribute("aria-pressed", "false")
    expect(tile.get_by_role("radio", name="4 stars")).not_to_be_checked()
    tile.locator(".open").focus()
    page.keyboard.press("u")
    page.keyboard.press("2")
    expect(tile.locator(".own-mark .quiet")).to_have_text("You: 2 stars")
    expect(page.locator("#blind-count")).to_have_text("1 of 10 judged")
    page.locator('#blind-flow [data-index="1"] .open').focus()
    page.keyboard.press("x")
    page.keyboard.press("u")
    expect(page.locator("#blind-count")).to_have_text("1 of 10 judged")
    finish(page)
    assert [own(page, index) for index in (0, 1, 2)] == ["2 stars", "picked, 4 stars", "picked, 4 stars"]


@pytest.mark.parametrize("by", ["button", "Escape"])
def test_a_blind_review_can_be_left(opened: Open, spring: RunView, by: str) -> None:
    """Back in the sheet without a result, and the marks are kept."""
    page = opened(spring).page
    first = blind(page)[0]
    page.keyboard.press("p")
    axe_finds_nothing(page)
    page.keyboard.press("z")
    expect(page.locator("#blind-box")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#blind-box")).to_be_hidden()
    expect(page.locator("#blind-page")).to_be_visible()
    if by == "button":
        page.get_by_role("button", name="Leave", exact=True).click()
    else:
        page.keyboard.press("Escape")
    expect(page.locator("#blind-page")).to_be_hidden()
    expect(page.locator("#result")).to_have_count(0)
    expect(page.locator("#review-more")).to_be_focused()
    said(page, "its marks are kept")
    assert own(page, first) == "picked"


def test_saving_says_what_comes_next(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """In a place that stays, with the command to copy; it goes when it is closed."""
    page = opened(spring).page
    focus(page, 0)
    page.keyboard.press("p")
    save(page, tmp_path / "picks.json")
    note = page.get_by_role("group", name="Saved picks")
    expect(note).to_contain_text("Send this file to whoever runs the batch, who merges with flux-batch picks merge")
    expect(page.locator("#toast")).to_be_empty()
    expect(note.get_by_role("button", name="Copy command")).to_be_visible()
    axe_finds_nothing(page)
    note.get_by_role("button", name="Close").click()
    expect(note).to_be_hidden()
    expect(page.locator("#save")).to_be_focused()


def test_the_first_mark_moves_nothing(opened: Open, spring: RunView) -> None:
    """The bar above and every row stay as high as they were; Save picks waits there from the start."""
    page = opened(spring).page
    script = "[...document.querySelectorAll('#tools, .grid tr')].map((it) => it.offsetHeight)"
    expect(page.locator("#save")).to_be_disabled()
    before = page.evaluate(script)
    focus(page, 0)
    page.keyboard.press("p")
    page.keyboard.press("5")
    assert own(page, 0) == "picked, 5 stars"
    expect(page.locator("#save")).to_be_enabled()
    settle(page)
    assert page.evaluate(script) == before


def test_the_result_of_a_blind_review_begins_at_its_top(opened: Open, spring: RunView) -> None:
    """Just below the bar, under a heading that says what it is, without old words; few images are told of once."""
    page = opened(spring).page
    blind(page)
    page.keyboard.press("p")
    said(page, "Picked: Image 1")
    finish(page)
    expect(page.get_by_role("heading", name="Result of the blind review")).to_be_focused()
    expect(page.locator("#toast")).to_be_empty()
    expect(page.locator("#result")).not_to_contain_text("*")
    expect(page.locator("#result .few")).to_have_text(
        "Every value has fewer than 10 images: there the rate says little."
    )
    settle(page)
    bar, panel = page.locator("#tools").bounding_box(), page.locator("#result").bounding_box()
    assert bar is not None
    assert panel is not None
    assert bar["y"] == 0
    assert 0 <= panel["y"] - bar["y"] - bar["height"] <= 24


def test_a_word_about_a_large_picture_stands_beside_it(opened: Open, spring: RunView) -> None:
    """In the large view of the sheet and of the blind review."""
    page = opened(spring).page
    focus(page, 0)
    page.keyboard.press("z")
    for stage in ("#stage", "#blind-stage"):
        page.keyboard.press("p")
        said(page, "Picked")
        word, picture = page.locator("#toast").bounding_box(), page.locator(stage).bounding_box()
        assert word is not None
        assert picture is not None
        assert word["x"] >= picture["x"] + picture["width"]
        page.keyboard.press("Escape")
        if stage == "#stage":
            blind(page)
            page.keyboard.press("z")


def test_a_table_that_is_cut_says_so(opened: Open, make_picture: MakePicture) -> None:
    """130 columns are more than are drawn; a layout with fewer has nothing to say."""
    file = make_picture("images/one.png", "1:1")
    entries = tuple(
        stored(make_task(number, {"word": f"w{number}", "model": "m", "ratio": "1:1", "n": "1"}), file)
        for number in range(130)
    )
    page = opened(make_view(entries), "#rows=&columns=word").page
    expect(page.locator("#cut")).to_have_text("120 of 130 columns shown: hide values or choose another axis.")
    axe_finds_nothing(page)
    page.evaluate("location.hash = 'rows=&columns='")
    expect(page.locator("#cut")).to_be_hidden()
