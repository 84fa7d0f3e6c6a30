"""Ways to look, in a real Chromium: nested axes, hidden values, filters, the large view, deep links, paper."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from flux_batch.plan.records import Reference
from flux_batch.run.records import Entry, RunView

from .conftest import MakePicture, make_task, make_view, stored
from .judging import settle, until
from .test_browser import Open
from .test_browser import chromium as chromium
from .test_browser import opened as opened

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def check_axe(page: Page) -> None:
    """No violation of WCAG 2.2 AA that a machine can find."""
    loaded = "(all) => Promise.all(all.filter((it) => it.src).map((it) => it.decode().catch(() => 0)))"
    page.locator("img:not([loading])").evaluate_all(loaded)
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()


def compare(page: Page, *indexes: int) -> None:
    """Gather these tiles in the tray."""
    for index in indexes:
        page.locator(f'.tile[data-index="{index}"]').hover()
        page.locator(f'.tile[data-index="{index}"] .compare').click()


@pytest.fixture
def chain(make_picture: MakePicture) -> RunView:
    """A mug, its winter, a banner of that, and the banner's night: three edits in a row."""
    entries: list[Entry] = []
    for number, (job, prompt) in enumerate(
        (("base", "A mug on a table"), ("winter", "Make it winter"), ("banner", "Widen it"), ("night", "Make it night"))
    ):
        axes = {"model": "flux-kontext-pro", "ratio": "1:1", "n": "1"}
        parent = Reference(kind="parent", source=entries[-1].task.key) if entries else None
        task = make_task(number, axes, job=job, prompt=prompt, reference=parent)
        entries.append(stored(task, make_picture(f"images/{job}.png", "1:1")))
    return make_view(tuple(entries))


def test_rows_nest_under_bands(opened: Open, spring: RunView) -> None:
    """Two axes down: the outer one is a band, and every row still says it to those who do not see the band."""
    page = opened(spring).page
    page.get_by_label("Inside of product").select_option("ratio")
    expect(page.locator(".band th")).to_have_text(["sage mug", "white teapot", "blue bowl"])
    rows = page.locator('tbody th[scope="row"]')
    expect(rows.first).to_have_text("sage mug, 1:1")
    expect(page.locator(".band th").first).to_have_attribute("scope", "rowgroup")
    expect(page.locator("tbody tr").nth(1).locator("td").first.locator(".tile")).to_have_count(2)
    page.reload()
    expect(page.locator(".band th")).to_have_count(3)
    check_axe(page)


def test_columns_nest_in_the_head(opened: Open, spring: RunView) -> None:
    """Two axes across: a heading spans what stands below it, and all stay in sight."""
    page = opened(spring, "#rows=product&columns=scene&columns=ratio", viewport={"width": 1280, "height": 500}).page
    expect(page.locator("thead tr").first.locator("th")).to_have_text(["linen", "marble"])
    expect(page.locator("thead tr").nth(1).locator("th")).to_have_text(["1:1", "16:9", "1:1", "16:9"])
    settle(page)
    assert page.locator("thead tr").first.locator("th").first.get_attribute("colspan") == "2"
    top = page.locator("thead").bounding_box()
    assert top
    page.mouse.move(600, 300)
    page.mouse.wheel(0, 700)
    until(page, "scrollY > 150")
    stuck = page.locator("thead").bounding_box()
    tools = page.locator("#tools").bounding_box()
    assert stuck
    assert tools
    assert stuck["y"] >= 0
    assert stuck["y"] < top["y"]
    check_axe(page)


def test_an_axis_can_move_between_the_sides(opened: Open, spring: RunView) -> None:
    """Taking the other side's axis gives it this one's; nothing is lost, and none leaves a nest."""
    page = opened(spring, "#rows=product&rows=ratio&columns=scene").page
    page.get_by_role("combobox", name="Rows").select_option("scene")
    expect(page.get_by_role("combobox", name="Columns")).to_have_value("product")
    page.get_by_label("Inside of scene").select_option("")
    expect(page.locator(".band")).to_have_count(0)
    page.get_by_role("combobox", name="Rows").select_option("")
    expect(page.locator("tbody th")).to_have_count(0)


