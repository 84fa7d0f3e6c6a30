"""The parts of judging that need no page, in a real Chromium: the same files and the same rates as the command line."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from playwright.sync_api import Browser, Page

from flux_batch.cli.picking.marks import Marked
from flux_batch.cli.picking.picks_text import tally
from flux_batch.errors import UsageError
from flux_batch.report.delivery.deliver import stored_once
from flux_batch.report.picking.agreement import Verdict, merge
from flux_batch.run.records import Entry, StoredFile
from flux_batch.spec.beside.picks import Flag, PicksFile, Review, Shown, read_picks
from flux_batch.spec.schema.published import schema_text

from .conftest import make_task, make_view, sha, stored
from .test_browser import chromium as chromium

pytestmark = pytest.mark.browser

PARTS = ("marks", "memory", "draft", "history", "winners", "blind", "picksfile")
SCHEMA = json.loads(schema_text("picks"))


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page with only these parts."""
    folder = files("flux_batch.report") / "templates" / "script"
    script = "\n".join((folder / f"{name}.js").read_text("utf-8") for name in PARTS)
    page = chromium.new_page()
    page.add_script_tag(content=f"const source = null;\n{script}")
    yield page
    page.close()


@pytest.fixture(autouse=True)
def empty(page: Page) -> None:
    """Every test begins with no marks."""
    page.evaluate(
        """() => {
          for (const map of [marksBook.people, marksBook.saved, marksBook.images]) map.clear();
          marksBook.me = "";
          forgetSteps();
        }"""
    )


def run_of(generator: random.Random) -> tuple[list[Entry], list[str | None], list[Any]]:
    """Images with axes, a flag or none for each, and the tiles that a sheet has of them."""
    flags = generator.choice([("pick", "reject", None), ("pick", None), ("pick", "pick", "reject"), (None,)])
    entries, words, tiles = [], [], []
    for number in range(generator.choice([3, 30, 120])):
        axes = {
            "product": generator.choice(["mug", "pot", "bowl"]),
            "scene": generator.choice(["linen", "marble"]),
            "model": generator.choice(["pro", "max"]),
            "ratio": "1:1",
            "n": "1",
        }
        content = sha(f"image {generator.choice([number, number // 2])}")
        file = StoredFile(
            path=f"images/{content[:6]}{number % 9}.png", sha256=content, bytes=1, width=1, height=1, mime="image/png"
        )
        entry = stored(make_task(number, axes), file)
        entries.append(entry)
        words.append(generator.choice(flags) if axes["product"] != "bowl" or generator.random() < 0.3 else "pick")
        tiles.append(
            {
                "id": entry.task.id,
                "wanted": True,
                "place": {"job": "hero", **axes},
                "picture": {"name": file.path, "sha256": content},
            }
        )
    return entries, words, tiles


def saved_file(page: Page, path: Path, said: dict[str, str | None]) -> PicksFile:
    """What the page writes for these flags, read by the command line."""
    text = page.evaluate(
        """(said) => picksJson("spring-mugs", "Ann", new Date(), Object.entries(said).map(
          ([sha256, flag]) => [{ sha256 }, { flag, rating: null, note: "" }]))""",
        said,
    )
    path.write_text(text, "utf-8")
    return read_picks(path)


@pytest.mark.parametrize("seed", range(24))
def test_rates_are_those_of_the_command_line(page: Page, tmp_path: Path, seed: int) -> None:
    """The same marks give the same counts, intervals to the last bit, order, winner and basis."""
    entries, words, tiles = run_of(random.Random(seed))
    said = dict(zip((tile["picture"]["sha256"] for tile in tiles), words, strict=True))
    merged = merge([saved_file(page, tmp_path / "picks.json", said)])
    first = {entry.purchase.file.sha256: entry for entry in reversed(stored_once(entries)) if entry.purchase.file}
    known = tuple((first[verdict.image.sha256], verdict) for verdict in merged.verdicts)
    theirs = tally(Marked(view=make_view(tuple(entries)), merged=merged, known=known, strangers=()))
    ours = page.evaluate("([tiles, said]) => tally(tiles, (sha256) => said[sha256])", [tiles, said])
    assert (ours["seen"], ours["picked"], ours["decided"]) == (theirs.seen, theirs.picked, theirs.decided)
    assert [(each["axis"], each["winner"]) for each in ours["contests"]] == [
        (each.axis, each.winner) for each in theirs.contests
    ]
    for mine, other in zip(ours["contests"], theirs.contests, strict=True):
        assert [(rate["label"], rate["picked"], rate["seen"], rate["low"], rate["high"]) for rate in mine["rates"]] == [
            (rate.label, rate.picked, rate.seen, rate.low, rate.high) for rate in other.rates
        ]


