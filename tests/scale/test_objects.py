"""Images in an object store: whole, never over another one, found again, and without a credential in any byte."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from flux_batch.api.files import FileClient
from flux_batch.errors import LocalFailure, StateUnusable, UsageError
from flux_batch.report.delivery.deliver import Order, deliver
from flux_batch.report.page.sheet import sheet
from flux_batch.report.write import write_report
from flux_batch.run.after.verify import Condition, verify
from flux_batch.run.folder.place import claim_place
from flux_batch.run.plane import objects
from flux_batch.run.plane.choose import plane_for
from flux_batch.run.plane.download import download, intake_into
from flux_batch.run.plane.thumbs import make_thumbs
from flux_batch.run.records import Phase
from flux_batch.run.store.state import StateFile
from tests.run.conftest import MakeBench
from tests.run.kit import CHAIN, KEY, MATRIX, Bench, FakeFiles, only, png, stored

from .kit import Host, contents
from .store import KEY_ID, SECRET, Store, storing

PLACE = "s3://my-bucket/spring"


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    """One for all: each test has a place of its own."""
    with storing() as made, pytest.MonkeyPatch.context() as patch:
        for name, value in made.environment.items():
            patch.setenv(name, value)
        objects._store.cache_clear()
        objects._store().mkdir("my-bucket")
        yield made


@pytest.fixture
def store(server: Store) -> Iterator[Store]:
    """The same, with its best manners at first, and empty."""
    objects._store().rm(objects._store().find("my-bucket")) if objects._store().find("my-bucket") else None
    server.spoil, server.after = (lambda _: None), (lambda _: None)
    server.asked.clear()
    yield server
    server.spoil, server.after = (lambda _: None), (lambda _: None)


def there() -> dict[str, bytes]:
    """Every image in the store, by its address."""
    names = objects._store().find(PLACE)
    return {f"s3://{name}": objects._store().cat_file(name) for name in names if not name.endswith(objects.MARKER)}


async def fetch(folder: Path, data: bytes, stem: str = "hero/mug") -> Any:
    """Download these bytes into the store."""
    return await download(
        cast("FileClient", FakeFiles(data, chunk=1 << 20)), "https://x/", stem, intake_into(folder, PLACE)
    )


def large() -> bytes:
    """An image of 17 MB: noise cannot be packed."""
    content = io.BytesIO()
    Image.frombytes("RGB", (2400, 2400), os.urandom(2400 * 2400 * 3)).save(content, "PNG", compress_level=0)
    return content.getvalue()


async def test_the_record_is_what_is_there(store: Store, tmp_path: Path) -> None:
    """Bytes as they came and their type; the part is gone, thumbnails stay here."""
    file = await fetch(tmp_path, png())
    assert file.path == f"{PLACE}/hero/mug.png"
    assert there() == {file.path: png()}
    assert objects._store().info(file.path)["ContentType"] == "image/png"
    assert [name.split("/")[0] for name in contents(tmp_path)] == ["thumbs", "thumbs"]


async def test_what_is_large_travels_in_parts(store: Store, tmp_path: Path) -> None:
    """And is whole: its name appears with the last step."""
    data = large()
    file = await fetch(tmp_path, data)
    assert hashlib.sha256(there()[file.path]).hexdigest() == file.sha256
    assert sum("partNumber=" in asked for asked in store.asked) >= 2


async def test_another_image_is_never_written_over(store: Store, tmp_path: Path) -> None:
    """It keeps its name; the same bytes are taken over, and nothing is sent for them."""
    first = await fetch(tmp_path, png("red"))
    puts = sum(asked.startswith("PUT") for asked in store.asked)
    assert await fetch(tmp_path, png("red")) == first
    assert sum(asked.startswith("PUT") for asked in store.asked) == puts
    other = await fetch(tmp_path, png("blue"))
    assert other.path == f"{PLACE}/hero/mug-{other.sha256[:12]}.png"
    assert there() == {first.path: png("red"), other.path: png("blue")}


async def test_one_that_came_first_in_the_last_moment_is_kept(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question and the put another process was faster: the server itself refuses."""
    first = await fetch(tmp_path, png("red"))
    monkeypatch.setattr(type(objects._store()), "exists", lambda *given: False)
    other = await fetch(tmp_path, png("blue"))
    assert other.path != first.path
    assert there() == {first.path: png("red"), other.path: png("blue")}


@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_that_stumbles_is_asked_again(status: int, store: Store, tmp_path: Path) -> None:
    """A few times."""
    left = [status, status]
    store.spoil = lambda asked: left.pop() if asked.startswith("PUT") and left else None
    file = await fetch(tmp_path, png())
    assert there() == {file.path: png()}


async def test_an_answer_that_was_lost_ends_where_it_began(store: Store, tmp_path: Path) -> None:
    """The put was carried out, its answer was not heard: the second try finds its own bytes."""
    lost = [500]
    store.after = lambda asked: lost.pop() if asked.startswith("PUT") and lost else None
    file = await fetch(tmp_path, png())
    assert there() == {file.path: png()}


