"""The page of a plan in a real Chromium: a box for every image, in its shape, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flux_batch.plan.difference.diff import diff
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Known
from flux_batch.plan.totals.estimate import estimate
from flux_batch.report.page.plan_sheet import PlanView, plan_sheet, write_plan_sheet
from flux_batch.run.records import StoredFile
from tests.plan.kit import Folder, spec_of

from .conftest import MakePicture
from .judging import settle, until
from .test_browser import HOSTILE, SWITCHES, Opened

pytestmark = pytest.mark.browser

RATIOS = ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21"]

SPRING: dict[str, Any] = {
    "version": 1,
    "name": "spring",
    "budget": {"max": 5},
    "report": {"title": "Spring mugs"},
    "jobs": {
        "hero": {
            "prompt": "a {{ product }} on {{ scene }}",
            "variables": {"product": ["mug", "teapot"], "scene": ["linen", "marble"]},
            "ratios": ["9:16", "21:9"],
        },
        "winter": {"prompt": "make it winter", "edit": "hero"},
    },
}

Show = Callable[..., Page]


def view_of(spec: dict[str, Any], folder: Path, stored: dict[int, StoredFile] | None = None) -> PlanView:
    """The plan of a spec, of which some images, by their number, are stored already."""
    read = spec_of(spec)
    plan = make_plan(read, Folder())
    files = {plan.tasks[number].key: file for number, file in (stored or {}).items()}
    known = {task.key: Known(task=task, phase="stored") for task in plan.tasks if task.key in files}
    changes = diff(plan, known)
    return PlanView(
        plan=plan,
        changes=changes,
        cost=estimate(plan, changes),
        report=read.report,
        held=Decimal("0.04") * len(files),
        budget_max=read.budget.max,
        run_folder=folder,
        stored=files,
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium: Browser, folder: Path) -> Iterator[Show]:
    """Writes the page of a plan and opens it; afterwards it must have behaved."""
    pages: list[Opened] = []

    def opened(view: PlanView, **context: Any) -> Page:
        path = write_plan_sheet(view, folder.parent / "plan")
        context.setdefault("viewport", {"width": 1280, "height": 800})
        page = chromium.new_context(**context).new_page()
        page.set_default_timeout(30_000)
        it = Opened(page=page, folder=folder.parent)
        it.watch()
        page.goto(path.as_uri())
        pages.append(it)
        return page

    yield opened
    for each in pages:
        each.settle()
        each.page.context.close()


def test_every_image_has_its_box(show: Show, folder: Path) -> None:
    """With its prompt and its price; the page says that nothing is bought, and what it would cost."""
    page = show(view_of(SPRING, folder))
    expect(page.locator(".tile")).to_have_count(16)
    expect(page.locator("#count")).to_have_text("16 of 16")
    assert page.locator("img[src]").count() == 0
    first = page.locator('.tile[data-index="0"]')
    expect(first).to_contain_text("a mug on linen")
    expect(first).to_contain_text("$0.04")
    expect(page.get_by_role("complementary", name="Plan")).to_contain_text("Nothing was sent, nothing was spent.")
    expect(page.locator(".disclosure")).to_have_text("Planned, nothing bought")
    expect(page.locator(".stats")).to_contain_text("$0.64 for 16 to buy, budget $5.00")
    expect(page.locator("a[href='manifest.json']")).to_have_count(0)
    assert page.title().endswith("plan")


@pytest.mark.parametrize("width", [320, 1280])
def test_a_box_has_the_shape_of_its_image(show: Show, folder: Path, width: int) -> None:
    """To the pixel, in every ratio, however long the prompt; also of an edit, which has its parent's."""
    jobs = {
        "hero": {"prompt": "a mug " * 300, "ratios": RATIOS},
        "winter": {"prompt": "make it winter", "edit": "hero"},
    }
    page = show(
        view_of({"version": 1, "name": "spring", "jobs": jobs}, folder), viewport={"width": width, "height": 800}
    )
    expect(page.locator(".tile")).to_have_count(18)
    for index in range(18):
        box = page.locator(f'.tile[data-index="{index}"] .notice')
        box.scroll_into_view_if_needed()
        size = box.bounding_box()
        across, down = (int(part) for part in RATIOS[index % 9].split(":"))
        assert size
        assert size["width"] / size["height"] == pytest.approx(across / down, rel=0.02), (index, size)


def test_search_and_axes_work_as_in_a_real_sheet(show: Show, folder: Path) -> None:
    """Search, swap, tabs, details."""
    page = show(view_of(SPRING, folder))
    page.get_by_label("Search prompts and values").fill("TEAPOT marble")
    expect(page.locator("#count")).to_have_text("4 of 16")
    page.get_by_label("Search prompts and values").fill("")
    page.get_by_role("group", name="job").get_by_label("winter").check()
    expect(page.locator(".tile")).to_have_count(8)
    page.get_by_role("button", name="Swap rows and columns").click()
    expect(page.locator("thead th")).to_have_text(["mug", "teapot"])
    page.get_by_role("button", name="Details").first.click()
    expect(page.locator("#details")).to_contain_text("To buy")
    expect(page.locator("#prompt")).to_have_text("make it winter")
    expect(page.locator("#chain [aria-current]")).to_contain_text("Edit 1")


