"""What the tests of judging share: a sheet to judge, and words for what a reviewer does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def card(page: Page, index: int) -> Locator:
    """A tile of the sheet, or of the blind review."""
    return page.locator(f'.tile[data-index="{index}"]:visible')


def focus(page: Page, index: int) -> None:
    """The reader is at this image."""
    card(page, index).locator(".open").focus()


def said(page: Page, text: str) -> None:
    """The page said so, to everybody."""
    expect(page.get_by_role("status").filter(has_text=text)).to_be_visible()


def own(page: Page, index: int) -> str:
    """One's own mark as a screen reader hears it, "" where there is none."""
    settle(page)
    found: list[str] = card(page, index).locator(".own-mark .quiet").all_text_contents()
    return "".join(found).removeprefix("You: ")


def menu(page: Page, name: str) -> None:
    """Choose from the review menu."""
    page.locator("#review-more").click()
    page.locator("#review-menu").get_by_role("button", name=name).click()


def give_name(page: Page, name: str = "Ann") -> None:
    """From the menu."""
    page.locator("#review-more").click()
    page.locator("#rename").click()
    name_oneself(page, name)


def name_oneself(page: Page, name: str = "Ann") -> None:
    """Before the first file, or later."""
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Go on").click()


def save(page: Page, path: Path, name: str | None = "Ann") -> dict[str, Any]:
    """Save picks.json, give a name where it is asked for, and read the file."""
    with page.expect_download() as download:
        page.locator("#save").click()
        if name is not None:
            name_oneself(page, name)
    download.value.save_as(path)
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def bring(page: Page, *paths: Path) -> None:
    """Read picks files by the file field."""
    page.locator("#import-files").set_input_files([str(path) for path in paths])
    expect(page.locator("#import-dialog")).to_be_visible()


def settle(page: Page) -> None:
    """What the last action set off has happened: a dialog's close, a drawing, and what follows from them."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")


def until(page: Page, script: str) -> None:
    """The page comes to say yes; its policy lets no text be made into a script, so it is asked from outside."""
    for _ in range(600):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {script}")


def axe_finds_nothing(page: Page) -> None:
    """No violation of WCAG 2.2 AA that a machine can find."""
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()