def test_a_value_is_hidden_and_brought_back(opened: Open, spring: RunView) -> None:
    """By the button of its heading and by keyboard; a chip says what is missing, also in a link."""
    page = opened(spring).page
    page.get_by_role("button", name="Hide product white teapot").focus()
    page.keyboard.press("Enter")
    expect(page.locator("tbody th")).to_have_text(["sage mug", "blue bowl"])
    chip = page.get_by_role("button", name="product: white teapot hidden")
    expect(chip).to_be_focused()
    page.reload()
    expect(page.locator("tbody th")).to_have_text(["sage mug", "blue bowl"])
    chip.click()
    expect(page.locator("tbody th")).to_have_text(["sage mug", "white teapot", "blue bowl"])
    expect(page.locator("#hidden")).to_be_hidden()


def test_filters_by_value_status_and_cost(opened: Open, spring: RunView) -> None:
    """Each by itself and all together, with a count, chips and a link; one press shows everything again."""
    page = opened(spring).page
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("group", name="scene").get_by_label("linen").uncheck()
    expect(page.locator("#count")).to_have_text("6 of 13")
    page.get_by_role("group", name="Status").get_by_label("Being made").uncheck()
    expect(page.locator("#count")).to_have_text("5 of 13")
    page.get_by_label("from $").fill("0.01")
    page.get_by_label("from $").press("Tab")
    expect(page.locator("#count")).to_have_text("4 of 13")
    expect(page.locator("#filter-count")).to_have_text("3")
    check_axe(page)
    page.reload()
    expect(page.locator("#count")).to_have_text("4 of 13")
    page.get_by_role("button", name="Show everything").click()
    expect(page.locator("#count")).to_have_text("13 of 13")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("button", name="None of product").click()
    expect(page.locator("#view")).to_contain_text("Nothing matches")
    page.get_by_role("button", name="Show everything").first.click()
    expect(page.locator(".tile")).to_have_count(13)


def test_the_lightbox_walks_rows_and_columns(opened: Open, spring: RunView) -> None:
    """Right and left along a row, down and up in the same column, by keys and by buttons."""
    page = opened(spring).page
    page.locator('.tile[data-index="2"] .open').click()
    title = page.locator("#box-title")
    expect(title).to_have_text("sage mug · marble · hero · 1:1")
    page.keyboard.press("ArrowDown")
    expect(title).to_have_text("white teapot · marble · hero · 1:1")
    page.keyboard.press("ArrowRight")
    expect(title).to_have_text("white teapot · marble · hero · 16:9")
    page.get_by_role("button", name="Image above, in the same column").click()
    expect(title).to_have_text("sage mug · marble · hero · 16:9")
    expect(page.locator("#above")).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text("sage mug · linen · winter · 1:1")
    page.keyboard.press("Escape")
    settle(page)
    assert page.evaluate("document.activeElement.closest('.tile').dataset.index") == "12"


def transform(page: Page, selector: str) -> list[float]:
    """Scale, left and top of a zoomed picture."""
    said = page.locator(selector).evaluate("(image) => image.style.transform")
    left, top, scale = re.findall(r"-?[\d.]+", said)
    return [float(scale), float(left), float(top)]


def test_zoom_and_pan_by_keys_buttons_wheel_and_pointer(opened: Open, spring: RunView) -> None:
    """Every way does the same; a picture never leaves its edge behind."""
    page = opened(spring).page
    page.locator(".open").first.click()
    image = "#box-image"
    assert transform(page, image)[0] == 1
    page.get_by_role("button", name="Zoom in").click()
    assert transform(page, image)[0] == 1.5
    page.keyboard.press("z")
    assert transform(page, image)[0] == 1
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    scale, left, top = transform(page, image)
    assert scale == 1.25
    page.keyboard.press("-")
    page.get_by_role("button", name="Actual size").click()
    expect(page.locator("#actual")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Pan left")).to_be_visible()
    box = page.locator("#after-view").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for _ in range(6):
        page.mouse.move(x, y)
        page.mouse.wheel(0, -240)
    until(page, "document.querySelector('#box-image').style.transform.match(/scale\\((.*)\\)/)[1] > 6")
    scale, left, top = transform(page, image)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y - 40)
    page.mouse.up()
    after = transform(page, image)
    assert after[0] == scale
    assert (round(after[1] - left), round(after[2] - top)) == (-60, -40)
    page.get_by_role("button", name="Pan right").click()
    assert transform(page, image)[1] < after[1]
    for _ in range(60):
        page.keyboard.press("Shift+ArrowLeft")
    assert transform(page, image)[1] == 0
    page.mouse.click(x, y)
    assert transform(page, image)[0] == 1


