"""Where a reference can be had: uploaded once, never another file than was planned, the parent's URL while it lives."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from flux_batch.api.client import ApiClient
from flux_batch.errors import Unclear
from flux_batch.plan.records import Reference
from flux_batch.run.records import Phase, StoredFile
from flux_batch.run.references.provide import RESULT_MARGIN, UPLOAD_LIFE, ReferenceMoved, References
from flux_batch.run.store.journal import Journal
from flux_batch.run.store.registry import register
from flux_batch.run.store.state import FILE, StateFile

from .kit import VirtualClock, key_of, make_plan_with, make_task, plain_spec, png, settle


@dataclass(slots=True)
class Uploads:
    """Stands in for the API: keeps what was uploaded; ``wait`` holds uploads back, ``error`` fails the next one."""

    sent: list[bytes] = field(default_factory=list)
    wait: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def upload(self, path: Path) -> str:
        """Take it."""
        self.sent.append(await asyncio.to_thread(path.read_bytes))
        await self.wait.wait()
        if self.error:
            error, self.error = self.error, None
            raise error
        return f"https://files.example/{len(self.sent)}"


@dataclass(slots=True)
class Desk:
    """References with everything behind them."""

    references: References
    uploads: Uploads
    clock: VirtualClock
    journal: Journal
    state: StateFile
    home: Path

    def again(self, *, keep_metadata: bool = False) -> Desk:
        """The same run folder in a later process."""
        references = References(
            cast("ApiClient", self.uploads),
            self.journal,
            self.clock,
            spec_folder=self.home,
            run_folder=self.home / "run",
            keep_metadata=keep_metadata,
        )
        return replace(self, references=references)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A spec's folder with a logo, and a run folder with a parent and its edit."""
    (tmp_path / "logo.png").write_bytes(png())
    (tmp_path / "run").mkdir()
    clock, uploads = VirtualClock(), Uploads()
    uploads.wait.set()
    with StateFile(tmp_path / "run" / FILE) as state:
        register(state, make_plan_with(make_task("base"), make_task("edit", parent="base")), plain_spec(), now=0.0)
        async with Journal(state, None) as journal:
            references = References(
                cast("ApiClient", uploads), journal, clock, spec_folder=tmp_path, run_folder=tmp_path / "run"
            )
            yield Desk(references, uploads, clock, journal, state, tmp_path)


LOGO = Reference(kind="file", source="logo.png", sha256=hashlib.sha256(png()).hexdigest())
PARENT = Reference(kind="parent", source=key_of("base"))


async def parent_is(desk: Desk, *, url: str | None, lives: float, stored: bool = True) -> bytes:
    """Give the parent a result that lives so many seconds, and a stored file."""
    data = png("navy")
    (desk.home / "run" / "images").mkdir(exist_ok=True)
    (desk.home / "run" / "images" / "base.png").write_bytes(data)
    file = StoredFile(
        path="images/base.png", sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), width=64, height=48,
        mime="image/png",
    )  # fmt: skip
    purchase = desk.state.purchase(key_of("base"))
    stored_at = replace(
        purchase,
        phase=Phase.STORED,
        result_url=url,
        expires_at=desk.clock.wall + lives,
        file=file if stored else None,
    )
    await desk.journal.save(stored_at)
    return data


async def test_no_reference_is_no_url(desk: Desk) -> None:
    """Nothing to resolve, nothing to upload."""
    assert await desk.references.url(None) is None
    assert desk.uploads.sent == []


async def test_a_url_is_handed_on_as_it_is(desk: Desk) -> None:
    """The provider fetches it; this machine never does."""
    url = "https://cdn.example/a.png?x=1"
    assert await desk.references.url(Reference(kind="url", source=url)) == url
    assert desk.uploads.sent == []


async def test_a_file_is_uploaded_once_for_everybody_who_asks_at_once(desk: Desk) -> None:
    """Fifty tasks, one upload, one URL."""
    desk.uploads.wait.clear()
    asking = [asyncio.create_task(desk.references.url(LOGO)) for _ in range(50)]
    while not desk.uploads.sent:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await settle()
    desk.uploads.wait.set()
    assert set(await asyncio.gather(*asking)) == {"https://files.example/1"}
    assert desk.uploads.sent == [png()]


