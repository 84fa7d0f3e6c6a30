"""From bytes on the wire to a file under its final name: whole, checked and durable, or not there at all."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from flux_batch.api.files import FileClient
from flux_batch.errors import LocalFailure, Unclear
from flux_batch.run.plane import download as download_module
from flux_batch.run.plane.credentials import LOOK
from flux_batch.run.plane.download import download, intake_into
from flux_batch.run.plane.picture import NotAnImage, check_picture
from flux_batch.run.records import Phase, StoredFile
from flux_batch.run.store.state import StateFile

from .conftest import MakeBench
from .kit import FakeFiles, png, stored

URL = "https://files.example/whatever.gif?signature=1"


async def fetch(folder: Path, files: FakeFiles, stem: str = "hero/mug-1") -> StoredFile:
    """Download what these files hold."""
    return await download(cast("FileClient", files), URL, stem, intake_into(folder))


def names(folder: Path) -> list[str]:
    """Every file below a folder but thumbnails."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith("thumbs/"))


async def test_the_record_is_what_is_on_disk(tmp_path: Path) -> None:
    """Bytes as they came, their hash, their number, their shape."""
    data = png()
    file = await fetch(tmp_path, FakeFiles(data))
    assert (tmp_path / file.path).read_bytes() == data
    assert file == StoredFile(
        path="images/hero/mug-1.png",
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        width=64,
        height=48,
        mime="image/png",
        bare=LOOK,
    )
    assert names(tmp_path) == ["images/hero/mug-1.png"]