def test_the_wording_is_careful(page: Page) -> None:
    """Ten images are needed to win; before that a clear lead is only a lead, and an overlap is nothing."""

    def verdict(*counts: tuple[str, int, int]) -> str:
        counted = [{"label": label, "picked": picked, "seen": seen} for label, picked, seen in counts]
        said: str = page.evaluate("(counted) => verdictOf(contest('scene', counted))", counted)
        return said

    assert verdict(("linen", 20, 20), ("marble", 2, 20)) == "linen wins"
    assert verdict(("linen", 9, 9), ("marble", 0, 9)) == "linen is ahead, of few images"
    assert verdict(("linen", 11, 20), ("marble", 9, 20)) == "no clear winner"


MARKS: list[dict[str, Any]] = [
    {"flag": "pick", "rating": 0, "note": ""},
    {"flag": "reject", "rating": 5, "note": 'too dark, "really"\n</script>'},
    {"flag": None, "rating": None, "note": "=HYPERLINK(1)"},
]


def test_the_file_is_what_the_schema_and_the_reader_want(page: Page, tmp_path: Path) -> None:
    """Every kind of mark, with all that the sheet knows of an image; a text that is too long is left out."""
    tiles = [
        {
            "id": f"hero-{number}",
            "key": sha(f"key {number}"),
            "sha256": sha(str(number)),
            "place": {"job": "hero", "product": "mug", "note": "x" * 20_001 if number else "\U0001f375" * 20_000},
            "prompt": "A mug",
            "model": "pro",
            "size": "1:1",
        }
        for number in range(3)
    ]
    text = page.evaluate(
        """([tiles, marks]) =>
          picksJson("spring", "Ann", new Date(1e12), tiles.map((tile, at) => [shownOf(tile), marks[at]]))""",
        [tiles, MARKS],
    )
    jsonschema.validate(json.loads(text), SCHEMA, format_checker=jsonschema.FormatChecker())
    path = tmp_path / "picks.json"
    path.write_text(text, "utf-8")
    read = read_picks(path)
    assert read.notes == ()
    assert [(each.reviews[0].flag, each.reviews[0].rating, each.reviews[0].note) for each in read.judged] == [
        (mark["flag"], mark["rating"], mark["note"]) for mark in MARKS
    ]
    assert [each.image.axes.get("product") for each in read.judged] == ["mug"] * 3
    assert ["note" in each.image.axes for each in read.judged] == [True, False, False]


def test_the_csv_calculates_nothing(page: Page) -> None:
    """A mark in front for Excel, CRLF, quotes doubled, and no text that a spreadsheet takes for a formula."""
    rows = [
        {
            "reviewer": reviewer,
            "flag": "pick",
            "rating": -1,
            "note": note,
            "shown": {"sha256": sha("a"), "id": "a", "axes": {"@axis": label}},
        }
        for reviewer, note, label in [("=Ann", 'say "hi"\r\nthere', "+1"), ("Ben", "\tx\0", "\uff1dSUM(A1)")]
    ]
    text: str = page.evaluate("(rows) => picksCsv(rows)", rows)
    assert text.startswith("\ufeffreviewer,")
    assert list(csv.reader(io.StringIO(text[1:], newline=""))) == [
        ["reviewer", "flag", "rating", "note", "id", "axis @axis", "model", "size", "prompt", "sha256"],
        ["'=Ann", "pick", "-1", 'say "hi"\r\nthere', "a", "'+1", "", "", "", sha("a")],
        ["Ben", "pick", "-1", "'\tx\ufffd", "a", "'\uff1dSUM(A1)", "", "", "", sha("a")],
    ]