@pytest.mark.parametrize("status", [403, 503])
async def test_a_store_that_takes_nothing_is_a_local_failure(status: int, store: Store, tmp_path: Path) -> None:
    """The image waits at the provider, and no word of the message lets anybody in."""
    store.spoil = lambda asked: status if asked.startswith("PUT") else None
    with pytest.raises(LocalFailure, match="what the key may do") as caught:
        await fetch(tmp_path, png())
    assert SECRET not in str(caught.value)
    assert KEY_ID not in str(caught.value)
    store.spoil = lambda _: None
    assert there() == {}
    assert (await fetch(tmp_path, png())).path in there()


def test_a_whole_run_with_its_report_verification_and_delivery(store: Store, bench: Bench, tmp_path: Path) -> None:
    """Edits find their parents; everything that reads images reads them there; nothing holds a credential."""
    assert only(bench.run(CHAIN, images=PLACE).phases, Phase.STORED)
    view = bench.view()
    assert len(there()) == 6
    assert not list((bench.folder / "images").rglob("*.*"))
    assert {image.condition for image in verify(view, bench.folder)} == {Condition.FINE}
    paths = write_report(view, bench.folder)
    assert {task["file"]["path"] for task in json.loads(paths.manifest.read_text())["tasks"]} == set(there())
    thumbs = make_thumbs([entry.purchase.file for entry in view.entries if entry.purchase.file], bench.folder)
    pictures = [tile.picture for tile in sheet(view, thumbs).tiles if tile.picture]
    web = f"http://127.0.0.1:{store.port}/my-bucket/spring/"
    assert [each.href.startswith(web) and each.shown.startswith("thumbs/") for each in pictures] == [True] * 6
    deliver(Order(view=view, folder=bench.folder, entries=view.entries, ratings={}), tmp_path / "delivery")
    assert len(list((tmp_path / "delivery").glob("base-*"))) == 2
    assert_no_credentials(bench.folder)


def assert_no_credentials(folder: Path) -> None:
    """In any byte of a folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert SECRET.encode() not in data, path
            assert KEY_ID.encode() not in data, path


def test_the_pages_thumbnails_are_made_again_from_there(store: Store, bench: Bench) -> None:
    """The same bytes as during the run."""
    bench.run(MATRIX, images=PLACE)
    before = contents(bench.folder / "thumbs")
    for path in (bench.folder / "thumbs").iterdir():
        path.unlink()
    write_report(bench.view(), bench.folder)
    assert contents(bench.folder / "thumbs") == before
    assert len(before) == 24


def test_what_is_gone_or_changed_is_found_and_fetched_again(store: Store, bench: Bench) -> None:
    """A run looks at sizes, from one listing; verify reads every byte. Nothing is bought again."""
    bench.run(MATRIX, images=PLACE)
    gone, short, other, *_ = sorted(there())
    objects._store().rm(gone)
    objects._store().pipe_file(short, b"short")
    objects._store().pipe_file(other, bytes(len(there()[other])))
    found = {image.path: image.condition for image in verify(bench.view(), bench.folder)}
    assert (found[gone], found[short], found[other]) == (Condition.MISSING, Condition.CHANGED, Condition.CHANGED)
    objects._store().rm([short, other])
    store.asked.clear()
    assert stored(bench.run(MATRIX)) == 12
    assert sum("list-type=2" in asked for asked in store.asked) <= 4
    assert {image.condition for image in verify(bench.view(), bench.folder)} == {Condition.FINE}
    assert bench.requests("submit") == 12


def test_a_finished_run_changes_nothing_there(store: Store, bench: Bench) -> None:
    """It looks, and that is all."""
    bench.run(MATRIX, images=PLACE)
    before = contents(bench.folder)
    store.asked.clear()
    bench.run(MATRIX)
    assert contents(bench.folder) == before
    assert {asked.split()[0] for asked in store.asked} <= {"GET", "HEAD"}


def test_the_place_stays_the_same(store: Store, bench: Bench) -> None:
    """It is noted; another one is refused before anything is sent, and so is one for a run that has its images here."""
    bench.run(MATRIX, images=PLACE)
    with pytest.raises(StateUnusable, match="are kept in s3://my-bucket/spring: leave --images out"):
        bench.run(MATRIX, images="s3://my-bucket/autumn")
    bench.home = bench.home / "local"
    bench.home.mkdir()
    bench.run(MATRIX)
    with pytest.raises(StateUnusable, match="are kept in the run folder"):
        bench.run(MATRIX, images=PLACE)


def test_a_run_that_was_not_begun_may_still_go_elsewhere(store: Store, bench: Bench) -> None:
    """Somebody tried it with a store, said no, and keeps the images at home."""
    with StateFile(bench.home / "state.sqlite") as state:
        assert claim_place(state, PLACE) == PLACE
        assert state.view().images_web == f"http://127.0.0.1:{store.port}/my-bucket/spring"
        assert claim_place(state, None) == ""
        assert state.view().images == ""


def test_images_that_the_state_file_does_not_know_are_not_bought_again(store: Store, bench: Bench) -> None:
    """Somebody put an older state file back."""
    from flux_batch.errors import RefusedToSpend

    bench.run(MATRIX, images=PLACE)
    (bench.folder / "state.sqlite").rename(bench.home / "kept")
    (bench.folder / "inputs").rename(bench.home / "inputs")
    with pytest.raises(RefusedToSpend, match="12 images are in "):
        bench.run(MATRIX, images=PLACE)
    assert bench.requests("submit") == 12


@pytest.mark.parametrize("wrong", ["bucket", "rights"])
def test_a_place_that_takes_nothing_is_refused_before_anything_is_bought(
    wrong: str, store: Store, bench: Bench
) -> None:
    """There is no such bucket, or nobody may write there."""
    store.spoil = lambda asked: 403 if wrong == "rights" and asked.startswith("PUT") else None
    with pytest.raises(LocalFailure):
        bench.run(MATRIX, images=PLACE if wrong == "rights" else "s3://nowhere/spring")
    assert bench.requests("submit") == 0


def test_what_images_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without credentials; and it says what to install."""
    for wrong in (
        "pictures",
        "s3://",
        "http://x/y",
        "s3://id:secret@pictures/a",
        "s3://my-bucket/a?secret=b",
        "gs://a/b",
    ):
        with pytest.raises(UsageError, match="give s3://BUCKET/PREFIX") as caught:
            objects.check_place(wrong)
        assert "secret" not in str(caught.value)
    objects.check_place("s3://my-bucket")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UsageError, match=r"pip install 'flux-batch\[s3\]'"):
        objects.check_place(PLACE)


