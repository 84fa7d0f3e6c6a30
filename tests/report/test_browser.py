"""The sheet in a real Chromium, opened from ``file://``: it works, it is accessible, and it asks nobody anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect, sync_playwright

from flux_batch.report.write import write_report
from flux_batch.run.records import Failure, Phase, RunView
from flux_batch.spec.records import ReportOptions

from .conftest import MakePicture, make_task, make_view, stored, unstored
from .judging import settle, until

pytestmark = pytest.mark.browser

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Opened:
    """A page, and everything it did that it should not."""

    page: Page
    folder: Path
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Take note of everything from now on."""
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self.refuse)
        self.page.on("request", lambda request: self.requests.append(request.url))

    def hear(self, message: ConsoleMessage) -> None:
        """A page that works has nothing to complain about."""
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def refuse(self, dialog: Dialog) -> None:
        """The page never asks anything by a browser's dialog."""
        self.faults.append(dialog.message)
        dialog.dismiss()

    def settle(self) -> None:
        """Nothing ran that is not ours, and nothing was fetched from outside the folder."""
        root = self.folder.as_uri() + "/"
        assert self.faults == []
        assert [url for url in self.requests if not url.startswith(root)] == []
        assert self.page.evaluate("globalThis.pwned") is None


Open = Callable[..., Opened]


def loaded(page: Page) -> int:
    """How many pictures of the grid arrive, those off screen included."""
    script = """(all) => Promise.all(all.map((image) => {
      image.loading = "eager";
      return image.decode().then(() => true, () => false);
    }))"""
    return sum(page.locator(".picture").evaluate_all(script))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all; a page is cheap."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, folder: Path) -> Iterator[Open]:
    """Writes the report of a run and opens it; afterwards it must have behaved."""
    pages: list[Opened] = []

    def show(view: RunView, fragment: str = "", **context: Any) -> Opened:
        write_report(view, folder)
        context.setdefault("viewport", {"width": 1280, "height": 800})
        page = chromium.new_context(**context).new_page()
        page.set_default_timeout(30_000)
        it = Opened(page=page, folder=folder)
        it.watch()
        page.goto((folder / "index.html").as_uri() + fragment)
        pages.append(it)
        return it

    yield show
    for each in pages:
        each.settle()
        each.page.context.close()


def test_the_grid_shows_every_image(opened: Open, spring: RunView) -> None:
    """Rows and columns with headings, and every thumbnail arrives."""
    page = opened(spring).page
    expect(page.locator("thead th")).to_have_text(["linen", "marble"])
    expect(page.locator("tbody th")).to_have_text(["sage mug", "white teapot", "blue bowl"])
    expect(page.locator(".tile")).to_have_count(13)
    assert loaded(page) == 10
    expect(page.locator("#count")).to_have_text("13 of 13")


def test_trouble_says_why_and_what_to_do(opened: Open, spring: RunView) -> None:
    """A failed tile carries the provider's words and the command that helps."""
    page = opened(spring).page
    failed = page.locator(".tile", has_text="Out of paint")
    expect(failed).to_contain_text("Failed")
    expect(failed.locator("code")).to_have_text("flux-batch run specs/spring.yaml --retry-failed")
    expect(page.locator(".tile", has_text="Not this teapot")).to_contain_text("Reword the prompt")
    page.get_by_label("Problems 2").check()
    expect(page.locator(".tile")).to_have_count(2)