async def test_one_content_under_two_names_is_uploaded_once(desk: Desk) -> None:
    """The content counts, not the name."""
    (desk.home / "copy.png").write_bytes(png())
    first = await desk.references.url(LOGO)
    assert await desk.references.url(replace(LOGO, source="copy.png")) == first
    assert len(desk.uploads.sent) == 1


async def test_a_later_process_uses_the_upload_while_it_is_young(desk: Desk) -> None:
    """And uploads again when it is old."""
    first = await desk.references.url(LOGO)
    await desk.clock.pass_time(UPLOAD_LIFE - 1)
    assert await desk.again().references.url(LOGO) == first
    await desk.clock.pass_time(2)
    assert await desk.again().references.url(LOGO) == "https://files.example/2"


async def test_an_upload_with_metadata_is_not_taken_for_one_without(desk: Desk) -> None:
    """Nor the other way round; each is remembered for itself."""
    kept = desk.again(keep_metadata=True)
    assert await desk.references.url(LOGO) == "https://files.example/1"
    assert await kept.references.url(LOGO) == "https://files.example/2"
    assert await desk.again().references.url(LOGO) == "https://files.example/1"
    assert await desk.again(keep_metadata=True).references.url(LOGO) == "https://files.example/2"


async def test_a_failed_upload_is_tried_by_the_next_who_asks(desk: Desk) -> None:
    """An error is not remembered."""
    desk.uploads.error = Unclear("reset")
    with pytest.raises(Unclear):
        await desk.references.url(LOGO)
    assert await desk.references.url(LOGO) == "https://files.example/2"


async def test_a_changed_file_is_refused_and_not_uploaded(desk: Desk) -> None:
    """What is bought is what was planned and priced."""
    (desk.home / "logo.png").write_bytes(png("navy"))
    with pytest.raises(ReferenceMoved, match=r"logo\.png is not the file that was planned"):
        await desk.references.url(LOGO)
    assert desk.uploads.sent == []


async def test_a_missing_file_is_refused_by_name(desk: Desk) -> None:
    """With the system's words."""
    (desk.home / "logo.png").unlink()
    with pytest.raises(ReferenceMoved, match=r"logo\.png: No such file"):
        await desk.references.url(LOGO)


async def test_a_parents_url_is_used_while_it_lives(desk: Desk) -> None:
    """Nothing is uploaded that the provider still has."""
    await parent_is(desk, url="https://files.example/result", lives=RESULT_MARGIN + 1)
    assert await desk.references.url(PARENT) == "https://files.example/result"
    assert desk.uploads.sent == []


@pytest.mark.parametrize(("url", "lives"), [("https://files.example/result", RESULT_MARGIN - 1), (None, 9e9)])
async def test_a_parent_without_a_living_url_is_uploaded_from_disk(desk: Desk, url: str | None, lives: float) -> None:
    """Once, with the bytes that were stored."""
    data = await parent_is(desk, url=url, lives=lives)
    assert await desk.references.url(PARENT) == "https://files.example/1"
    assert await desk.references.url(PARENT) == "https://files.example/1"
    assert desk.uploads.sent == [data]


async def test_a_laptop_that_slept_does_not_use_a_dead_url(desk: Desk) -> None:
    """The wall clock jumped a day while the monotonic one stood: the stored file is used."""
    await parent_is(desk, url="https://files.example/result", lives=24 * 3600)
    desk.clock.wall += 25 * 3600
    assert await desk.references.url(PARENT) == "https://files.example/1"


async def test_an_edited_parent_image_is_refused(desk: Desk) -> None:
    """Somebody retouched the stored file: the edit would not be what its key says."""
    await parent_is(desk, url=None, lives=0)
    (desk.home / "run" / "images" / "base.png").write_bytes(png("pink"))
    with pytest.raises(ReferenceMoved, match=r"base\.png is not the file"):
        await desk.references.url(PARENT)


async def test_a_parent_without_a_file_or_a_url_is_refused(desk: Desk) -> None:
    """There is nothing to edit."""
    await parent_is(desk, url=None, lives=0, stored=False)
    with pytest.raises(ReferenceMoved, match="not stored"):
        await desk.references.url(PARENT)
