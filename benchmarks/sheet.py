"""A contact sheet of 10,000 images in Chromium, measured by the browser's own performance tools.

First tiles, search, filters, another layout, the lightbox, long tasks while scrolling; and what the page's files weigh.
Each figure is told twice: as the clock on the wall has it, which a busy machine makes longer, and as processor time of
the page's own thread. Run it with:  .venv/bin/python benchmarks/sheet.py [IMAGES]
"""

# ruff: noqa: E501
from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from long_run import make_run
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from flux_batch.report.page.render import write_page
from flux_batch.report.page.sheet import sheet

ROUNDS = 3
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Figures = dict[str, tuple[float, float]]
"""Milliseconds by what was done: wall clock, and processor time."""

WATCH = """() => {
  globalThis.seen = { tasks: [] };
  new PerformanceObserver((list) => list.getEntries().forEach(({ startTime, duration }) => seen.tasks.push([startTime, duration])))
    .observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => { seen.lcp = list.getEntries().at(-1).startTime; }).observe({ type: "largest-contentful-paint", buffered: true });
  const painted = () => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { seen.tiles ??= performance.now(); };
    channel.port2.postMessage(0);
  });
  new MutationObserver((_, watch) => {
    if (!document.querySelector(".view .tile")) return;
    watch.disconnect();
    painted();
  }).observe(document, { childList: true, subtree: true });
}"""
"""Runs before the page's own script; ``seen.tiles`` is when the frame with the first tiles is on the screen."""

TIME = """async ([name, act]) => {
  const shown = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  await shown();
  performance.mark("start");
  new Function(act)();
  await shown();
  return performance.measure(name, "start").duration;
}"""
"""Milliseconds from the act to the frame that shows what it did."""

SEARCH = 'const it = document.getElementById("search"); it.value = "{}"; it.dispatchEvent(new Event("input", {{ bubbles: true }}));'
ACTS = {
    "first search": SEARCH.format("product 017"),
    "search, one more letter": SEARCH.format("product 017,"),
    "search, emptied": SEARCH.format(""),
    "search that finds most": SEARCH.format("studio"),
    "search, emptied again": SEARCH.format(""),
    "status filter": 'document.querySelector("#status-boxes input").click();',
    "status filter off": 'document.querySelector("#status-boxes input").click();',
    "value hidden": "document.querySelector('[data-axis=\"scene\"] input').click();",
    "value shown": "document.querySelector('[data-axis=\"scene\"] input').click();",
    "only problems": "[...document.querySelectorAll('#show label')].find((it) => it.textContent.startsWith('Problems')).click();",
    "all again": "[...document.querySelectorAll('#show label')].find((it) => it.textContent.startsWith('All')).click();",
    "tab": "[...document.querySelectorAll('#tabs label')].find((it) => it.textContent === 'max').click();",
    "rows and columns swapped": 'document.getElementById("swap").click();',
    "swapped back": 'document.getElementById("swap").click();',
    "lightbox": 'document.querySelector(".tile .open").click();',
    "lightbox, next": 'document.getElementById("next").click();',
    "lightbox closed": 'document.getElementById("close").click();',
}


def cpu(devtools: CDPSession) -> float:
    """Milliseconds of processor time that the page's main thread has taken."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return 1000 * next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def visit(browser: Browser, url: str) -> Figures:
    """From an empty tab to the first tiles, then every act in turn."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=True)
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = cpu(devtools)
    page.goto(url)
    page.wait_for_function("globalThis.seen?.tiles && seen.lcp")
    found: Figures = {"first tiles on the screen": (page.evaluate("seen.tiles"), cpu(devtools) - before)}
    found["largest picture painted"] = (page.evaluate("seen.lcp"), 0)
    timing = "performance.getEntriesByType('navigation')[0].domComplete"
    found["document complete"] = (page.evaluate(timing), 0)
    page.wait_for_timeout(1500)
    for name, act in ACTS.items():
        before = cpu(devtools)
        wall = page.evaluate(TIME, [name, act])
        found[name] = (wall, cpu(devtools) - before)
        page.wait_for_timeout(150)
    context.close()
    return found


def scroll(page: Page) -> None:
    """Through the sheet with a wheel, slowly and in leaps, then by keys."""
    page.mouse.move(600, 500)
    for turn in range(120):
        page.mouse.wheel(0, 400 if turn % 3 else 1600)
        page.wait_for_timeout(16)
    for key in ("End", "Home", "PageDown", "PageDown", "PageDown", "End", "PageUp", "PageUp"):
        page.keyboard.press(key)
        page.wait_for_timeout(250)


def tasks_while_scrolling(browser: Browser, url: str, home: Path) -> tuple[list[float], list[float], int]:
    """Long tasks by the wall (PerformanceObserver), every task's processor time (trace), and the tiles at the end."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=True)
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    page.goto(url)
    page.wait_for_function("globalThis.seen?.tiles && seen.lcp")
    page.wait_for_timeout(2500)
    page.evaluate("seen.tasks.length = 0")
    browser.start_tracing(page=page, path=home / "trace.json", categories=["devtools.timeline", "toplevel"])
    scroll(page)
    browser.stop_tracing()
    wall = [duration for _, duration in page.evaluate("seen.tasks")]
    count = page.locator(".view .tile").count()
    context.close()
    return wall, main_thread_tasks(json.loads((home / "trace.json").read_text("utf-8"))["traceEvents"]), count


def main_thread_tasks(events: list[dict[str, Any]]) -> list[float]:
    """Processor milliseconds of every task of the page's main thread."""
    names = [
        each for each in events if each.get("name") == "thread_name" and each["args"].get("name") == "CrRendererMain"
    ]
    threads = {(each["pid"], each["tid"]) for each in names}
    mine = [each for each in events if (each["pid"], each["tid"]) in threads]
    return [each["tdur"] / 1000 for each in mine if "tdur" in each and each["name"].endswith("RunTask")]


def say(name: str, wall: list[float], processor: list[float]) -> None:
    """A line of the result: medians, and the worst."""
    mine = f"{statistics.median(processor):>8.0f} ms" if any(processor) else ""
    print(f"{name:<34}{statistics.median(wall):>8.0f} ms{max(wall):>8.0f} ms{mine}")


def main() -> None:
    """Build, weigh, visit, scroll, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        folder = Path(home) / "run"
        view, thumbs = make_run(count, folder)
        start = time.perf_counter()
        url = write_page(sheet(view, thumbs), folder).as_uri()
        print(f"{count} images; the page's files are written in {time.perf_counter() - start:.2f} s")
        for path in sorted(folder.glob("*.*")):
            print(f"{path.name:<34}{path.stat().st_size / 1e6:>8.2f} MB")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        print(f"Chromium {browser.version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {ROUNDS} visits")
        print(f"{'':<34}{'wall':>11}{'worst':>11}{'processor':>11}")
        visits = [visit(browser, url) for _ in range(ROUNDS)]
        for name in visits[0]:
            say(name, [each[name][0] for each in visits], [each[name][1] for each in visits])
        for name, fragment in (("table", ""), ("flow", "#rows=&columns=")):
            wall, processor, tiles = tasks_while_scrolling(browser, url + fragment, Path(home))
            print(
                f"scrolling the {name}: longest task {max(processor):.0f} ms of processor time, {max(wall, default=0):.0f} ms on the wall;"
            )
            print(
                f"    {sum(each > 100 for each in processor)} of {len(processor)} tasks over 100 ms of processor time, {sum(each > 100 for each in wall)} on the wall; {tiles} tiles in the document"
            )


if __name__ == "__main__":
    main()