def test_the_lightbox_walks_with_the_arrows(opened: Open, spring: RunView, folder: Path) -> None:
    """Open, right, left, Esc; focus ends on the tile the reader went to."""
    page = opened(spring).page
    page.locator(".open").first.click()
    box = page.get_by_role("dialog", name="sage mug · linen · hero · 1:1")
    expect(box).to_be_visible()
    expect(page.locator("#box-image")).to_have_js_property("naturalWidth", 320)
    expect(page.locator("#prompt")).to_have_text("Studio photo of a sage mug, linen, soft window light")
    expect(page.locator("#details")).to_contain_text("hero-001")
    expect(page.locator("#previous")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#box-title")).to_have_text("sage mug · linen · hero · 16:9")
    expect(page.locator("#position")).to_have_text("2 of 13")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#original").get_attribute("href") == "images/hero/sage%20mug-linen-16x9.png"
    right = page.locator("#close").bounding_box()
    assert right
    settle(page)
    assert right["x"] + right["width"] <= page.evaluate("document.documentElement.clientWidth")
    page.keyboard.press("Escape")
    expect(page.locator("#box")).to_be_hidden()
    settle(page)
    assert page.evaluate("document.activeElement.closest('.tile').dataset.index") == "1"


def test_an_edit_shows_what_it_was_made_from(opened: Open, spring: RunView) -> None:
    """Before and after, side by side, and a way there and back."""
    page = opened(spring).page
    edit = page.locator('.tile[data-index="12"]')
    expect(edit.get_by_alt_text("Edited from sage mug · linen · hero · 1:1")).to_be_visible()
    edit.locator(".open").click()
    expect(page.locator("#before")).to_be_visible()
    expect(page.locator("#before-image")).to_have_js_property("naturalWidth", 320)
    expect(page.locator("#chain button")).to_have_text(["Start", "Edit 1"])
    page.locator("#chain button").first.click()
    expect(page.locator("#box-title")).to_have_text("sage mug · linen · hero · 1:1")
    expect(page.locator("#before")).to_be_hidden()
    expect(page.locator("#edits button")).to_have_count(1)


def test_a_failed_tile_opens_too(opened: Open, spring: RunView) -> None:
    """Its prompt can be read and copied."""
    page = opened(spring).page
    page.locator(".tile", has_text="Out of paint").get_by_role("button", name="Details").click()
    expect(page.locator("#box-notice")).to_contain_text("Out of paint")
    expect(page.locator("#details")).to_contain_text("generation_failed")
    expect(page.locator("#box-image")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_suspect_picture_wears_a_badge(scheme: str, opened: Open, spring: RunView) -> None:
    """On its tile, in words in the lightbox, and among the problems; no other tile has one."""
    first = spring.entries[0]
    assert first.purchase.file
    odd = replace(first.purchase, file=replace(first.purchase.file, width=100, height=100))
    it = opened(replace(spring, entries=(replace(first, purchase=odd), *spring.entries[1:])), color_scheme=scheme)
    expect(it.page.locator(".badge:visible")).to_have_count(1)
    it.page.get_by_role("radio", name="Problems").check(force=True)
    expect(it.page.locator(".tile")).to_have_count(3)
    it.page.locator(".tile .open").first.click()
    expect(it.page.locator("#suspect")).to_contain_text("only 100 x 100 pixels")
    assert Axe().run(it.page).violations_count == 0
    it.page.keyboard.press("ArrowRight")
    expect(it.page.locator("#suspect")).to_be_hidden()
    it.settle()


def test_search_filters_and_counts(opened: Open, spring: RunView) -> None:
    """Every word counts, in any order, whatever the case; the count is said aloud."""
    page = opened(spring).page
    page.get_by_label("Search prompts and values").fill("MARBLE mug")
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator("#count")).to_have_text("2 of 13")
    assert page.locator("#count").get_attribute("aria-live") == "polite"
    page.get_by_label("Search prompts and values").fill("no such thing")
    page.get_by_role("button", name="Show everything").click()
    expect(page.locator(".tile")).to_have_count(13)
    expect(page.get_by_label("Search prompts and values")).to_have_value("")


def test_axes_swap_at_will(opened: Open, spring: RunView) -> None:
    """By the button, and by taking the other side's axis; the address keeps the view."""
    it = opened(spring)
    page = it.page
    page.get_by_role("button", name="Swap rows and columns").click()
    expect(page.locator("thead th")).to_have_text(["sage mug", "white teapot", "blue bowl"])
    page.get_by_role("combobox", name="Rows").select_option("ratio")
    expect(page.locator("tbody th")).to_have_text(["1:1", "16:9"])
    page.get_by_role("combobox", name="Columns").select_option("ratio")
    expect(page.locator("thead th")).to_have_text(["1:1", "16:9"])
    expect(page.locator("tbody th")).to_have_text(["sage mug", "white teapot", "blue bowl"])
    page.reload()
    expect(page.locator("thead th")).to_have_text(["1:1", "16:9"])
    page.get_by_role("combobox", name="Rows").select_option("")
    page.get_by_role("combobox", name="Columns").select_option("")
    expect(page.locator(".flow .tile")).to_have_count(13)


def test_tabs_choose_one_label(opened: Open, spring: RunView) -> None:
    """An axis that spans nothing is a tab, and a search that misses it says where to look."""
    page = opened(replace(spring, report=ReportOptions(tabs=("job",)))).page
    expect(page.locator(".tile")).to_have_count(13)
    page.get_by_role("group", name="job").get_by_label("hero").check()
    expect(page.locator(".tile")).to_have_count(12)
    page.get_by_label("Search prompts and values").fill("winter")
    page.get_by_role("button", name="Show 1 under all tabs").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.get_by_role("group", name="job").get_by_label("All")).to_be_checked()