def test_what_is_stored_shows_its_picture(show: Show, folder: Path, make_picture: MakePicture) -> None:
    """Its own small one; and the reader can ask for what is to buy alone. The run folder stays as it is."""
    view = view_of(SPRING, folder, {0: make_picture("images/a b#.png", "9:16")})
    before = sorted(folder.rglob("*"))
    page = show(view)
    expect(page.locator(".tile .picture")).to_have_count(1)
    expect(page.locator(".tile .picture")).to_have_js_property("complete", True)
    settle(page)
    assert page.locator(".tile .picture").evaluate("(image) => image.naturalWidth") > 0
    expect(page.locator('.tile[data-index="0"]')).to_contain_text("already there")
    expect(page.locator(".disclosure")).to_contain_text("AI-generated")
    expect(page.locator(".stats")).to_contain_text("$0.60 for 15 to buy, $0.04 spent before, budget $5.00")
    page.get_by_label("To buy 15").check()
    expect(page.locator(".tile")).to_have_count(15)
    page.reload()
    expect(page.locator(".tile")).to_have_count(15)
    page.get_by_label("Already stored 1").check()
    page.locator(".open").click()
    expect(page.locator("#box-image")).to_have_js_property("naturalWidth", 225)
    assert sorted(folder.rglob("*")) == before


def test_a_picture_that_is_gone_is_a_box(folder: Path, make_picture: MakePicture) -> None:
    """Stored all the same, and not bought again."""
    file = make_picture("images/a.png", "9:16")
    view = view_of(SPRING, folder, {0: file})
    (folder / file.path).unlink()
    made = plan_sheet(view, view.stored, {file.sha256: None})
    assert made.tiles[0].notice
    assert (made.tiles[0].notice.word, made.tiles[0].cost) == ("Already stored", "already there")
    assert made.header.stored == 1


def test_images_that_share_a_request_cost_once(folder: Path) -> None:
    """The second says whose it is; the prices of the boxes add up to the price of the plan."""
    spec = {"version": 1, "name": "x", "jobs": {"one": {"prompt": "a cup"}, "other": {"prompt": "a cup"}}}
    view = view_of(spec, folder)
    made = plan_sheet(view, {}, {})
    prices = [Decimal(tile.cost.removeprefix("$")) for tile in made.tiles if tile.cost]
    assert sum(prices, Decimal(0)) == view.cost.cost == Decimal("0.04")
    assert [tile.notice.word for tile in made.tiles if tile.notice] == ["To buy", "Same as another"]


@pytest.mark.parametrize("script", [True, False])
def test_nothing_foreign_ever_runs(show: Show, folder: Path, script: bool) -> None:
    """The fixture checks: no dialog, no error, no request outside of the folder."""
    poisons = [poison for poison in HOSTILE if poison.isprintable() and "{" not in poison]
    spec = {
        "version": 1,
        "name": "x",
        "prompt": "{{ cup }} " + " ".join(poisons),
        "variables": {"cup": poisons},
        "report": {"title": poisons[1]},
    }
    page = show(view_of(spec, folder), java_script_enabled=script)
    assert page.locator("script").count() == 2
    assert page.locator("iframe, style ~ style, [onload], [onerror], [onmouseover]").count() == 0
    expect(page.locator(".tile")).to_have_count(len(poisons))
    if script:
        page.get_by_role("button", name="Details").first.click()
        expect(page.locator("#prompt")).to_contain_text(poisons[0])
    else:  # the prompt stands below the box then, once
        expect(page.locator(".reason").first).to_be_hidden()
        expect(page.locator(".tile .prompt").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show: Show, folder: Path, scheme: str, make_picture: MakePicture) -> None:
    """No violation of WCAG 2.2 AA that a machine can find, in the grid and in the details."""
    view = view_of(SPRING, folder, {0: make_picture("images/a.png", "9:16")})
    page = show(view, color_scheme=scheme, reduced_motion="reduce")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    grid = Axe().run(page, options=rules)
    page.get_by_role("button", name="Details").first.click()
    box = Axe().run(page, options=rules)
    assert grid.violations_count == 0, grid.generate_report()
    assert box.violations_count == 0, box.generate_report()


@pytest.mark.parametrize("script", [True, False])
def test_no_width_scrolls_sideways(show: Show, folder: Path, script: bool) -> None:
    """From the smallest phone upwards."""
    page = show(view_of(SPRING, folder), java_script_enabled=script)
    for width in (320, 390, 701, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        # The layout follows a window that was just made smaller; a busy machine takes a moment for it.
        until(page, f"document.documentElement.scrollWidth <= {width}")