@pytest.mark.parametrize(
    ("endpoint", "bucket", "found"),
    [
        ("https://s3.eu-west-1.amazonaws.com", "pictures", "https://pictures.s3.eu-west-1.amazonaws.com/a%20b"),
        ("https://s3.amazonaws.com", "my.pictures", "https://s3.amazonaws.com/my.pictures/a%20b"),
        ("https://id:secret@minio.example:9000", "pictures", "https://minio.example:9000/pictures/a%20b"),
    ],
)
def test_where_a_browser_finds_an_image(
    endpoint: str, bucket: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the server's own address."""

    class Meta:
        endpoint_url = endpoint

    class Client:
        meta = Meta()

    class Known:
        s3 = Client()

        def connect(self) -> None:
            """It is."""

    monkeypatch.setattr(objects, "_store", Known)
    assert objects.web_base(f"s3://{bucket}/a b") == found


async def test_dask_workers_put_the_same_there(store: Store, host: Host, tmp_path: Path, cluster: Any) -> None:
    """Without seeing the run folder; thumbnails come back with the answer."""
    bodies = [png(size=(900, 700 + number)) for number in range(3)]
    left = []
    for name, dask in (("here", None), ("dask", cluster.scheduler_address)):
        folder = tmp_path / name
        folder.mkdir()
        plane = plane_for(folder, loopback=True, dask=dask, images=f"{PLACE}/{name}")
        async with plane:
            files = await asyncio.gather(
                *(plane.bring(host.url(f"{n}", each), f"{n}") for n, each in enumerate(bodies))
            )
        left.append(([replace(file, path=Path(file.path).name) for file in files], contents(folder)))
    assert left[0] == left[1]
    assert sorted(there().values()) == sorted(bodies * 2)


KILLS = [("before", 1), ("after", 1), ("before", 3), ("after", 4)]
"""Before or after which put of a run it is killed; the first is the trial."""


@pytest.mark.parametrize(("when", "number"), KILLS)
def test_a_kill_around_a_put_loses_and_buys_nothing(
    when: str, number: int, store: Store, make_bench: MakeBench
) -> None:
    """Each image is billed once and stands there whole in the end."""
    bench = make_bench()
    text = "version: 1\nname: four\nprompt: 'a mug {{ n }}'\nratios: ['1:1']\nrepeat: 4\n"
    more = "execution: {submit_rate: 0, settle_seconds: 0.3, poll: {first: 0.05, every: 0.05}}\n"
    (bench.home / "spec.yaml").write_text(text + more)
    command = [sys.executable, "-m", "flux_batch", "run", "spec.yaml", "--yes", "--out", "run", "--images", PLACE]
    keys = {"TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": bench.simulator.base_url}
    process = subprocess.Popen(
        command, cwd=bench.home, env={**os.environ, **keys}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    puts: list[str] = []

    def kill(asked: str) -> None:
        if asked.startswith("PUT"):
            puts.append(asked)
            if len(puts) == number:
                os.kill(process.pid, signal.SIGKILL)

    store.spoil, store.after = (kill, store.after) if when == "before" else (store.spoil, kill)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said
    store.spoil, store.after = (lambda _: None), (lambda _: None)
    done = subprocess.run(
        command, cwd=bench.home, env={**os.environ, **keys}, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    files = {entry.purchase.file for entry in bench.view().entries}
    assert {file.path: file.sha256 for file in files if file} == {
        path: hashlib.sha256(data).hexdigest() for path, data in there().items()
    }
    assert len(files) == 4
    assert list(bench.bills().values()) == [1] * 4
    assert_no_credentials(bench.home)
    assert SECRET.encode() not in said + done.stdout + done.stderr
