"""Stored images that may be placeholders: what is suspect, what is not, and what asking again brings."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from flux_batch.api.client import ApiClient
from flux_batch.api.files import FileClient
from flux_batch.api.settings import api_settings
from flux_batch.errors import AccountRejected
from flux_batch.run.after.refetch import Asked, refetch
from flux_batch.run.after.suspects import SMALLEST, SMALLEST_AT_HOME, suspects, suspects_of
from flux_batch.run.after.verify import Condition, verify
from flux_batch.run.plane.download import intake_into
from flux_batch.run.plane.here import Here
from flux_batch.run.records import Entry, Phase, Purchase, StoredFile
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import Fault, fault

from .conftest import MakeBench
from .kit import CHAIN, KEY, MATRIX, Bench, make_task, only, usd

PLACEHOLDER = fault("placeholder", where="file", first=1)
"""The first picture's host has lost it, however often it is asked."""


def entry(name: str, *, size: str = "1:1", width: int = 1024, height: int = 1024, sha256: str = "") -> Entry:
    """A stored image."""
    task = replace(make_task(name), size=size)
    file = StoredFile(
        path=f"{name}.png", sha256=sha256 or task.key, bytes=9, width=width, height=height, mime="image/png"
    )
    return Entry(task=task, purchase=Purchase(key=task.key, phase=Phase.STORED, file=file))


class TestRules:
    """A pure function over a run's entries."""

    def test_ordinary_pictures_are_not_suspect(self) -> None:
        """Sizes that fit their ratios, roughly."""
        entries = [
            entry("a"),
            entry("b", size="16:9", width=1392, height=752),
            entry("c", size="9:21", width=672, height=1568),
        ]
        assert suspects(entries) == {}

    @pytest.mark.parametrize(("copies", "found"), [(2, 0), (3, 3), (5, 5)])
    def test_the_same_bytes_for_three_purchases(self, copies: int, found: int) -> None:
        """Every one of them is named, with the number."""
        reasons = suspects([entry(f"mug {number}", sha256="f" * 64) for number in range(copies)])
        assert len(reasons) == found
        assert all(f"{copies} purchases" in reason for reason in reasons.values())

    def test_three_images_of_one_purchase_are_one(self) -> None:
        """A shared image is the same because it is bought once."""
        first = entry("mug")
        assert suspects([first, first, first]) == {}

    @pytest.mark.parametrize(("side", "suspect"), [(SMALLEST - 1, True), (SMALLEST, False)])
    def test_far_too_small(self, side: int, suspect: bool) -> None:
        """By the longer side, below a limit of ours."""
        found = suspects([entry("mug", width=side, height=side)])
        assert ["pixels" in reason for reason in found.values()] == [True] * suspect

    @pytest.mark.parametrize(
        ("size", "width", "suspect"),
        [
            ("1:1", 1000, False), ("1:1", 1190, False), ("1:1", 1210, True), ("1:1", 840, False), ("1:1", 820, True),
            ("16:9", 1000, True), ("match_input_image", 3000, False), ("original", 3000, False), ("0:1", 3000, False),
        ],
    )  # fmt: skip
    def test_another_shape(self, size: str, width: int, suspect: bool) -> None:
        """More than a fifth off, either way; a size that is no ratio says nothing."""
        assert bool(suspects([entry("mug", size=size, width=width, height=1000)])) is suspect

    @pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.STORED])
    def test_only_what_is_stored_is_judged(self, phase: Phase) -> None:
        """A file of before says nothing about what is being fetched."""
        small = entry("mug", width=8, height=8)
        assert suspects([replace(small, purchase=replace(small.purchase, phase=phase))]) == {}

    @pytest.mark.parametrize(
        ("base", "rehearsal", "smallest"),
        [
            ("https://toapis.com/v1", False, SMALLEST), ("http://127.0.0.1:9/v1", False, SMALLEST_AT_HOME),
            ("http://localhost:9/v1", False, SMALLEST_AT_HOME), ("simulator", True, SMALLEST_AT_HOME),
        ],
    )  # fmt: skip
    def test_small_pictures_of_this_machine_are_no_surprise(
        self, base: str, rehearsal: bool, smallest: int, bench: Bench
    ) -> None:
        """A simulator, or what stands in for the provider, may draw as small as it likes, down to an icon."""
        bench.run(MATRIX)
        view = replace(bench.view(), base_url=base, rehearsal=rehearsal)
        small, enough = (entry(str(side), width=side, height=side) for side in (smallest - 1, smallest))
        assert set(suspects_of(replace(view, entries=(small, enough)))) == {small.task.key}

    @pytest.mark.parametrize("text", [MATRIX, CHAIN])
    def test_the_simulators_smallest_pictures_are_not_suspect(self, text: str, bench: Bench) -> None:
        """The bench asks for the smallest there are."""
        bench.run(text)
        assert suspects_of(bench.view()) == {}