def test_radio_keys_keep_the_focus(opened: Open, spring: RunView) -> None:
    """Walking through tabs with the keyboard does not throw the reader out."""
    page = opened(spring).page
    page.get_by_role("group", name="ratio").get_by_label("All").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("group", name="ratio").get_by_label("16:9")).to_be_focused()
    assert page.locator(".tile").count() == 6


def test_the_prompt_is_copied(opened: Open, spring: RunView) -> None:
    """From the tile, in one go."""
    page = opened(spring, permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Copy the prompt of sage mug · linen · hero · 1:1").click()
    expect(page.get_by_role("status").filter(has_text="copied")).to_be_visible()
    settle(page)
    assert page.evaluate("navigator.clipboard.readText()") == "Studio photo of a sage mug, linen, soft window light"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_and_the_reader(opened: Open, spring: RunView, scheme: str) -> None:
    """The other way round after one press, and still after a reload."""
    page = opened(spring, color_scheme=scheme).page
    lightness = "parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    settle(page)
    assert (page.evaluate(lightness) > 128) == (scheme == "light")
    page.locator("#theme").click()
    settle(page)
    assert (page.evaluate(lightness) > 128) == (scheme == "dark")
    page.reload()
    settle(page)
    assert (page.evaluate(lightness) > 128) == (scheme == "dark")


def test_without_a_script_every_image_is_there(opened: Open, spring: RunView) -> None:
    """A table with headings, captions, links to the originals, and the reasons of what is missing."""
    kept = (*spring.entries[:12], replace(spring.entries[12], wanted=False))
    it = opened(replace(spring, entries=kept), java_script_enabled=False)
    page = it.page
    expect(page.locator(".tile .picture")).to_have_count(10)
    expect(page.locator("thead th")).to_have_text(["linen", "marble"])
    expect(page.locator(".notice", has_text="Out of paint")).to_be_visible()
    expect(page.locator("h2", has_text="No longer in the spec")).to_be_visible()
    expect(page.locator("#tools")).to_be_hidden()
    links = page.locator(".tile .open").evaluate_all("(all) => all.map((link) => link.href)")
    assert len(links) == 10
    assert all(link.startswith(it.folder.as_uri()) for link in links)


@pytest.mark.parametrize("script", [True, False])
def test_no_width_scrolls_sideways(opened: Open, spring: RunView, script: bool) -> None:
    """From the smallest phone upwards (WCAG 1.4.10)."""
    page = opened(spring, java_script_enabled=script).page
    for width in (320, 390, 699, 701, 768, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 800})
        until(page, f"document.documentElement.scrollWidth <= {width}")


