"""The page of a run that goes on, in a real Chromium: it fills without a reload, and says when it hears no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from flux_batch.report.write import write_report
from flux_batch.run.store.state import FILE, StateFile

from .judging import settle
from .test_browser import Opened
from .test_browser import chromium as chromium

pytestmark = pytest.mark.browser

SPEC = """version: 1
name: live
prompt: "A {{ vessel }} on {{ cloth }}"
variables:
  vessel: [mug, teapot, bowl, plate, cup, jug]
  cloth: [linen, marble, wood]
models: [flux-kontext-pro]
ratios: ["16:9"]
budget: 5
report: {rows: vessel, columns: cloth}
"""
WITHIN = 30_000


@contextmanager
def rehearsing(home: Path, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A rehearsal that goes on, and its folder, once its page is there."""
    (home / "live.yaml").write_text(SPEC, encoding="utf-8")
    command = [sys.executable, "-m", "flux_batch", "rehearse", "live.yaml", "--set", "execution.concurrency=2", *more]
    with subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            folder = home / "runs" / "live-rehearsal"
            _until(lambda: (folder / "live.js").exists())
            yield process, folder
        finally:
            process.kill()


def _until(there: object) -> None:
    deadline = time.monotonic() + 30
    while not there():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def opened(chromium: Browser, folder: Path) -> Iterator[Opened]:
    """The page; at the end it must have behaved."""
    page = chromium.new_context(viewport={"width": 1000, "height": 500}).new_page()
    page.set_default_timeout(WITHIN)
    it = Opened(page=page, folder=folder)
    it.watch()
    page.goto((folder / "index.html").as_uri())
    yield it
    it.settle()
    page.context.close()


def pictures(page: Page) -> int:
    """How many tiles show one."""
    return page.locator(".tile .picture").count()


def accessible(page: Page) -> None:
    """By axe, with the rules that the finished sheet keeps."""
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    results = Axe().run(page, options=rules)
    assert results.violations_count == 0, results.generate_report()


def test_it_fills_by_itself(chromium: Browser, tmp_path: Path) -> None:
    """From placeholders of the right shape to pictures, with scroll position, focus and tiles left alone."""
    with rehearsing(tmp_path) as (process, folder), opened(chromium, folder) as it:
        page = it.page
        expect(page.locator(".tile")).to_have_count(18)
        assert pictures(page) < 18
        shape = page.locator(".tile").last.evaluate("(tile) => getComputedStyle(tile).getPropertyValue('--ratio')")
        assert float(shape) == pytest.approx(16 / 9, abs=0.001)
        expect(page.locator("#live-text")).to_contain_text("Running")
        page.locator("#search").focus()
        page.evaluate("scrollTo(0, 300)")
        seen = page.evaluate(
            "(globalThis.seen = document.elementFromPoint(500, 400).closest('.tile').dataset.index,"
            " document.querySelector(`.tile[data-index='${seen}']`).getBoundingClientRect().top)"
        )
        expect(page.locator("#live-text")).to_have_text("The run is over: 18 of 18 images are here.", timeout=WITHIN)
        assert pictures(page) == 18
        still = page.evaluate("document.querySelector(`.tile[data-index='${seen}']`).getBoundingClientRect().top")
        assert still == pytest.approx(seen, abs=2)
        settle(page)
        assert page.evaluate("document.activeElement.id") == "search"
        assert process.wait(30) == 0
        expect(page.locator(".stats dd > strong").first).to_have_text("18")
        expect(page.locator("#count")).to_have_text("18 of 18")
        page.locator(".open").last.click()
        expect(page.locator("#box-image")).to_have_js_property("complete", value=True)
        loads = [url for url in it.requests if "index.html" in url]
        assert len(loads) == 1
        reads = len(it.requests)
        page.wait_for_timeout(3_000)
        assert len([url for url in it.requests[reads:] if "live" in url]) == 0


def test_a_page_opened_late_has_it_all(chromium: Browser, tmp_path: Path) -> None:
    """What changed before it was opened lies in the parts; the end finds it complete."""
    with rehearsing(tmp_path) as (_, folder):
        _until(lambda: '"stored":' in _read(folder) and '"stored":0' not in _read(folder))
        with opened(chromium, folder) as it:
            expect(it.page.locator(".tile .picture").first).to_be_visible()
            shown = pictures(it.page)
            assert shown >= 1
            accessible(it.page)
            expect(it.page.locator("#live-text")).to_contain_text("The run is over", timeout=WITHIN)
            assert pictures(it.page) == 18


def _read(folder: Path) -> str:
    return (folder / "live.js").read_text("utf-8")


def test_a_run_that_was_killed_leaves_a_page_that_opens(chromium: Browser, tmp_path: Path) -> None:
    """It says when it was last heard of, instead of pretending; a later report brings it to its end."""
    with rehearsing(tmp_path) as (process, folder):
        _until(lambda: '"stored":' in _read(folder) and '"stored":0' not in _read(folder))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    head = json.loads(_read(folder).removeprefix("globalThis.fluxBatchLive = ").rstrip(";\n"))
    (folder / "live.js").write_text(
        _read(folder).replace(str(head["heard"]), str(head["heard"] - 600)), encoding="utf-8"
    )
    with opened(chromium, folder) as it:
        expect(it.page.locator("#live-text")).to_contain_text("Last heard of at ")
        expect(it.page.locator("#live-text")).to_contain_text("may have been stopped")
        assert pictures(it.page) == head["stored"]
        accessible(it.page)
        with StateFile(folder / FILE, read_only=True) as state:
            write_report(state.view(), folder)
        expect(it.page.locator("#live-text")).to_contain_text("The run is over", timeout=WITHIN)
    assert not (folder / "live").exists()