def ask(bench: Bench, key: str = KEY) -> list[Asked]:
    """Ask again for every suspect of a bench's run."""

    async def go(state: StateFile) -> list[Asked]:
        view, settings = state.view(), api_settings(bench.simulator.base_url, key)
        found = suspects_of(view)
        plane = Here(FileClient(loopback=True), intake_into(bench.folder))
        async with ApiClient(settings) as api, plane:
            return [await refetch(state, api, plane, view, each) for each in view.entries if each.task.key in found]

    with StateFile(bench.folder / FILE) as state:
        return asyncio.run(go(state))


def spoiled(make_bench: MakeBench, *faults: Fault) -> Bench:
    """A bench whose run stored a placeholder; then its provider misbehaves in another way, or no more."""
    bench = make_bench(PLACEHOLDER)
    assert only(bench.run(MATRIX).phases, Phase.STORED)
    assert len(suspects_of(bench.view())) == 1
    bench.simulator.faults.replace(faults)
    return bench


def suspect_path(bench: Bench) -> Path:
    """Where the first suspect of a bench stands."""
    (found,) = [each for each in verify(bench.view(), bench.folder) if each.condition is Condition.SUSPECT]
    return bench.folder / found.path


class TestAskingAgain:
    """The provider is asked for the image itself; nothing is bought and nothing is thrown away."""

    def test_a_host_that_found_the_image_again(self, make_bench: MakeBench) -> None:
        """The new picture takes the place; the old file stays; no submit, no cent."""
        bench = spoiled(make_bench)
        old, submits, spent = suspect_path(bench), bench.requests("submit"), bench.view().spent
        before = old.read_bytes()
        (asked,) = ask(bench)
        assert (asked.fresh, "fetched anew" in asked.said) == (True, True)
        assert suspects_of(bench.view()) == {}
        assert {each.condition for each in verify(bench.view(), bench.folder)} == {Condition.FINE}
        assert old.read_bytes() == before
        assert (bench.requests("submit"), bench.view().spent) == (submits, spent)
        assert (bench.run(MATRIX).spent, bench.requests("submit")) == (usd("0.48"), submits)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (fault("placeholder", where="file"), "the same bytes came again"),
            (fault("expire", where="file"), "cannot be fetched now"),
            (fault("html", where="file"), "cannot be fetched now"),
            (fault("error", where="status", status=502), "cannot be fetched now"),
        ],
    )
    def test_a_host_that_did_not(self, answer: Fault, said: str, make_bench: MakeBench) -> None:
        """It stays stored, paid and suspect, and the reason is given."""
        bench = spoiled(make_bench, answer)
        before, submits = bench.view(), bench.requests("submit")
        (asked,) = ask(bench)
        assert (asked.fresh, said in asked.said) == (False, True)
        assert (bench.view(), bench.requests("submit")) == (before, submits)

    def test_a_picture_that_is_only_odd_is_not_given_up_for_a_placeholder(self, make_bench: MakeBench) -> None:
        """What comes the second time is judged as well, and the better one stays."""
        bench = make_bench()
        bench.run(MATRIX)
        with StateFile(bench.folder / FILE) as state:
            first = state.view().entries[0].purchase
            assert first.file is not None
            state.save([replace(first, file=replace(first.file, width=400))], None)
        bench.simulator.faults.add(fault("placeholder", where="file"))
        before = bench.view()
        (asked,) = ask(bench)
        assert (asked.fresh, "no better (only 8 x 8 pixels)" in asked.said) == (False, True)
        assert bench.view() == before

    def test_a_wrong_key_asks_no_further(self, make_bench: MakeBench) -> None:
        """Every question would be answered alike."""
        bench = spoiled(make_bench)
        with pytest.raises(AccountRejected):
            ask(bench, KEY + "-other")
