"""The page of a run that goes on: only what changed is written, whole or not at all, and the end is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flux_batch.plan.records import Reference
from flux_batch.report.page.live import BEAT, PART, LivePage, end_live
from flux_batch.report.page.live_tiles import LiveTiles
from flux_batch.report.page.sheet import sheet
from flux_batch.report.write import begin_live_page, write_report
from flux_batch.run.plane.thumbs import Thumb, Thumbs
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView
from flux_batch.run.watch import tally

from .conftest import NOON, MakePicture, make_task, make_view, stored, unstored

THUMB = Thumb(path="t", width=1, height=1)
AXES = {"model": "flux-kontext-pro", "ratio": "1:1", "n": "1"}


def read(path: Path, name: str) -> dict[str, Any]:
    """The one value that a script sets."""
    text = path.read_text("utf-8").strip()
    head = f"globalThis.{name} = "
    assert text.startswith(head)
    assert text.endswith(";")
    value = json.loads(text[len(head) : -1])
    assert isinstance(value, dict)
    return value


def planned(count: int) -> RunView:
    """A run of which nothing is bought yet."""
    tasks = (make_task(number, {"motif": f"m{number}", **AXES}) for number in range(count))
    return make_view(tuple(unstored(task, Phase.PLANNED) for task in tasks))


class Wall:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def live(folder: Path) -> Callable[[RunView, Wall], LivePage]:
    """A live page without its thread."""

    def make(view: RunView, clock: Wall) -> LivePage:
        tiles = LiveTiles(view=view, sheet=sheet(view, {}), thumbnail=lambda file: Thumbs(small=THUMB, large=THUMB))
        return LivePage(folder, "s", tiles, clock)

    return make


Make = Callable[[RunView, Wall], LivePage]


def bought(entry: Entry, number: int) -> Purchase:
    """Its image, without a file on disk."""
    file = {"path": f"images/{number}.png", "sha256": f"{number:064x}", "bytes": 1, "width": 10, "height": 10}
    return stored(entry.task, _file(file)).purchase


def _file(fields: dict[str, Any]) -> Any:
    from flux_batch.run.records import StoredFile

    return StoredFile(**fields, mime="image/png")


def written(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file with its size and the moment of its last change."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("count", [300, 3000])
def test_a_refresh_costs_the_same_however_large_the_batch_is(count: int, live: Make, folder: Path) -> None:
    """Ten more images rewrite the last part and the head; parts that are full are never touched again."""
    view, clock = planned(count), Wall()
    page = live(view, clock)
    for number, entry in enumerate(view.entries[:250]):
        page.moved(bought(entry, number))
    page.refresh()
    before = written(folder)
    for number, entry in enumerate(view.entries[250:260], start=250):
        page.moved(bought(entry, number))
    clock.now += 2
    page.refresh()
    after = written(folder)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"live.js", "live/s-2.js"}
    assert sum(after[name][0] for name in changed) < 60_000
    head = read(folder / "live.js", "fluxBatchLive")
    assert (head["part"], head["tiles"], head["stored"], head["wait"]) == (2, 260 - PART, 260, count - 260)
    parts = [read(folder / "live" / f"s-{number}.js", "fluxBatchPart") for number in (1, 2)]
    assert [len(part["tiles"]) for part in parts] == [PART, 260 - PART]
    assert [index for part in parts for index, _ in part["tiles"]] == list(range(260))


def test_nothing_new_writes_nothing_but_a_sign_of_life(live: Make, folder: Path) -> None:
    """The head every few seconds, so that a page can tell silence from patience."""
    clock = Wall()
    page = live(planned(3), clock)
    page.refresh()
    first = read(folder / "live.js", "fluxBatchLive")
    clock.now += BEAT / 2
    page.refresh()
    assert read(folder / "live.js", "fluxBatchLive") == first
    clock.now += BEAT / 2
    page.refresh()
    assert read(folder / "live.js", "fluxBatchLive") == {**first, "heard": NOON + BEAT}
    assert not (folder / "live").exists()


def test_time_left_and_money(live: Make, folder: Path) -> None:
    """At the pace so far, once a few images came; the sum spent is the run's own."""
    view, clock = planned(10), Wall()
    page = live(view, clock)
    clock.now += 30
    for number, entry in enumerate(view.entries[:2]):
        page.moved(bought(entry, number))
    page.refresh()
    assert read(folder / "live.js", "fluxBatchLive")["left"] is None
    page.moved(bought(view.entries[2], 2))
    page.changed(tally({}, 120_000))
    page.refresh()
    head = read(folder / "live.js", "fluxBatchLive")
    assert (head["left"], head["spent"], head["money_note"]) == (70, "$0.12", "of $5.00 budget")


def test_what_passes_at_once_is_not_drawn(live: Make, folder: Path) -> None:
    """Being sent and being fetched; being made is."""
    view = planned(1)
    page = live(view, Wall())
    (entry,) = view.entries
    for phase in (Phase.INTENT, Phase.SUBMITTED, Phase.READY):
        page.moved(replace(entry.purchase, phase=phase))
        page.refresh()
    ((index, tile),) = read(folder / "live" / "s-1.js", "fluxBatchPart")["tiles"]
    assert (index, tile["notice"]["word"]) == (0, "Being made")


