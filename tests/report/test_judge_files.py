"""Marks leave the page as picks files and come back, in a real Chromium and through the real command."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from playwright.sync_api import Dialog, Page, expect

from flux_batch.run.records import RunView
from flux_batch.spec.schema.published import schema_text
from tests.hostile.markup import PAYLOADS

from .conftest import sha
from .judging import axe_finds_nothing, bring, card, focus, give_name, menu, own, said, save
from .test_browser import Open
from .test_browser import chromium as chromium
from .test_browser import opened as opened

pytestmark = pytest.mark.browser

SCHEMA = json.loads(schema_text("picks"))


def content(view: RunView, index: int) -> str:
    """Which image is meant."""
    file = view.entries[index].purchase.file
    assert file
    return file.sha256


def picks(reviewer: str, *marks: dict[str, Any], run: str = "spring-mugs", hour: int = 9) -> dict[str, Any]:
    """A reviewer's file."""
    made = f"2026-11-24T{hour:02}:00:00Z"
    return {"format": 1, "run": run, "reviewer": reviewer, "made": made, "picks": list(marks)}


def put(folder: Path, name: str, document: Any) -> Path:
    """As a file."""
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def test_from_the_sheet_to_a_merged_file_and_back(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """Ann and Ben judge in their browsers, `picks merge` takes both files, and the sheet shows what it wrote."""
    for name, keys in (("Ann", {0: "p4", 1: "x"}), ("Ben", {0: "p", 1: "p", 3: "2"})):
        page = opened(spring).page
        for index, pressed in keys.items():
            focus(page, index)
            for key in pressed:
                page.keyboard.press(key)
        document = save(page, tmp_path / f"{name}.json", name)
        jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
        assert (document["run"], document["reviewer"]) == ("spring-mugs", name)
        assert [each["sha256"] for each in document["picks"]] == [content(spring, index) for index in keys]
        assert document["picks"][0]["axes"]["product"] == "sage mug"
        assert document["picks"][0]["prompt"] == spring.entries[0].task.prompt
    merge = ["picks", "merge", "Ann.json", "Ben.json", "-o", "both.json", "--json"]
    command = [sys.executable, "-m", "flux_batch", *merge]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    merged = json.loads(done.stdout)
    assert merged["reviewers"] == ["Ann", "Ben"]
    assert merged["agreement"] == {"all": 1, "most": 0, "split": 1, "one": 0, "none": 1}
    assert merged["notes"] == []
    page = opened(spring).page
    bring(page, tmp_path / "both.json")
    expect(page.locator("#import-list")).to_contain_text("2 marks by Ann, 3 marks by Ben")
    axe_finds_nothing(page)
    page.get_by_role("button", name="OK").click()
    expect(card(page, 0).locator(".marks .quiet")).to_have_text(["Ann: picked, 4 stars", "Ben: picked"])
    expect(card(page, 0).locator(".accord")).to_have_text("all agree")
    expect(card(page, 1).locator(".accord")).to_have_text("split")
    page.locator(".tile .open").nth(1).click()
    expect(page.locator("#panel-slot")).to_contain_text("Ann")
    axe_finds_nothing(page)
    page.keyboard.press("Escape")
    assert own(page, 0) == ""
    expect(page.locator("#unsaved")).to_be_empty()


def test_unsaved_marks_are_counted_and_warned_about(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """Until a file has them; the browser asks before it leaves, and the draft survives a reload."""
    it = opened(spring)
    page = it.page
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.remove_listener("dialog", it.refuse)
    page.on("dialog", answer)
    expect(page.locator("#save")).to_be_disabled()
    for index in (0, 1, 2):
        focus(page, index)
        page.keyboard.press("p")
    page.keyboard.press("u")
    expect(page.locator("#unsaved")).to_have_text("2 unsaved marks")
    page.reload()
    assert asked == ["beforeunload"]
    expect(page.locator("#unsaved")).to_have_text("2 unsaved marks")
    assert [own(page, index) for index in range(3)] == ["picked", "picked", ""]
    document = save(page, tmp_path / "picks.json")
    assert len(document["picks"]) == 2
    said(page, "picks-Ann.json: 2 marks")
    expect(page.locator("#unsaved")).to_be_empty()
    page.reload()
    assert asked == ["beforeunload"]
    focus(page, 0)
    page.keyboard.press("u")
    expect(page.locator("#unsaved")).to_have_text("1 unsaved mark")
    again = save(page, tmp_path / "again.json", None)
    assert [(each["sha256"], each["flag"]) for each in again["picks"]] == [
        (content(spring, 0), None),
        (content(spring, 1), "pick"),
    ]


def test_offline_a_file_can_be_saved(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """The page's policy lets the download through, without a network, from file://; the fixture sees no complaint."""
    page = opened(spring, offline=True).page
    focus(page, 0)
    page.keyboard.press("p")
    assert len(save(page, tmp_path / "picks.json")["picks"]) == 1


def test_the_csv_has_everybodys_marks(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """One line for each image and reviewer, and nothing that calculates."""
    page = opened(spring).page
    mark = {"sha256": content(spring, 0), "flag": "reject", "note": "+1"}
    bring(page, put(tmp_path, "ben.json", picks("=Ben", mark)))
    page.get_by_role("button", name="OK").click()
    give_name(page)
    focus(page, 0)
    page.keyboard.press("5")
    with page.expect_download() as download:
        menu(page, "Save as CSV")
    download.value.save_as(tmp_path / "marks.csv")
    data = (tmp_path / "marks.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert [(row["reviewer"], row["flag"], row["rating"], row["note"], row["axis product"]) for row in rows] == [
        ("'=Ben", "reject", "", "'+1", "sage mug"),
        ("Ann", "", "5", "", "sage mug"),
    ]


def test_ones_own_marks_are_never_replaced_unasked(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """A file under one's own name fills what is empty; where it differs, one is asked; undo helps."""
    page = opened(spring).page
    give_name(page)
    focus(page, 0)
    page.keyboard.press("p")
    mine = [{"sha256": content(spring, index), "flag": "reject"} for index in (0, 1)]
    path = put(tmp_path, "ann.json", picks("Ann", *mine, hour=23))
    bring(page, path)
    expect(page.locator("#conflict")).to_contain_text("1 mark under your name that differs")
    axe_finds_nothing(page)
    page.get_by_role("button", name="Keep mine").click()
    assert [own(page, index) for index in (0, 1)] == ["picked", "rejected"]
    expect(page.locator("#unsaved")).to_have_text("1 unsaved mark")
    bring(page, path)
    page.get_by_role("button", name="Take the file\N{RIGHT SINGLE QUOTATION MARK}s").click()
    assert [own(page, index) for index in (0, 1)] == ["rejected", "rejected"]
    expect(page.locator("#unsaved")).to_be_empty()
    page.keyboard.press("Control+z")
    said(page, "Undone: took the marks of a file")
    assert own(page, 0) == "picked"


def test_of_others_the_later_word_counts(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """Whichever file is read first; a reviewer can be removed from the sheet again."""
    page = opened(spring).page
    mark = {"sha256": content(spring, 0)}
    late = put(tmp_path, "late.json", picks("Ben", {**mark, "flag": "reject"}, hour=12))
    early = put(tmp_path, "early.json", picks("Ben", {**mark, "flag": "pick"}, hour=8))
    bring(page, late, early)
    page.get_by_role("button", name="OK").click()
    expect(card(page, 0).locator(".initials .quiet")).to_have_text("Ben: rejected")
    page.reload()
    expect(card(page, 0).locator(".initials .quiet")).to_have_text("Ben: rejected")
    page.locator("#review-more").click()
    page.get_by_role("button", name="Remove Ben\N{RIGHT SINGLE QUOTATION MARK}s marks").click()
    expect(page.locator(".initials")).to_have_count(0)


def test_marks_of_other_images_are_kept_and_said(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """An image that is not in this sheet keeps its marks, through a reload and into the files that are saved."""
    page = opened(spring).page
    give_name(page)
    stranger = {"sha256": sha("elsewhere"), "flag": "pick", "prompt": "A jug", "axes": {"product": "jug"}}
    bring(page, put(tmp_path, "ann.json", picks("Ann", stranger, {"sha256": content(spring, 0), "rating": 3})))
    expect(page.locator("#import-list")).to_contain_text("1 image is not in this sheet. Its marks are kept.")
    page.get_by_role("button", name="OK").click()
    page.reload()
    saved = save(page, tmp_path / "again.json", None)
    jsonschema.validate(saved, SCHEMA)
    assert [(each["sha256"], each["flag"], each["axes"]["product"]) for each in saved["picks"]] == [
        (content(spring, 0), None, "sage mug"),
        (sha("elsewhere"), "pick", "jug"),
    ]


REFUSED = [
    ("not json", "{", "this is not JSON"),
    ("a list", [], "it must be a group of names and values, not a list"),
    ("no picks file", {"format": 2}, "its format is 2, this sheet reads format 1"),
    ("wrong flag", picks("Ben", {"sha256": sha("a"), "id": "hero-1", "flag": "maybe"}), "pick 1 (hero-1): “flag” is"),
    ("other run", picks("Ben", {"sha256": sha("a"), "flag": "pick"}, run="autumn"), "it is about the run “autumn”"),
]


@pytest.mark.parametrize(("name", "document", "reason"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_file_that_is_none_is_refused(
    opened: Open, spring: RunView, tmp_path: Path, name: str, document: Any, reason: str
) -> None:
    """With its name and the reason, and without harm to the one beside it."""
    page = opened(spring).page
    sound = put(tmp_path, "ben.json", picks("Ben", {"sha256": content(spring, 0), "flag": "pick"}))
    bring(page, put(tmp_path, f"{name}.json", document), sound)
    expect(page.locator("#import-list .refused")).to_contain_text(f"{name}.json")
    expect(page.locator("#import-list .refused")).to_contain_text(f"Not read: {reason}")
    axe_finds_nothing(page)
    page.get_by_role("button", name="OK").click()
    expect(page.locator(".initials")).to_have_count(1)


def drop(page: Page, *files: tuple[str, str]) -> None:
    """Let files fall onto the page, as from a folder."""
    page.evaluate(
        """(files) => {
          const dataTransfer = new DataTransfer();
          for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
          for (const type of ["dragover", "drop"]) {
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
          }
        }""",
        list(files),
    )


def test_files_can_be_dropped(opened: Open, spring: RunView) -> None:
    """Anywhere on the page; the browser does not open the file instead."""
    page = opened(spring).page
    drop(page, ("ben.json", json.dumps(picks("Ben", {"sha256": content(spring, 0), "rating": 2}))))
    expect(page.locator("#import-list")).to_contain_text("1 mark by Ben")
    page.get_by_role("button", name="OK").click()
    expect(card(page, 0).locator(".initials .quiet")).to_have_text("Ben: 2 stars")


def test_nothing_in_a_picks_file_ever_runs(opened: Open, spring: RunView, tmp_path: Path) -> None:
    """Names, notes, axes, runs and file names made of markup are text on the page; the fixture sees no request."""
    page = opened(spring).page
    page.evaluate("() => { globalThis.canary = () => { globalThis.pwned = 1; }; }")
    hostile = [*PAYLOADS, "__proto__", "constructor", "\u202e\u2066a", "\x00\x1b]0;g\x07b"]
    files = []
    for number, poison in enumerate(hostile):
        mark = {
            "sha256": content(spring, number % 4),
            "flag": ("pick", "reject", None)[number % 3],
            "note": poison,
            "axes": {poison: poison},
            **dict.fromkeys(("id", "key", "prompt", "model", "size"), poison),
        }
        run = "spring-mugs" if number % 2 else poison
        files.append((f"{poison}.json", json.dumps(picks(f"x{poison}", mark, run=run))))
        files.append((f"{poison}.json", json.dumps(picks(poison, {"sha256": poison}))))
    drop(page, *files)
    expect(page.locator("#import-list li")).to_have_count(len(files))
    page.wait_for_timeout(200)
    page.keyboard.press("Escape")
    page.locator("#review-more").click()
    assert page.locator("#people-list li").count() > len(hostile) * 0.9
    page.keyboard.press("Escape")
    page.locator(".tile .open").first.click()
    for _ in range(2):
        expect(page.locator("#panel-slot .others")).to_be_visible()
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(".initials").first).to_be_visible()
    assert page.locator("script").count() == 2
    assert page.locator("iframe, [onload], [onerror], [onmouseover], [onfocus], style ~ style").count() == 0