def test_all_pictures_of_a_ratio_are_equally_large(opened: Open, spring: RunView) -> None:
    """Whatever the column: images are there to be compared, and none is cropped."""
    page = opened(spring).page
    sizes = page.locator(".picture").evaluate_all(
        "(all) => all.map((i) => `${i.getAttribute('width')} ${i.offsetWidth} ${i.offsetHeight}`)"
    )
    assert len(set(sizes)) == 2
    heights = {int(size.split()[2]) for size in sizes}
    assert max(heights) - min(heights) <= 1


def test_a_grid_too_wide_scrolls_in_its_own_box(opened: Open, spring: RunView) -> None:
    """Both ways and by keyboard; the page itself stays where it is, and so do the headings."""
    page = opened(spring, "#rows=scene&columns=product&size=200", viewport={"width": 760, "height": 800}).page
    region = page.get_by_role("region", name="Images, scrollable")
    region.focus()
    before = page.locator("tbody th").first.bounding_box()
    region.evaluate("(box) => { box.scrollLeft = 300; }")
    settle(page)
    assert region.evaluate("(box) => box.scrollLeft") == 300
    assert page.locator("tbody th").first.bounding_box() == before
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 760


def test_a_phone_gets_a_list(opened: Open, spring: RunView) -> None:
    """Cells stand below each other, each under its own heading; the layout is one press away."""
    page = opened(spring, viewport={"width": 390, "height": 844}).page
    expect(page.locator("thead")).to_be_hidden()
    expect(page.locator(".cell-label").first).to_have_text("linen")
    expect(page.get_by_role("combobox", name="Rows")).to_be_hidden()
    page.get_by_role("button", name="Layout", exact=True).click()
    expect(page.get_by_role("combobox", name="Rows")).to_be_visible()
    page.locator(".open").first.click()
    expect(page.locator("#box-image")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: Open, spring: RunView, scheme: str) -> None:
    """The grid, an open lightbox, and the flow: no violation of WCAG 2.2 AA that a machine can find."""
    uncertain = replace(spring.entries[9], purchase=replace(spring.entries[9].purchase, phase=Phase.UNCERTAIN))
    page = opened(
        replace(spring, entries=(*spring.entries, uncertain)), color_scheme=scheme, reduced_motion="reduce"
    ).page
    axe = Axe()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

    def check() -> None:
        results = axe.run(page, options=rules)
        assert results.violations_count == 0, results.generate_report()

    check()
    page.locator(".open").first.click()
    expect(page.locator("#box-image")).to_have_js_property("complete", True)
    check()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Rows").select_option("")
    page.get_by_role("combobox", name="Columns").select_option("")
    check()


def test_axe_finds_nothing_without_a_script_or_on_a_phone(opened: Open, spring: RunView) -> None:
    """The two other faces of the page; a rehearsal's banner among them."""
    page = opened(replace(spring, rehearsal=True), viewport={"width": 390, "height": 844}).page
    page.get_by_role("button", name="Layout", exact=True).click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


HOSTILE = (
    "<script>globalThis.pwned=1;alert(1)</script>",
    '"><img src=x onerror="globalThis.pwned=2;alert(2)">',
    "</script><script>globalThis.pwned=3</script>",
    "</noscript><svg onload=globalThis.pwned=4>",
    "javascript:globalThis.pwned=5",
    "</style><style>*{display:none}</style>",
    "]]>--><iframe src=https://evil.example></iframe>",
    "{{ 7*7 }}{% raw %}${7*7}`",
    "a\u202eb\u2066c\u2028d\u2029e\x00f\x1b]0;g\x07",
    "__proto__",
    "' onmouseover='globalThis.pwned=6",
    "constructor",
)


