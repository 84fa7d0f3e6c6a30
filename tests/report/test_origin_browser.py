"""Where an image comes from, in the large view of a real Chromium: its draft, and its Content Credentials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from flux_batch.report.write import write_report
from flux_batch.run.records import RunView

from .conftest import picture_bytes, stored
from .test_brand import with_logo
from .test_browser import Opened
from .test_browser import chromium as chromium
from .test_credentials import Keep, signed
from .test_credentials import keep as keep
from .test_drafts import draft as draft
from .test_drafts import promoted
from .test_live_browser import accessible

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_origin(scheme: str, chromium: Browser, keep: Keep, spring: RunView, folder: Path, draft: Path) -> None:
    """The picked image is a link, the stranger's words are text, the faint accent can be read; axe finds nothing."""
    content = signed("PNG")
    first = stored(spring.entries[0].task, keep("signed.png", content, "PNG"))
    view = replace(spring, entries=(first, *spring.entries[1:]))
    view = with_logo(promoted(view, f"../{draft.name}"), folder, picture_bytes("logo", (80, 40)))
    write_report(replace(view, report=replace(view.report, accent="#ffee00")), folder)
    page = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light").new_page()
    page.set_default_timeout(30_000)
    it = Opened(page=page, folder=folder)
    it.watch()
    page.goto((folder / "index.html").as_uri())
    accessible(page)
    expect(page.get_by_role("link", name="drafts")).to_have_attribute("href", "../java%20script%3A%20draft/index.html")
    page.locator(".open").first.click()
    panel = page.locator("#panel-slot")
    expect(panel).to_contain_text("Unchanged since it was signed, signed by Paint & Co")
    expect(panel.get_by_role("link", name="Draft draft-007")).to_have_attribute(
        "href", "../java%20script%3A%20draft/images/a%20%231.png"
    )
    expect(panel.get_by_role("link", name="on its sheet")).to_have_attribute(
        "href", "../java%20script%3A%20draft/index.html#open=draft-007"
    )
    expect(panel.get_by_role("img", name="Draft draft-007")).to_have_js_property("naturalWidth", 64)
    accessible(page)
    page.keyboard.press("ArrowLeft")
    it.requests = [url for url in it.requests if not url.startswith(draft.as_uri())]
    it.settle()
    page.context.close()
