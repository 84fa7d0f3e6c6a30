"""Hundreds of hostile texts in every text of a sheet, in a real Chromium: shown as they are, and nothing runs."""

# ruff: noqa: E501
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from flux_batch.report.redact import without_queries
from flux_batch.report.write import write_report
from flux_batch.run.records import Entry, Failure, Phase, RunView
from flux_batch.spec.records import ReportOptions
from tests.hostile.characters import NASTY
from tests.hostile.markup import PAYLOADS

from .conftest import MakePicture, make_task, make_view, stored, unstored
from .test_browser import chromium as chromium

pytestmark = pytest.mark.browser

GUARD = """
  globalThis.ran = [];
  globalThis.canary = (...said) => { globalThis.ran.push(said.join() || "canary"); };
  for (const name of ["alert", "confirm", "prompt", "open"]) globalThis[name] = () => globalThis.ran.push(name);
  document.addEventListener("securitypolicyviolation", (event) => globalThis.ran.push(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""

FOREIGN = """() => {
  const found = [];
  const look = (root) => root.querySelectorAll("*").forEach((element) => {
    // Our own dialogs are closed by a form that leads nowhere: it has its method, and nothing else.
    const ours = element.tagName === "FORM" && element.parentElement.tagName === "DIALOG" && element.attributes.length === 1;
    if (ours && element.method !== "dialog") found.push(element.outerHTML);
    if (!ours && ["IFRAME", "OBJECT", "EMBED", "BASE", "FORM", "MATH", "PORTAL", "VIDEO"].includes(element.tagName)) found.push(element.outerHTML);
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) found.push(`${element.tagName} ${name}`);
      if (["href", "src", "action", "formaction", "srcset"].includes(name) && /^[\\s\\x00-\\x1f]*(javascript:|data:|vbscript:|https?:|\\/\\/)/i.test(value)) found.push(value);
    }
    if (element instanceof HTMLTemplateElement) look(element.content);
  });
  look(document);
  const scripts = document.querySelectorAll("script").length;
  if (scripts !== 2) found.push(`${scripts} scripts`);
  const styles = document.querySelectorAll("style, link").length;
  if (styles !== 1) found.push(`${styles} styles`);
  return found;
}"""
"""Every element that no template of ours makes, every handler written into the page, every address of a foreign kind."""


def written(text: str) -> str:
    """A text as a file in UTF-8 can hold it: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def said(text: str) -> str:
    """What a reader sees, whatever the browser makes of line ends and of characters that nobody can see."""
    text = written(text)
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ufeff\ufffd?]+", "", text)