def document(**changes: Any) -> dict[str, Any]:
    """A picks file with one pick."""
    pick = {"sha256": sha("a"), "id": "hero-1", "flag": "pick", "rating": 3, "note": "", "axes": {"scene": "linen"}}
    top = {"format": 1, "run": "spring", "reviewer": "Ann", "made": "2026-11-24T09:00:00+02:00", "picks": [pick]}
    return top | changes


def pick_with(**changes: Any) -> dict[str, Any]:
    """The same file with something else in its pick."""
    whole = document()
    return document(picks=[whole["picks"][0] | changes])


BROKEN = [
    "",
    "{",
    "nothing",
    "[]",
    "null",
    "{}",
    *[
        json.dumps(each)
        for each in [
            document(format=2),
            document(format=True),
            document(format="1"),
            document(run=" "),
            document(run=7),
            document(run=None),
            document(reviewer="\x1f"),
            document(reviewer="\ud800"),
            document(made="yesterday"),
            document(made="2026-11-24T09:00:00"),
            document(made="2026-13-24T09:00:00Z"),
            document(picks={}),
            document(picks=None),
            document(picks=[7]),
            document(picks=[pick_with()["picks"][0]] * 2),
            pick_with(sha256="abc"),
            pick_with(sha256=None),
            pick_with(flag="picked"),
            pick_with(flag=True),
            pick_with(rating=6),
            pick_with(rating=-1),
            pick_with(rating=2.5),
            pick_with(rating="3"),
            pick_with(rating=True),
            pick_with(note=None),
            pick_with(note="x" * 20_001),
            pick_with(axes=None),
            pick_with(axes=["linen"]),
            pick_with(axes={"scene": 1}),
            pick_with(prompt={}),
            pick_with(reviews={}),
            pick_with(reviews=[1]),
            pick_with(reviews=[{"made": "2026-11-24T09:00:00Z"}]),
            pick_with(reviews=[{"reviewer": "Ann"}]),
            pick_with(reviews=[{"reviewer": "Ann", "made": "2026-11-24T09:00:00Z", "flag": "no"}]),
        ]
    ],
]
SOUND = [
    json.dumps(each)
    for each in [
        document(),
        document(picks=[]),
        document(more=1, reviewers=["Ann"]),
        document(reviewer="  Ann\n B "),
        document(made="2026-11-24T09:00:00.123456Z"),
        pick_with(flag=None, rating=None),
        pick_with(rating=0),
        pick_with(reviews=None),
        pick_with(reviews=[]),
        pick_with(reviews=[{"reviewer": "Ben", "made": "2026-11-24T09:00:00Z", "rating": 5}]),
    ]
]


@pytest.mark.parametrize("text", BROKEN + SOUND)
def test_both_readers_take_and_refuse_the_same(page: Page, tmp_path: Path, text: str) -> None:
    """The sheet and the command line agree on what a picks file is, and on every word in it."""
    path = tmp_path / "picks.json"
    path.write_text(text, "utf-8")
    try:
        theirs = [
            (judged.image.sha256, review.reviewer, review.flag, review.rating, review.note, review.made.timestamp())
            for judged in read_picks(path).judged
            for review in judged.reviews
        ]
    except UsageError:
        theirs = None
    ours = page.evaluate(
        """(text) => {
          try {
            return readPicks(text).words.map((word) =>
              [word.sha256, word.reviewer, word.flag, word.rating, word.note, new Date(word.made).getTime() / 1000]);
          } catch (error) {
            if (!(error instanceof PicksError) || error.message.length < 15) throw error;
            return null;
          }
        }""",
        text,
    )
    assert (ours is None) == (theirs is None) == (text in BROKEN)
    if theirs is not None:
        assert [each[:5] for each in ours] == [list(each[:5]) for each in theirs]
        assert [each[5] for each in ours] == pytest.approx([each[5] for each in theirs], abs=0.001)