@pytest.mark.parametrize("size", [(64, 48), (900, 900)], ids=["in memory", "in a part"])
async def test_credentials_are_seen_as_it_comes(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no report reads it for that."""
    monkeypatch.setattr(download_module, "AT_ONCE", 2000)
    plain = png(size=size)
    box = b"\0\0\0\2caBXhi" + zlib.crc32(b"caBXhi").to_bytes(4, "big")
    assert (await fetch(tmp_path, FakeFiles(plain))).bare == LOOK
    assert (await fetch(tmp_path, FakeFiles(plain[:33] + box + plain[33:]))).bare == 0


@pytest.mark.parametrize(("kind", "extension"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
async def test_the_extension_comes_from_the_bytes(kind: str, extension: str, tmp_path: Path) -> None:
    """Whatever the address ends with."""
    Image.new("RGB", (9, 9)).save(tmp_path / "made", kind)
    file = await fetch(tmp_path, FakeFiles((tmp_path / "made").read_bytes()))
    assert file.path == f"images/hero/mug-1.{extension}"


@pytest.mark.parametrize("data", [b"", b"<html>", png()[:-1], png()[:-30]], ids=["empty", "page", "cut by 1", "cut"])
async def test_what_is_no_whole_image_leaves_nothing(data: bytes, tmp_path: Path) -> None:
    """Neither under a final name nor as a part."""
    with pytest.raises(NotAnImage):
        await fetch(tmp_path, FakeFiles(data))
    assert names(tmp_path) == []


async def test_a_stream_that_breaks_leaves_no_final_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try begins anew, also after a longer part."""
    monkeypatch.setattr(download_module, "AT_ONCE", 100)
    with pytest.raises(Unclear):
        await fetch(tmp_path, FakeFiles(png(size=(900, 900)), error=Unclear("reset")))
    assert names(tmp_path) == ["images/hero/mug-1.part"]
    data = png()
    await fetch(tmp_path, FakeFiles(data))
    assert names(tmp_path) == ["images/hero/mug-1.png"]
    assert (tmp_path / "images/hero/mug-1.png").read_bytes() == data


async def test_a_body_without_end_is_refused_while_it_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not written to the disk first and measured then."""
    monkeypatch.setattr(download_module, "MAX_BYTES", 1024 * 1024)
    files = FakeFiles(bytes(50 * 1024 * 1024), chunk=64 * 1024)
    with pytest.raises(Unclear, match="larger than 1 MB"):
        await fetch(tmp_path, files)
    assert files.sent <= 1024 * 1024 + 64 * 1024
    assert (tmp_path / "images/hero/mug-1.part").stat().st_size <= 1024 * 1024


async def test_safe_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced, then renamed, then its folder is synced; new folders are synced into theirs."""
    seen = watch_disk(monkeypatch, tmp_path)
    await fetch(tmp_path, FakeFiles(png()))
    assert seen == [
        "sync .",
        "sync images",
        "sync images/hero/mug-1.part",
        "rename images/hero/mug-1.part to images/hero/mug-1.png",
        "sync images/hero",
    ]
    del seen[:]
    await fetch(tmp_path, FakeFiles(png()), stem="hero/mug-2")
    assert [line for line in seen if line.startswith("sync")] == ["sync images/hero/mug-2.part", "sync images/hero"]


def test_an_image_is_safe_before_the_state_says_so(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commit comes last: what is recorded as stored is under its final name and synced."""
    bench = make_bench()
    seen = watch_disk(monkeypatch, bench.folder)
    real = StateFile.save

    def save(self: StateFile, purchases: list[Any], *rest: Any) -> list[bool]:
        answer = real(self, purchases, *rest)
        seen.extend("commit" for purchase in purchases if purchase.phase is Phase.STORED)
        return answer

    monkeypatch.setattr(StateFile, "save", save)
    bench.run('version: 1\nname: one\nprompt: a mug\nratios: ["1:1"]\n')
    words = [line.split()[0] for line in seen]
    assert words[-4:] == ["sync", "rename", "sync", "commit"]
    assert words.count("commit") == 1


def watch_disk(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Note every sync and rename below a folder, in order."""
    seen: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(handle: int) -> None:
        seen.append(f"sync {os.path.relpath(Path(f'/proc/self/fd/{handle}').readlink(), folder.resolve())}")
        real_sync(handle)

    def replace(self: Path, target: Path) -> Path:
        if "images" in self.parts:
            seen.append(f"rename {self.relative_to(folder)} to {target.relative_to(folder)}")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    return seen


CHILD = """
import asyncio, io, os, resource, signal, sys
from contextlib import asynccontextmanager
from pathlib import Path
from PIL import Image
from flux_batch.errors import LocalFailure
from flux_batch.run.plane.download import download, intake_into

def killing(real):
    def call(*args):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)
    return call

class Files:
    @asynccontextmanager
    async def stream(self, url, *, seconds):
        async def chunks():
            yield data.getvalue()
        yield chunks()

limit, left = int(sys.argv[2]), int(sys.argv[3])
os.fsync, Path.replace = killing(os.fsync), killing(Path.replace)
data = io.BytesIO()
Image.new("RGB", (300, 300), "orange").save(data, "PNG")
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    asyncio.run(download(Files(), "https://x/", "hero/mug", intake_into(Path(sys.argv[1]))))
except LocalFailure as error:
    print(error)
"""


def child(folder: Path, *, limit: int = 0, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
    """Download in a process of its own: with files of ``limit`` bytes at most, or killed before a sync or rename."""
    command = [sys.executable, "-c", CHILD, str(folder), str(limit), str(kill_at)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)


def test_a_full_disk_is_a_local_failure_that_says_the_image_waits(tmp_path: Path) -> None:
    """The kernel refuses to write on; no final name, a sentence, no traceback."""
    done = child(tmp_path, limit=200)
    assert "File too large; the image is paid and waits at the provider" in done.stdout
    assert done.stderr == ""
    assert names(tmp_path) == ["images/hero/mug.part"]


@pytest.mark.parametrize("step", range(1, 6))
async def test_a_kill_at_any_step_leaves_a_whole_file_or_none(step: int, tmp_path: Path) -> None:
    """And the next try stores it."""
    assert child(tmp_path, kill_at=step).returncode == -signal.SIGKILL
    for found in names(tmp_path):
        assert found.endswith((".part", ".png"))
        if found.endswith(".png"):
            assert check_picture(tmp_path / found).width == 300
    file = await fetch(tmp_path, FakeFiles(png(size=(300, 300))), stem="hero/mug")
    assert names(tmp_path) == [file.path]


async def test_a_folder_that_cannot_be_made_is_a_local_failure(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "images").write_text("")
    with pytest.raises(LocalFailure, match="paid and waits"):
        await fetch(tmp_path, FakeFiles(png()))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_sync_that_fails_stops_the_run_and_the_next_one_goes_on(
    number: int, make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not tried again and nothing is sent after it; nothing is lost and nothing is bought twice."""
    bench = make_bench(latency=(0.05, 0.05))
    text = 'version: 1\nname: six\nprompt: "a mug {{ n }}"\nratios: ["1:1"]\nrepeat: 6\n'

    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(LocalFailure, match=os.strerror(number)):
            bench.run(text, concurrency=2)
    assert bench.requests("submit") == 2
    assert not [path for path in names(bench.folder) if path.startswith("images/") and not path.endswith(".part")]
    assert stored(bench.run(text)) == 6
    assert set(bench.bills().values()) == {1}


async def test_many_at_once_do_not_meet(tmp_path: Path) -> None:
    """Downloads into one new folder, all at the same time."""
    files = await asyncio.gather(*(fetch(tmp_path, FakeFiles(png()), stem=f"hero/{n}") for n in range(20)))
    assert names(tmp_path) == sorted(file.path for file in files)


async def test_an_image_of_an_earlier_state_file_is_not_overwritten(tmp_path: Path) -> None:
    """Another picture under the wanted name stays; the new one gets a name of its own."""
    old = tmp_path / "images" / "a.png"
    old.parent.mkdir()
    old.write_bytes(png("red"))
    kept = await fetch(tmp_path, FakeFiles(png("blue")), "a")
    assert old.read_bytes() == png("red")
    assert kept.path == f"images/a-{kept.sha256[:12]}.png"
    assert (tmp_path / kept.path).read_bytes() == png("blue")


async def test_the_same_bytes_under_the_wanted_name_are_taken_over(tmp_path: Path) -> None:
    """After a crash between rename and commit the second download ends where the first did."""
    for _ in range(2):
        kept = await fetch(tmp_path, FakeFiles(png("red")), "a")
        assert kept.path == "images/a.png"


async def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    """Neither as the part nor as the final name can a link lead the bytes elsewhere."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "images").mkdir()
    for name in ("a.part", "a.png"):
        (tmp_path / "images" / name).symlink_to(victim)
    kept = await fetch(tmp_path, FakeFiles(png("red")), "a")
    assert victim.read_text() == "precious"
    assert kept.path != "images/a.png"