class Watched:
    """A page in which everything that must not happen leaves a trace."""

    def __init__(self, context: BrowserContext, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self.asked: list[str] = []
        context.add_init_script(GUARD)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", lambda message: self.faults.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self.refuse)
        self.page.on("popup", lambda _: self.faults.append("a window opened"))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def refuse(self, dialog: Dialog) -> None:
        """No text may bring up a browser's dialog."""
        self.faults.append(dialog.message)
        dialog.dismiss()

    def visit(self, fragment: str = "") -> None:
        """Open the sheet afresh, with this behind the #."""
        self.page.goto("about:blank")
        self.page.goto((self.folder / "index.html").as_uri() + fragment)

    def settle(self, *, script: bool = True) -> None:
        """Nothing ran, nothing was asked for outside the folder, and the page holds only what our templates make."""
        assert self.faults == []
        root = self.folder.as_uri() + "/"
        assert [url for url in self.asked if url != "about:blank" and not url.startswith(root)] == []
        if script:
            assert self.page.evaluate("globalThis.ran") == []
        assert self.page.evaluate(FOREIGN) == []


@pytest.fixture
def watch(chromium: Browser, folder: Path) -> Iterator[object]:
    """Open sheets of ``folder`` under watch."""
    contexts: list[BrowserContext] = []

    def start(**options: object) -> Watched:
        contexts.append(chromium.new_context(**options))  # type: ignore[arg-type]
        return Watched(contexts[-1], folder)

    yield start
    for context in contexts:
        context.close()


def poisoned(texts: tuple[str, ...], make_picture: MakePicture) -> RunView:
    """A run in which every text that comes from outside is one of these, each of them in every place."""
    entries: list[Entry] = []
    for number, text in enumerate(texts):
        other = texts[(number * 7 + 3) % len(texts)]
        axes = {
            "product": f"{number} {text}",
            other or "axis": "a",
            "model": "flux-kontext-pro",
            "ratio": "1:1",
            "n": "1",
        }
        task = replace(
            make_task(number, axes, prompt=f"{number} {text}"),
            id=f"{text}{number}",
            job=f"job {number % 3} {text[:40]}",
        )
        if number % 3 == 0:
            name = re.sub(r"[/\x00\ud800-\udfff]", "_", text)[:60]
            entries.append(stored(task, make_picture(f"images/{number}{name}.png", "1:1")))
        else:
            phase = (Phase.FAILED, Phase.REFUSED, Phase.SUBMITTED, Phase.HELD)[number % 4]
            entries.append(unstored(task, phase, Failure(code=text, message=f"{number} {text}")))
    poison = "".join(texts[:40])
    view = make_view(tuple(entries), name=poison, spec_file=poison, report=ReportOptions(title=poison))
    return replace(view, base_url=poison)


SHOWN = """async () => {
  const shown = [];
  const next = document.querySelector("#next");
  document.querySelector(".tile .open, .tile .more").click();
  for (;;) {
    const text = (selector) => document.querySelector(selector).textContent;
    shown.push([text("#prompt"), text("#box-notice"), text("#details"), text("#box-title")]);
    if (next.disabled) break;
    next.click();
  }
  document.querySelector("#close").click();
  return shown;
}"""
"""Every tile's lightbox in turn, as a reader with an arrow key sees it."""


def test_every_payload_is_text_in_every_place(watch: object, folder: Path, make_picture: MakePicture) -> None:
    """Grid, lightbox, filters, search and address: each payload is seen as it is, and nothing of it runs."""
    write_report(poisoned(PAYLOADS, make_picture), folder)
    it = watch(viewport={"width": 1280, "height": 800})  # type: ignore[operator]
    it.visit("#rows=&columns=")
    page = it.page
    assert page.locator(".tile").count() == len(PAYLOADS)
    shown = page.evaluate(SHOWN)
    assert len(shown) == len(PAYLOADS)
    for number, (text, (prompt, notice, details, _)) in enumerate(zip(PAYLOADS, shown, strict=True)):
        assert written(f"{number} {text}").replace("\x00", "") == prompt.replace("\x00", ""), number
        assert said(f"job{number % 3}{text[:40]}") in said(details), number
        if number % 3 and number % 4 != 2:
            assert said(without_queries(written(f"{number} {text}"))) in said(notice), number
    it.settle()


def test_every_payload_is_harmless_as_a_search_and_in_the_address(
    watch: object, folder: Path, make_picture: MakePicture
) -> None:
    """Typed, and sent to somebody as a link: as a search, an axis, a tab, a kind, a size, and as the whole of it."""
    write_report(poisoned(PAYLOADS[::9], make_picture), folder)
    it = watch()  # type: ignore[operator]
    it.visit()
    it.page.evaluate(
        """(texts) => {
          const search = document.querySelector("input[type=search]");
          for (const text of texts) {
            search.value = text;
            search.dispatchEvent(new Event("input", { bubbles: true }));
          }
        }""",
        [written(text) for text in PAYLOADS],
    )
    it.settle()
    everywhere = ("q={0}", "rows={0}&columns={0}", "tab.{0}={0}", "show={0}", "size={0}", "{0}", "tab.job={0}")
    for number, text in enumerate(PAYLOADS):
        if len(text) < 2_000 and number % 5 == 0:
            value = quote(written(text), safe="")
            it.visit("#" + everywhere[number // 5 % len(everywhere)].format(value))
    it.visit("#" + "&".join(each.format(quote(written(PAYLOADS[60]), safe="")) for each in everywhere))
    it.settle()


def test_every_payload_is_text_without_a_script(watch: object, folder: Path, make_picture: MakePicture) -> None:
    """The page's own markup, which is all there is when JavaScript is off."""
    write_report(poisoned(PAYLOADS, make_picture), folder)
    it = watch(java_script_enabled=False)  # type: ignore[operator]
    it.visit()
    assert it.page.locator(".tile").count() == len(PAYLOADS)
    text = said(it.page.locator("body").inner_text() + it.page.locator("body").text_content())
    for number, payload in enumerate(PAYLOADS):
        if number % 3 and number % 4 != 2:
            assert said(without_queries(written(f"{number} {payload}"))) in text, number
    it.settle(script=False)


def test_any_text_is_text(watch: object, folder: Path, make_picture: MakePicture) -> None:
    """What Hypothesis makes of a nasty alphabet, all of it on two pages."""
    found: list[str] = []

    @settings(max_examples=300, deadline=None, database=None, derandomize=True, phases=[Stage.generate])
    @given(NASTY | st.text(alphabet="<>&\"'`=/!-[]{}%$\\;:() \n\u2028scriptonload", max_size=40))
    def gather(text: str) -> None:
        found.append(text)

    gather()
    texts = tuple(dict.fromkeys(found))
    write_report(poisoned(texts, make_picture), folder)
    it = watch()  # type: ignore[operator]
    it.visit("#rows=&columns=")
    shown = it.page.evaluate(SHOWN)
    for number, (text, (prompt, *_)) in enumerate(zip(texts, shown, strict=True)):
        assert said(f"{number}{text}") == said(prompt), (number, text)
    it.settle()


def test_the_guard_notices(watch: object, folder: Path, make_picture: MakePicture) -> None:
    """A page into which one payload was let as markup is found out: the tests above can fail."""
    write_report(poisoned(PAYLOADS[:4], make_picture), folder)
    it = watch()  # type: ignore[operator]
    it.visit()
    it.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=canary()><a href=javascript:canary()>x</a>')"
    )
    with pytest.raises(AssertionError):
        it.settle()
    assert len(it.page.evaluate(FOREIGN)) == 2