def test_two_fingers_pinch(opened: Open, spring: RunView) -> None:
    """Real touches: apart makes it larger, about the point between them; a swipe goes on to the next image."""
    page = opened(spring, viewport={"width": 390, "height": 844}, has_touch=True).page
    page.locator(".open").first.click()
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *points: tuple[int, int]) -> None:
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    fingers("touchStart", (180, 200), (210, 200))
    for spread in range(20, 120, 20):
        fingers("touchMove", (180 - spread, 200), (210 + spread, 200))
    fingers("touchEnd")
    until(page, "document.querySelector('#box-image').style.transform.match(/scale\\((.*)\\)/)[1] > 2")
    page.get_by_role("button", name="Actual size").click()
    fingers("touchStart", (300, 200))
    for x in range(280, 100, -20):
        fingers("touchMove", (x, 200))
    fingers("touchEnd")
    expect(page.locator("#position")).to_have_text("2 of 13")


def test_compare_two_to_four_in_step(opened: Open, spring: RunView) -> None:
    """The tray gathers, the pictures zoom together, a fifth is refused, and the link brings it all back."""
    page = opened(spring).page
    compare(page, 0, 1, 2, 3, 4)
    expect(page.locator("#toast")).to_contain_text("Four at most")
    expect(page.locator("#tray-list button")).to_have_count(4)
    expect(page.locator('.tile[data-index="1"] .compare')).to_have_text("B")
    page.get_by_role("button", name="Side by side").click()
    panes = page.locator(".pane img")
    expect(panes).to_have_count(4)
    page.keyboard.press("+")
    page.keyboard.press("+")
    scales = panes.evaluate_all("(all) => all.map((each) => each.style.transform.match(/scale\\((.*)\\)/)[1])")
    assert scales == ["1.5625"] * 4
    check_axe(page)
    page.reload()
    expect(panes).to_have_count(4)
    page.get_by_role("button", name="Remove sage mug · linen · hero · 1:1 from the comparison").last.click()
    expect(panes).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.locator("#compare-box")).to_be_hidden()
    expect(page.locator("#tray-list button")).to_have_count(3)
    page.get_by_role("button", name="Clear the comparison").click()
    expect(page.locator("#tray")).to_be_hidden()
    assert "compare=" not in page.url


def shares(page: Page) -> list[str]:
    """How the layers of the wipe are cut."""
    cut: list[str] = page.locator(".layer.seen").evaluate_all("(all) => all.map((each) => each.style.clipPath)")
    return cut


def test_a_wipe_has_a_slider_and_buttons(opened: Open, spring: RunView) -> None:
    """A, 50 and B; the slider by keys; a drag on the picture; what is seen is said in words."""
    page = opened(spring).page
    compare(page, 0, 1)
    page.locator("#tray-wipe").click()
    slider = page.get_by_role("slider", name="Wipe")
    assert shares(page) == ["inset(0px 0px 0px 50%)", "inset(0px 50% 0px 0px)"]
    page.get_by_role("button", name="Show A: sage mug · linen · hero · 1:1").click()
    assert shares(page) == ["inset(0px 0px 0px 0%)", "inset(0px 100% 0px 0px)"]
    settle(page)
    assert slider.get_attribute("aria-valuetext") == "A alone"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shares(page)[1] == "inset(0px 99% 0px 0px)"
    page.get_by_role("button", name="Half of each").click()
    settle(page)
    assert slider.get_attribute("aria-valuetext") == "50 % of B, the rest A"
    box = page.locator(".compare-stage .viewport").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 300, steps=4)
    page.mouse.up()
    assert slider.input_value() == "25"
    check_axe(page)
    page.reload()
    expect(page.get_by_role("slider", name="Wipe")).to_be_visible()