def test_undo_goes_back_and_redo_forth(page: Page) -> None:
    """Also over several images at once; a new step forgets what was undone; nothing done is no step."""
    said = page.evaluate(
        """() => {
          const pick = { flag: "pick", rating: null, note: "" };
          const now = () => [markOf("a").flag, markOf("b").flag, unsaved().length];
          const found = [];
          doMarks("Picked", [["a", pick]]);
          found.push(doMarks("Picked", [["a", pick]]));
          doMarks("Picked", [["a", pick], ["b", pick]]);
          found.push(now(), undoMarks().label, now(), undoMarks().label, now(), undoMarks());
          redoMarks(); redoMarks();
          found.push(now(), redoMarks());
          undoMarks();
          doMarks("Rejected", [["b", { ...pick, flag: "reject" }]]);
          found.push(redoMarks(), now());
          return found;
        }"""
    )
    both, one, none = ["pick", "pick", 2], ["pick", None, 1], [None, None, 0]
    assert said == [False, both, "Picked", one, "Picked", none, None, both, None, None, ["pick", "reject", 2]]


def test_only_what_no_file_has_is_unsaved(page: Page) -> None:
    """A mark that was saved and taken back is listed, so that it takes back the earlier one; one never saved is not."""
    said = page.evaluate(
        """() => {
          const [pick, none] = [{ flag: "pick", rating: null, note: "" }, noMark];
          const now = () => [unsaved().length, toSave().length];
          const found = [];
          for (const change of [["a", pick], ["b", pick], ["b", none]]) doMarks("", [change]);
          found.push(now());
          noteSaved();
          found.push(now());
          doMarks("", [["a", none]]);
          found.push(now());
          doMarks("", [["a", pick]]);
          found.push(now());
          return found;
        }"""
    )
    assert said == [[1, 1], [0, 1], [1, 1], [0, 1]]


def test_a_new_name_takes_the_marks_or_leaves_them(page: Page) -> None:
    """The first name owns what was marked before; later it is a rename, or another person."""
    said = page.evaluate(
        """() => {
          const pick = { flag: "pick", rating: null, note: "" };
          putMarks([["a", pick]]);
          setReviewer("Ann", true);
          const found = [[markOf("a").flag, reviewers(), othersOn("a").length]];
          setReviewer("Ben", false);
          found.push([markOf("a").flag, reviewers(), othersOn("a").length]);
          setReviewer("Ann", false);
          setReviewer("Anna", true);
          found.push([markOf("a").flag, reviewers(), unsaved().length]);
          return found;
        }"""
    )
    assert said == [["pick", ["Ann"], 0], [None, ["Ann"], 1], ["pick", ["Anna"], 1]]


def test_agreement_has_the_words_of_the_command_line(page: Page) -> None:
    """Every combination of up to four votes."""
    flags: tuple[Flag, ...] = ("pick", "reject", None)
    votes = [list(each) for count in range(5) for each in itertools.product(flags, repeat=count)]
    ours = page.evaluate(
        "(votes) => votes.map((all) => all.map((flag) => ({ flag }))).map((all) => [accord(all), majority(all)])", votes
    )
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    theirs = [
        Verdict(
            image=Shown(sha256=sha("a")),
            reviews=tuple(Review(reviewer=str(at), made=moment, flag=flag) for at, flag in enumerate(each)),
        )
        for each in votes
    ]
    assert ours == [[str(verdict.accord), verdict.flag] for verdict in theirs]


def test_a_shuffle_is_a_fair_one_and_can_be_repeated(page: Page) -> None:
    """The same seed gives the same order, every image once; over many seeds every place is as likely."""
    one, again, other = page.evaluate(
        "() => [7, 7, 8].map((seed) => shuffled(Array.from({ length: 50 }, (_, at) => at), seed))"
    )
    assert one == again != other
    assert sorted(one) == sorted(other) == list(range(50))
    places = page.evaluate(
        """() => {
          const counts = Array(16).fill(0);
          for (let seed = 0; seed < 4000; seed += 1) {
            shuffled([0, 1, 2, 3], seed).forEach((value, at) => { counts[4 * value + at] += 1; });
          }
          return counts;
        }"""
    )
    # 1,000 expected at each place; more than five standard deviations (27.4) off would be no accident.
    assert all(abs(count - 1000) < 137 for count in places)