def test_edits_of_what_failed_are_skipped_with_it(live: Make, folder: Path) -> None:
    """The state file skips them, and nobody tells; theirs as well."""
    first = make_task(1, {"motif": "a", **AXES})
    second, third = (
        make_task(number, {"motif": "b", **AXES}, job="winter", reference=Reference(kind="parent", source=parent.key))
        for number, parent in ((2, first), (3, make_task(2, {"motif": "b", **AXES})))
    )
    view = make_view(tuple(unstored(task, Phase.PLANNED) for task in (first, second, third)))
    page = live(view, Wall())
    page.moved(Purchase(key=first.key, phase=Phase.FAILED, failure=Failure(code="x", message="Out of paint")))
    page.refresh()
    tiles = read(folder / "live" / "s-1.js", "fluxBatchPart")["tiles"]
    assert [(index, tile["notice"]["word"]) for index, tile in tiles] == [(0, "Failed"), (1, "Skipped"), (2, "Skipped")]
    assert tiles[1][1]["parent"] == 0
    assert read(folder / "live.js", "fluxBatchLive")["bad"] == 3


def test_a_disk_that_is_full_loses_no_tile(live: Make, folder: Path) -> None:
    """What could not be written is in the next refresh."""
    view = planned(PART + 5)
    page = live(view, Wall())
    (folder / "live").write_text("in the way")
    for number, entry in enumerate(view.entries):
        page.moved(bought(entry, number))
    page.refresh()
    assert not (folder / "live.js").exists()
    (folder / "live").unlink()
    page.refresh()
    parts = [read(folder / "live" / f"s-{number}.js", "fluxBatchPart")["tiles"] for number in (1, 2)]
    assert [len(part) for part in parts] == [PART, 5]


def test_the_report_ends_it(spring: RunView, folder: Path) -> None:
    """The page's data then has it all; open pages learn of the end; the second report changes no byte."""
    page = begin_live_page(spring, folder)
    page.moved(spring.entries[0].purchase)
    page.refresh()
    assert '"live":{"session":' in (folder / "data.js").read_text("utf-8")
    (folder / ".live.js.tmp").write_text("half of a he")
    write_report(spring, folder)
    assert read(folder / "live.js", "fluxBatchLive") == {"ended": True}
    assert '"live":' not in (folder / "data.js").read_text("utf-8")
    assert not (folder / "live").exists()
    assert not (folder / ".live.js.tmp").exists()
    before = written(folder)
    write_report(spring, folder)
    assert written(folder) == before


def test_a_page_that_was_left_half_drawn_is_the_reports(spring: RunView, folder: Path) -> None:
    """Wherever its drawing is given up every file is whole, and the report then writes the bytes that it always had."""

    class LeftError(Exception):
        pass

    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    write_report(spring, folder)
    before = contents()
    for step in (1, 2, 3):
        pauses = iter((*range(1, step), None))

        def leave(left: Iterator[int | None] = pauses) -> None:
            if next(left) is None:
                raise LeftError

        with pytest.raises(LeftError):
            begin_live_page(spring, folder, leave)
        after = contents()
        assert after.keys() == before.keys()
        assert ("data.js" in {name for name in before if before[name] != after[name]}) is (step == 3)
        write_report(spring, folder)
        assert contents() == before


def test_what_waits_for_its_turn_asks_for_nothing(folder: Path) -> None:
    """No command on a page that fills by itself; the report of a run that stopped has it."""
    begin_live_page(planned(2), folder)
    assert "Its turn comes." in (folder / "data.js").read_text("utf-8")
    assert "flux-batch run" not in (folder / "data.js").read_text("utf-8")
    write_report(planned(2), folder)
    assert "flux-batch run specs/spring.yaml" in (folder / "data.js").read_text("utf-8")


def test_a_run_that_was_never_live_gets_no_head(spring: RunView, folder: Path) -> None:
    """Nothing waits for its end."""
    write_report(spring, folder)
    assert not (folder / "live.js").exists()


def test_a_link_in_the_place_of_the_parts_is_not_followed(tmp_path: Path, folder: Path) -> None:
    """Whatever it leads to is not ours."""
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("keep")
    (folder / "live").symlink_to(tmp_path / "precious")
    end_live(folder)
    assert (tmp_path / "precious" / "file").read_text() == "keep"


def test_nothing_in_a_tile_ends_the_script(live: Make, folder: Path, make_picture: MakePicture) -> None:
    """Prompts and messages are anybody's."""
    task = make_task(1, {"motif": "a", **AXES}, prompt="</script><script>alert(1)</script>\u2028")
    page = live(make_view((unstored(task, Phase.PLANNED),)), Wall())
    page.moved(Purchase(key=task.key, phase=Phase.FAILED, failure=Failure(code="x", message="<!--\ud800")))
    page.refresh()
    text = (folder / "live" / "s-1.js").read_text("utf-8")
    assert "<" not in text
    assert "\u2028" not in text