def test_differences_are_marked_in_the_texts(opened: Open, spring: RunView) -> None:
    """Words that came and went, and a table of what is not the same."""
    page = opened(spring).page
    compare(page, 0, 7)
    page.locator("#tray-text").click()
    expect(page.locator("del")).to_have_text(["sage mug, linen,"])
    expect(page.locator("ins")).to_have_text(["white teapot, marble,"])
    table = page.locator(".differences")
    expect(table.locator("tbody th")).to_have_text(["product", "scene", "size", "pixels"])
    expect(table.get_by_role("row", name="scene")).to_contain_text("marble")
    check_axe(page)


def test_a_chain_of_edits_is_walked_and_wiped(opened: Open, chain: RunView) -> None:
    """The whole ancestry in one strip, and one slider from the start to the end; the tray is as it was afterwards."""
    page = opened(chain).page
    compare(page, 1)
    page.locator('.tile[data-index="3"] .open').click()
    expect(page.locator("#chain button")).to_have_text(["Start", "Edit 1", "Edit 2", "Edit 3"])
    expect(page.locator("#before")).to_be_visible()
    check_axe(page)
    page.get_by_role("button", name="Wipe along the chain").click()
    slider = page.get_by_role("slider", name="Wipe")
    settle(page)
    assert slider.get_attribute("max") == "300"
    slider.fill("250")
    expect(page.locator(".of-next")).to_contain_text("D ·")
    expect(page.locator(".of-this")).to_contain_text("C ·")
    page.get_by_role("button", name="Show B").click()
    settle(page)
    assert slider.get_attribute("aria-valuetext") == "B alone" or slider.input_value() == "100"
    page.keyboard.press("Escape")
    expect(page.locator("#box")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tray-list button")).to_have_count(1)


def test_every_view_has_an_address(opened: Open, spring: RunView) -> None:
    """An open image, a comparison, hidden values, nesting, a filter: all of it in one link, also for an open page."""
    link = "#rows=product&columns=scene&hide.product=blue+bowl&f.status=Stored"
    link += "&open=hero-003&compare=hero-001&compare=hero-002"
    page = opened(spring, link).page
    expect(page.locator("#box-title")).to_have_text("sage mug · marble · hero · 1:1")
    page.keyboard.press("Escape")
    expect(page.locator("#count")).to_have_text("9 of 13")
    expect(page.locator("#tray-list button")).to_have_count(2)
    page.evaluate("location.hash = '#rows=scene&columns=product&columns=ratio&open=hero-001'")
    expect(page.locator("#box-title")).to_have_text("sage mug · linen · hero · 1:1")
    expect(page.locator("thead tr")).to_have_count(2)
    page.evaluate("location.hash = '#rows=scene&compare=hero-001&compare=hero-002&mode=wipe'")
    expect(page.locator("#compare-box")).to_be_visible()
    expect(page.locator("#box")).to_be_hidden()


def test_why_can_be_asked_in_a_terminal(opened: Open, spring: RunView) -> None:
    """The line of the spec, and the command to copy, which a shell takes as it is."""
    page = opened(replace(spring, name="spring mugs"), permissions=["clipboard-read", "clipboard-write"]).page
    page.locator(".open").first.click()
    expect(page.locator("#why-line")).to_have_text("specs/spring.yaml, line 3")
    page.locator("#copy-why").click()
    expect(page.locator("#toast")).to_have_text("Command copied")
    settle(page)
    assert page.evaluate("navigator.clipboard.readText()") == "flux-batch why 'spring mugs' hero-001"


PAGES = re.compile(rb"/Type\s*/Page\b")


def test_twelve_images_to_a_printed_page(opened: Open, spring: RunView) -> None:
    """Each with its caption, under the title and above the line that says what they are; only what is shown now."""
    page = opened(spring).page
    assert len(PAGES.findall(page.pdf(format="A4", prefer_css_page_size=True))) == 2
    assert len(PAGES.findall(page.pdf(format="Letter", prefer_css_page_size=True))) == 2
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    sheets = page.locator(".sheet-page")
    expect(sheets.first.locator(".print")).to_have_count(12)
    expect(sheets.nth(1).locator(".print")).to_have_count(1)
    expect(sheets.first.locator(".sheet-head")).to_contain_text("Spring mugs, round 1")
    expect(sheets.first.locator(".sheet-foot")).to_have_text("AI-generated imagesPage 1 of 2")
    expect(sheets.first.locator(".print").first).to_contain_text("Studio photo of a sage mug")
    expect(page.locator("#view")).to_be_hidden()
    clipped = sheets.evaluate_all("(all) => all.filter((it) => it.scrollHeight > it.clientHeight + 1).length")
    assert clipped == 0
    check_axe(page)
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.get_by_label("Search prompts and values").fill("teapot")
    assert len(PAGES.findall(page.pdf(format="A4", prefer_css_page_size=True))) == 1


COVERED = """() => {
  const it = document.activeElement;
  const { left, top, width, height } = it.getBoundingClientRect();
  const seen = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.9]].some(([x, y]) => {
    const found = document.elementFromPoint(left + width * x, top + height * y);
    return found && (it.contains(found) || found.contains(it));
  });
  return seen ? "" : `${it.tagName}.${it.className} at ${top}`;
}"""
"""Says which element has the focus when something else hides the whole of it (WCAG 2.4.11)."""


def test_the_keyboard_alone_compares_and_nothing_hides_the_focus(opened: Open, spring: RunView) -> None:
    """Tab through the sheet, the tools at its top the tray at its bottom; put two in, wipe, come back."""
    page = opened(spring, viewport={"width": 1280, "height": 700}, reduced_motion="reduce").page
    page.locator("#search").focus()
    gathered = 0
    for _ in range(200):
        page.keyboard.press("Tab")
        where = page.evaluate("document.activeElement.className")
        if where == "" and page.evaluate("document.activeElement === document.body"):
            break
        settle(page)
        assert page.evaluate(COVERED) == ""
        if gathered < 2 and "compare" in where.split():
            page.keyboard.press("Enter")
            gathered += 1
        if page.evaluate("document.activeElement.id") == "tray-wipe":
            break
    assert gathered == 2
    page.keyboard.press("Enter")
    expect(page.locator("#compare-box")).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "wipe":
            break
    page.keyboard.press("End")
    settle(page)
    assert page.get_by_role("slider", name="Wipe").get_attribute("aria-valuetext") == "B alone"
    page.keyboard.press("Escape")
    expect(page.locator("#tray-wipe")).to_be_focused()


def test_a_full_cell_goes_on_in_the_next_line(opened: Open, make_picture: MakePicture) -> None:
    """Thirty variations of each product: the second line says under its heading that it goes on."""
    file = make_picture("images/a.png", "1:1")
    axes = [{"product": f"p{n // 30}", "model": "m", "ratio": "1:1", "n": str(n % 30 + 1)} for n in range(60)]
    entries = tuple(stored(make_task(n, each), file) for n, each in enumerate(axes))
    page = opened(make_view(entries), "#rows=product&columns=").page
    expect(page.locator("tbody th")).to_have_text(["p0", "p0continued", "p1", "p1continued"])
    expect(page.locator(".view .tile")).to_have_count(60)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_anywhere(opened: Open, spring: RunView, scheme: str) -> None:
    """Table, nested, filters, tray, lightbox, comparison, wipe and texts, on a screen and on a phone."""
    for width in (1280, 390):
        it = opened(spring, color_scheme=scheme, viewport={"width": width, "height": 844}, reduced_motion="reduce")
        page = it.page
        for fragment in (
            "",
            "#rows=product&rows=ratio&columns=scene&columns=job",
            "#hide.product=white+teapot&open=hero-010",
            "#open=winter-013",
            "#compare=hero-001&compare=hero-002&compare=hero-003&mode=side",
            "#compare=hero-001&compare=hero-002&mode=wipe",
            "#compare=hero-001&compare=hero-005&mode=text",
        ):
            page.goto("about:blank")
            page.goto((it.folder / "index.html").as_uri() + fragment)
            if width > 700 and not fragment:
                page.get_by_role("button", name="Filter").click()
            check_axe(page)
