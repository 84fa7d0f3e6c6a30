"""The sheet's records: everything is decided before a template sees it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.report.page.phrases import Tone
from flux_batch.report.page.sheet import Sheet, sheet
from flux_batch.report.summary import totals
from flux_batch.run.plane.thumbs import make_thumbs
from flux_batch.run.records import Failure, Phase, RunView

from .conftest import make_task, make_view, unstored

AXES = {"scene": "linen", "model": "flux-kontext-pro", "ratio": "1:1", "n": "1"}


def show(view: RunView, folder: Path) -> Sheet:
    """The sheet with its thumbnails."""
    files = [entry.purchase.file for entry in view.entries if entry.purchase.file]
    return sheet(view, make_thumbs(files, folder))


def test_every_tile_has_a_picture_or_a_notice(spring: RunView, folder: Path) -> None:
    """Never both, never neither."""
    assert all((tile.picture is None) != (tile.notice is None) for tile in show(spring, folder).tiles)


def test_alt_text_says_the_values(spring: RunView, folder: Path) -> None:
    """The values that vary, never the file name."""
    assert show(spring, folder).tiles[1].alt == "sage mug · linen · hero · 16:9"


def test_without_variation_the_prompt_speaks(folder: Path) -> None:
    """One image alone is described by its prompt."""
    view = make_view((unstored(make_task(1, AXES, prompt="A mug"), Phase.PLANNED),))
    assert show(view, folder).tiles[0].alt == "A mug"


def test_edits_know_their_parents(spring: RunView, folder: Path) -> None:
    """Both ways, by index."""
    tiles = show(spring, folder).tiles
    assert tiles[12].parent == 0
    assert tiles[0].edits == (12,)


def test_a_missing_file_says_so(spring: RunView, folder: Path) -> None:
    """It is paid for, so nobody is told to buy it again."""
    file = spring.entries[0].purchase.file
    assert file
    (folder / file.path).unlink()
    tile = show(spring, folder).tiles[0]
    assert tile.notice
    assert tile.notice.word == "File missing"
    assert "--retry-failed" not in tile.notice.command


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.STORED])
def test_every_phase_has_words(phase: Phase, folder: Path) -> None:
    """Whatever happened, a tile can say it."""
    notice = show(make_view((unstored(make_task(1, AXES), phase),)), folder).tiles[0].notice
    assert notice
    assert notice.word
    assert notice.reason


@pytest.mark.parametrize(
    ("phase", "code", "command", "advice"),
    [
        (Phase.FAILED, "generation_failed", "flux-batch run specs/spring.yaml --retry-failed", "buys it again."),
        (Phase.HELD, "", "flux-batch resolve specs/spring.yaml", "lets you decide."),
        (Phase.REFUSED, "content_policy_violation", "", "Reword the prompt in specs/spring.yaml, then run it again."),
        (Phase.REFUSED, "invalid_request", "", "Correct specs/spring.yaml, then run it again."),
    ],
)
def test_trouble_comes_with_advice(phase: Phase, code: str, command: str, advice: str, folder: Path) -> None:
    """The provider's words, and the next step."""
    view = make_view((unstored(make_task(1, AXES), phase, Failure(code=code, message="Because")),))
    notice = show(view, folder).tiles[0].notice
    assert notice
    assert (notice.reason, notice.command, notice.advice) == ("Because", command, advice)


def test_a_rehearsal_never_advises_to_buy(folder: Path) -> None:
    """Its failures are the simulator's."""
    for phase in Phase:
        view = make_view((unstored(make_task(1, AXES), phase),), rehearsal=True)
        notice = show(view, folder).tiles[0].notice
        assert notice is None or "flux-batch run" not in notice.command


def test_tones_follow_the_money(folder: Path) -> None:
    """Uncertain asks, failed is bad, submitted waits."""
    entries = tuple(
        unstored(make_task(number, AXES), phase)
        for number, phase in enumerate((Phase.UNCERTAIN, Phase.FAILED, Phase.SUBMITTED))
    )
    tones = [tile.notice.tone for tile in show(make_view(entries), folder).tiles if tile.notice]
    assert tones == [Tone.ASK, Tone.BAD, Tone.WAIT]


def test_file_names_become_safe_addresses(spring: RunView, folder: Path) -> None:
    """A relative URL that no name can turn into a scheme, a query or a fragment."""
    picture = show(spring, folder).tiles[0].picture
    assert picture
    assert picture.href == "images/hero/sage%20mug-linen-1x1.png"


def test_the_header_counts(spring: RunView, folder: Path) -> None:
    """Images, money and shares of the bars."""
    header = show(spring, folder).header
    assert (header.stored, header.tasks, header.spent) == (10, 13, "$0.44")
    assert header.money_note == "of $5.00 budget, $0.04 reserved"
    assert [(part.label, part.kind) for part in header.progress] == [
        ("10 stored", "stored"),
        ("1 on the way", "wait"),
        ("2 failed", "bad"),
    ]
    assert sum(part.width for part in header.progress) == pytest.approx(100, abs=0.01)


def test_totals_add_up(spring: RunView) -> None:
    """Tasks are the sum of their states; a key is bought once."""
    count = totals(spring)
    states = count.stored + count.failed + count.refused + count.skipped + count.uncertain + count.held + count.pending
    assert count.tasks == states == 13
    assert count.troubled == 2
    assert (count.purchases, count.cost) == (13, Decimal("0.44"))
    twice = totals(replace(spring, entries=(*spring.entries, *spring.entries)))
    assert (twice.tasks, twice.purchases, twice.cost, twice.bytes) == (26, 13, count.cost, count.bytes)


def test_kept_images_do_not_shape_the_sheet(spring: RunView, folder: Path) -> None:
    """Axes come from what is wanted now."""
    entries = tuple(replace(entry, wanted=entry.task.axes["scene"] == "linen") for entry in spring.entries)
    shown = show(replace(spring, entries=entries), folder)
    assert "scene" not in [axis.name for axis in shown.axes]
    assert len(shown.retired) == 6


def test_a_suspect_picture_is_shown_and_says_why(spring: RunView, folder: Path) -> None:
    """The picture stays; the words come with it, and a rehearsal's name no command that cannot help."""
    first = spring.entries[0]
    assert first.purchase.file
    odd = replace(first.purchase, file=replace(first.purchase.file, width=100, height=90))
    view = replace(spring, entries=(replace(first, purchase=odd), *spring.entries[1:]))
    tiles = show(view, folder).tiles
    assert [bool(tile.suspect) for tile in tiles] == [True] + [False] * 12
    assert tiles[0].picture
    assert (
        "only 100 x 90 pixels. To ask for it again, which buys nothing: flux-batch verify specs/spring.yaml"
        in tiles[0].suspect
    )
    assert "flux-batch" not in show(replace(view, rehearsal=True, spec_file="x"), folder).tiles[0].suspect


def test_what_is_paid_and_cannot_be_fetched_asks(folder: Path) -> None:
    """It is not simply on its way: the tile points at the message for the provider."""
    failure = Failure(code="not_fetched", message="404; tried 8 times in the last run")
    notice = show(make_view((unstored(make_task(1, AXES), Phase.READY, failure),)), folder).tiles[0].notice
    assert notice
    assert (notice.tone, notice.word, notice.command) == (
        Tone.ASK,
        "Paid, not fetched",
        "flux-batch resolve specs/spring.yaml",
    )