def hostile_run(make_picture: MakePicture) -> RunView:
    """Every text that comes from outside, poisoned: values, prompts, names, errors, titles."""
    entries = []
    for number, poison in enumerate(HOSTILE):
        axes = {
            "product": poison,
            "scene": f"{poison} {number % 2}",
            "model": "flux-kontext-pro",
            "ratio": "1:1",
            "n": "1",
        }
        task = replace(
            make_task(number, axes, prompt=f"{poison} {number}"), id=f"{poison}{number}", job=f"job {poison}"
        )
        name = re.sub(r"[/\x00]", "_", poison)
        entries.append(stored(task, make_picture(f"images/{name}.png", "1:1")))
        other = replace(task, key=f"{number}", id=f"x{poison}{number}")
        entries.append(unstored(other, Phase.FAILED, Failure(code=poison, message=poison)))
    poison = HOSTILE[1] + HOSTILE[2]
    view = make_view(tuple(entries), name=poison, spec_file=poison, report=ReportOptions(title=poison, tabs=("job",)))
    return replace(view, base_url=poison)


@pytest.mark.parametrize("script", [True, False])
def test_nothing_foreign_ever_runs(opened: Open, make_picture: MakePicture, script: bool) -> None:
    """The fixture checks: no dialog, no error, no request outside the folder."""
    page = opened(hostile_run(make_picture), java_script_enabled=script).page
    assert page.locator("script").count() == 2
    assert page.locator("iframe, style ~ style, [onload], [onerror], [onmouseover]").count() == 0
    if not script:
        expect(page.locator(".tile")).to_have_count(24)
        return
    page.get_by_role("button", name="Swap rows and columns").click()
    page.get_by_role("combobox", name="Rows").select_option("")
    page.get_by_role("combobox", name="Columns").select_option("")
    page.get_by_role("combobox", name="job").select_option("0")
    expect(page.locator(".tile")).to_have_count(24)
    assert loaded(page) == 12
    page.locator(".open").first.click()
    for poison in HOSTILE:
        expect(page.locator("#prompt")).to_contain_text(poison.split("\x00")[0][:3])
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")


def test_the_policy_stops_what_escaping_would_miss(opened: Open, spring: RunView) -> None:
    """Even a script that got into the page does not run, and a picture from outside is not fetched."""
    it = opened(spring)
    it.page.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'globalThis.pwned = 1';
          document.body.append(script);
          const picture = '<img src="https://evil.example/x.png" onerror="globalThis.pwned = 2">';
          document.body.insertAdjacentHTML('beforeend', picture);
        }"""
    )
    it.page.wait_for_timeout(200)
    assert len(it.faults) >= 2
    assert all("Content Security Policy" in fault for fault in it.faults)
    it.faults.clear()
    it.requests[:] = [url for url in it.requests if not url.startswith("https://evil.example")]


def test_a_page_without_its_data_says_so(opened: Open, spring: RunView) -> None:
    """Someone mailed index.html alone."""
    it = opened(spring)
    (it.folder / "data.js").unlink()
    it.page.reload()
    expect(it.page.locator("#view")).to_contain_text("data.js is missing")
    it.faults.clear()


def test_a_sheet_prints(opened: Open, spring: RunView) -> None:
    """On paper: light, without tools, and every page says what it shows."""
    page = opened(spring, color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#tools")).to_be_hidden()
    settle(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_thousand_images_open_in_a_blink(opened: Open, make_picture: MakePicture) -> None:
    """One drawing of the grid stays far below a second; pictures off screen are not even fetched."""
    file = make_picture("images/a.png", "1:1")
    entries = tuple(
        stored(
            make_task(
                number,
                {"product": f"p{number // 20}", "scene": f"s{number % 20}", "model": "m", "ratio": "1:1", "n": "1"},
            ),
            file,
        )
        for number in range(1000)
    )
    page = opened(make_view(entries)).page
    expect(page.locator("#count")).to_have_text("1000 of 1000")
    spent = page.evaluate(
        """() => {
          const start = performance.now();
          document.getElementById("swap").click();
          return performance.now() - start;
        }"""
    )
    assert spent < 1500
