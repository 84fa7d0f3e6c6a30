"""A contact sheet of 10,000 images in Chromium, measured by the browser's own performance tools.

First tiles, search, filters, another layout, the lightbox, and long tasks while scrolling; and what the page's files weigh.
Run it with:  .venv/bin/python benchmarks/sheet.py [IMAGES]
"""

from __future__ import annotations

import hashlib
import io
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flux_batch.report.thumbs import Thumb
from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

from flux_batch.plan.records import Task
from flux_batch.report.page import write_page
from flux_batch.report.sheet import Thumbs, sheet
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView, StoredFile
from flux_batch.spec.records import ReportOptions

ROUNDS = 3
MODELS = ("flux-kontext-pro", "flux-kontext-max")
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4")
SCENES = tuple(f"scene {number}" for number in range(1, 11))
SIZES = {"1:1": (480, 480), "16:9": (480, 270), "9:16": (270, 480), "4:3": (480, 360), "3:4": (360, 480)}
WORDS = (
    "soft window light on a rumpled linen tablecloth, shallow depth of field, a calm and quiet morning in the kitchen"
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The bytes of a thumbnail, many of which differ only in their colours."""

    ratio: str
    content: bytes


def draw(ratio: str, number: int) -> Drawn:
    """A thumbnail as large and as detailed as a real one."""
    width, height = SIZES[ratio]
    noise = Image.effect_noise((width, height), 40).convert("RGB")
    tint = tuple(hashlib.sha256(f"{ratio} {number}".encode()).digest()[:3])
    image = Image.blend(noise, Image.new("RGB", (width, height), tint), 0.75)
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=tint[::-1])
    content = io.BytesIO()
    image.save(content, "WEBP", quality=80, method=0)
    return Drawn(ratio, content.getvalue())


def make_run(count: int, folder: Path) -> tuple[RunView, Thumbs]:
    """Products by scenes by models by ratios; a few failed; every image has a thumbnail file of its own."""
    drawn = {ratio: [draw(ratio, number) for number in range(8)] for ratio in RATIOS}
    (folder / "thumbs").mkdir(parents=True)
    entries, thumbs = [], {}
    for number in range(count):
        ratio, rest = RATIOS[number % 5], number // 5
        model, rest = MODELS[rest % 2], rest // 2
        scene, product = SCENES[rest % 10], f"product {rest // 10 + 1:03d}"
        axes = {"product": product, "scene": scene, "model": model, "ratio": ratio, "n": "1"}
        task = Task(
            key=hashlib.sha256(f"key {number}".encode()).hexdigest(),
            id=f"hero-{product}-{scene}-{number}".replace(" ", "-"),
            job="hero",
            axes=axes,
            model=model,
            prompt=f"Studio photo of {product} in {scene}, {WORDS}",
            size=ratio,
            options={"response_format": "png", "safety_tolerance": 2},
            price=Decimal("0.04"),
            line=12,
        )
        if number % 97 == 0:
            failed = Failure(code="generation_failed", message="The provider ran out of paint")
            entries.append(Entry(task=task, purchase=Purchase(key=task.key, phase=Phase.FAILED, failure=failed)))
            continue
        sha = hashlib.sha256(f"image {number}".encode()).hexdigest()
        width, height = SIZES[ratio]
        path = f"images/{product}/{scene}-{model}-{ratio.replace(':', 'x')}.png".replace(" ", "-")
        file = StoredFile(path=path, sha256=sha, bytes=1_400_000, width=width * 3, height=height * 3, mime="image/png")
        name = f"thumbs/{sha[:20]}.webp"
        (folder / name).write_bytes(drawn[ratio][number % 8].content)
        thumbs[sha] = Thumb(path=name, width=width, height=height)
        purchase = Purchase(key=task.key, phase=Phase.STORED, sends=1, price=Decimal("0.04"), file=file)
        entries.append(Entry(task=task, purchase=purchase))
    spent = Decimal("0.04") * len(thumbs)
    view = RunView(
        name="ten-thousand",
        spec_file="specs/ten-thousand.yaml",
        spec_sha256="0" * 64,
        base_url="https://toapis.com/v1",
        rehearsal=False,
        created=1_795_435_200.0,
        updated=1_795_435_200.0,
        prices=(),
        report=ReportOptions(title="Ten thousand"),
        budget_max=Decimal(500),
        spent=spent,
        reserved=Decimal(0),
        entries=tuple(entries),
    )
    return view, thumbs


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
    "search, one more letter": SEARCH.format("product 0172"),
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


def scroll(page: Page) -> list[float]:
    """Through the sheet with a wheel, to its end and back with keys; the long tasks of that time in ms."""
    page.evaluate("seen.tasks.length = 0")
    page.mouse.move(600, 500)
    for turn in range(120):
        page.mouse.wheel(0, 400 if turn % 3 else 1600)
        page.wait_for_timeout(16)
    for key in ("End", "Home", "PageDown", "PageDown", "PageDown", "End", "PageUp", "PageUp"):
        page.keyboard.press(key)
        page.wait_for_timeout(250)
    return [duration for _, duration in page.evaluate("seen.tasks")]


def measure(page: Page, url: str) -> dict[str, float]:
    """One visit, from the empty tab to the end of the sheet."""
    page.goto(url)
    page.wait_for_function("globalThis.seen?.tiles && seen.lcp")
    found: dict[str, Any] = {
        "first contentful paint": page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
        "first tiles on the screen": page.evaluate("seen.tiles"),
        "largest picture painted": page.evaluate("seen.lcp"),
        "DOM complete (Navigation Timing)": page.evaluate("performance.getEntriesByType('navigation')[0].domComplete"),
    }
    page.wait_for_timeout(1500)
    for name, act in ACTS.items():
        found[name] = page.evaluate(TIME, [name, act])
        page.wait_for_timeout(120)
    tasks = scroll(page)
    found["scrolling: longest task"] = max(tasks, default=0.0)
    found["scrolling: tasks over 50 ms"] = len(tasks)
    found["tiles in the document at the end"] = page.locator(".view .tile").count()
    return found


def main() -> None:
    """Build, weigh, visit, print medians."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        folder = Path(home) / "run"
        view, thumbs = make_run(count, folder)
        start = time.perf_counter()
        page_path = write_page(sheet(view, thumbs), folder)
        print(f"{count} images: page written in {time.perf_counter() - start:.2f} s")
        for path in sorted(folder.glob("*.*")):
            print(f"{path.name:<36}{path.stat().st_size / 1e6:>9.2f} MB")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        print(f"Chromium {browser.version}, {ROUNDS} visits: median, min to max")
        visits = []
        for _ in range(ROUNDS):
            context = browser.new_context(viewport={"width": 1360, "height": 900}, bypass_csp=True)
            context.add_init_script(f"({WATCH})()")
            visits.append(measure(context.new_page(), page_path.as_uri()))
            context.close()
        for name in visits[0]:
            each = [visit[name] for visit in visits]
            unit = "" if "tiles in" in name or "tasks over" in name else "ms"
            print(f"{name:<36}{statistics.median(each):>9.0f} {unit:<3}{min(each):>6.0f} to {max(each):.0f}")
        print(json.dumps(visits))


if __name__ == "__main__":
    main()
