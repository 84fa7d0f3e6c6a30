"""The disk as a user meets it: full, read-only, cut short, or open to others: exit 4, a sentence, and it goes on."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from flux_batch.run.after.verify import Condition, verify
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import fault
from tests.run.kit import png

from .conftest import MakeDesk
from .kit import FAST, Desk, Result

SPEC = """
version: 1
name: disk
prompt: "a {{ colour }} {{ thing }}"
variables: {colour: [red, green, blue], thing: [mug, plant]}
ratios: ["1:1"]
execution: {concurrency: 2, settle_seconds: 0.5}
"""
IMAGES = 6
MB = 1024 * 1024

linux = pytest.mark.skipif(sys.platform != "linux", reason="mounts and limits as Linux has them")


class Drive:
    """A small disk in memory, mounted for one test."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()

    def mount(self, size: int) -> None:
        """Put it there; the test is skipped where that is not allowed."""
        options = f"size={size},mode=700"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.place], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")

    def change(self, options: str) -> None:
        """Mount it again, otherwise."""
        subprocess.run(["mount", "-o", f"remount,{options}", self.place], check=True)

    def fill(self, left: int) -> Path:
        """Take all room but ``left`` bytes; the run may write between the look and the taking."""
        filler = self.place / "filler"
        with filler.open("wb") as file:
            for _ in range(100):
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(self.place).free - left))
                    return filler
        pytest.fail("the drive could not be filled")

    def unmount(self) -> None:
        """Take it away, if it is there."""
        subprocess.run(["umount", "-l", self.place], capture_output=True, check=False)


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Drive]:
    """A disk that is mounted when the test says how large."""
    if shutil.which("mount") is None:
        pytest.skip("there is no mount here")
    drive = Drive(tmp_path / "drive")
    try:
        yield drive
    finally:
        drive.unmount()


def command(desk: Desk, out: str) -> list[str]:
    """The run that every test here repeats."""
    desk.write("disk.yaml", SPEC)
    return ["run", "disk.yaml", "--yes", "--out", out, *FAST]


def start(desk: Desk, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    """A process that can be met in the middle of its work."""
    return subprocess.Popen(
        [sys.executable, "-m", "flux_batch", *arguments],
        cwd=desk.home,
        env=desk.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        **options,
    )


def end(process: subprocess.Popen[str]) -> Result:
    """How it ended; never with a traceback."""
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    assert "bug of ours" not in err, err
    return Result(process.returncode, out, err)


def bills(desk: Desk) -> Counter[str | None]:
    """How often each request was billed."""
    assert desk.simulator
    return Counter(entry.business_id for entry in desk.simulator.ledger.entries)


def submits(desk: Desk) -> int:
    """How many requests to buy have arrived."""
    assert desk.simulator
    return desk.simulator.log.counts.get("submit", 0)


def goes_on(desk: Desk, out: str) -> None:
    """The same command stores everything, and nothing was paid twice."""
    done = desk(*command(desk, out))
    assert done.code == 0, done.err
    assert bills(desk) == dict.fromkeys(bills(desk), 1)
    assert len(bills(desk)) == IMAGES
    folder = desk.home / out
    with StateFile(folder / FILE, read_only=True) as state:
        conditions = [image.condition for image in verify(state.view(), folder)]
    assert conditions == [Condition.FINE] * IMAGES
    assert not list(folder.rglob("*.part"))


def wait_for(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


@linux
class TestFull:
    def test_what_cannot_be_kept_is_not_bought(self, live_desk: Desk, drive: Drive) -> None:
        """No room for a single image: nothing is sent, the sentence has a number, and with room it goes on."""
        drive.mount(12 * MB)
        done = live_desk(*command(live_desk, "drive/run"))
        assert done.code == 4
        assert re.search(r"too full to buy more: drive/run has 1[12] MB left.* Free [45] MB there", done.err), done.err
        assert "Nothing is lost. To go on: flux-batch run disk.yaml" in done.err
        assert submits(live_desk) == 0
        drive.change(f"size={40 * MB}")
        goes_on(live_desk, "drive/run")

    def test_a_rehearsal_too(self, desk: Desk, drive: Drive) -> None:
        """It draws on the same disk."""
        drive.mount(12 * MB)
        desk.write("disk.yaml", SPEC)
        done = desk("rehearse", "disk.yaml", "--out", "drive/run")
        assert done.code == 4
        assert "too full" in done.err
        drive.change(f"size={40 * MB}")
        assert desk("rehearse", "disk.yaml", "--out", "drive/run").code == 0

    def test_with_little_room_fewer_are_under_way_and_all_are_made(self, make_desk: MakeDesk, drive: Drive) -> None:
        """One at a time where there is room for one: a small disk is enough for a small run."""
        desk = make_desk()
        drive.mount(18 * MB)
        done = desk(*command(desk, "drive/run"), "--concurrency", "8")
        assert done.code == 0, done.err
        assert len(bills(desk)) == IMAGES
        with StateFile(desk.home / "drive" / "run" / FILE, read_only=True) as state:
            times = [entry.purchase.times for entry in state.view().entries]
        spans = sorted((each.intent or 0.0, each.stored or 0.0) for each in times)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))

    @pytest.mark.parametrize("left", [20_000, 0])
    def test_a_disk_that_fills_up_during_the_run_loses_nothing(
        self, left: int, make_desk: MakeDesk, drive: Drive
    ) -> None:
        """Somebody else writes: nothing more is bought, and what is bought is fetched now or by the next run."""
        desk = make_desk(latency=(0.3, 0.4))
        drive.mount(60 * MB)
        process = start(desk, *command(desk, "drive/run"))
        wait_for(lambda: submits(desk) >= 2)
        filler = drive.fill(left)
        done = end(process)
        assert done.code == 4, done.err
        assert re.search("too full|No space left|disk is full", done.err), done.err
        assert submits(desk) <= 4
        filler.unlink()
        goes_on(desk, "drive/run")

    def test_room_is_asked_for_once_more_before_each_request(self, make_desk: MakeDesk, drive: Drive) -> None:
        """Four wait for their turn to be sent as somebody else fills the disk: what is bought is stored, no more."""
        desk = make_desk(latency=(0.3, 0.4))
        drive.mount(60 * MB)
        process = start(desk, *command(desk, "drive/run"), "--concurrency", "4", "--submit-rate", "0.7")
        wait_for(lambda: submits(desk) >= 1)
        filler = drive.fill(15 * MB)
        done = end(process)
        assert done.code == 4, done.err
        assert "too full to buy more" in done.err
        assert submits(desk) == 1
        assert "1 image stored, 5 not finished" in done.out
        filler.unlink()
        goes_on(desk, "drive/run")

    @pytest.mark.parametrize("limit", [5_000, 40_000])
    def test_a_limit_on_file_sizes_is_a_sentence(self, limit: int, live_desk: Desk) -> None:
        """RLIMIT_FSIZE: the system says "file too large", and SIGXFSZ kills nobody."""

        def confine() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = end(start(live_desk, *command(live_desk, "run"), preexec_fn=confine))
        assert done.code == 4, done.err
        assert re.search("File too large|disk I/O error|disk is full", done.err), done.err
        goes_on(live_desk, "run")

    def test_a_drive_that_may_not_be_written_sends_nothing(self, make_desk: MakeDesk, drive: Drive) -> None:
        """Neither a new run nor one that is half done; written again, it goes on."""
        desk = make_desk(fault("policy", prompt="mug", times=1))
        drive.mount(60 * MB)
        assert desk(*command(desk, "drive/run"), "--limit", "3").code == 1
        sent = submits(desk)
        drive.change("ro")
        for out in ("drive/run", "drive/other"):
            done = desk(*command(desk, out))
            assert done.code == 4, done.err
            assert "Read-only file system" in done.err
            assert out in done.err
        assert submits(desk) == sent
        drive.change("rw")
        assert desk(*command(desk, "drive/run"), "--retry-failed").code == 0
        assert len(bills(desk)) == IMAGES
        assert set(bills(desk).values()) == {1}


class TestDamaged:
    def test_a_newer_state_file_is_left_as_it_is(self, live_desk: Desk) -> None:
        """No command changes a byte of it; put back, the run goes on."""
        state, kept = _half_done(live_desk)
        with sqlite3.connect(state) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        newer = state.read_bytes()
        for arguments in (command(live_desk, "run"), ["report", "run"]):
            done = live_desk(*arguments)
            assert done.code == 4
            assert "written by a newer flux-batch (format 99)" in done.err
        assert state.read_bytes() == newer
        state.write_bytes(kept)
        goes_on(live_desk, "run")

    def test_a_state_file_that_is_none_is_left_as_it_is(self, live_desk: Desk) -> None:
        """Nothing is sent, nothing is written over it; put back, the run goes on."""
        state, kept = _half_done(live_desk)
        sent = submits(live_desk)
        for garbage in (b"not a database, but long enough to be one" * 99, b"\0" * 8192, kept[:100]):
            state.write_bytes(garbage)
            done = live_desk(*command(live_desk, "run"))
            assert done.code == 4, (garbage, done.err)
            assert str(Path("run") / FILE) in done.err
            assert state.read_bytes() == garbage
        assert submits(live_desk) == sent
        state.write_bytes(kept)
        goes_on(live_desk, "run")

    def test_a_report_cut_anywhere_is_made_again(self, live_desk: Desk) -> None:
        """By `report` and by a run that has nothing else to do: the state file is the only truth."""
        goes_on(live_desk, "run")
        folder = live_desk.home / "run"
        names = ("manifest.json", "index.html", "data.js")
        whole = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
        assert {"manifest.json", "index.html"} <= whole.keys()
        arguments = [["report", "run"], command(live_desk, "run")]
        for turn, part in enumerate((0.3, 0.99)):
            for name, content in whole.items():
                (folder / name).write_bytes(content[: int(len(content) * part)])
            assert live_desk(*arguments[turn % 2]).code == 0
            assert {name: (folder / name).read_bytes() for name in whole} == whole
        assert len(bills(live_desk)) == IMAGES


REFERENCE = """
version: 1
name: logo
prompt: "this on marble"
reference: logo.png
ratios: ["1:1"]
"""


def _no_file(path: Path) -> None:
    path.mkdir()


def _a_dead_link(path: Path) -> None:
    path.symlink_to("gone.png")


def _a_pipe(path: Path) -> None:
    os.mkfifo(path)


def _closed(path: Path) -> None:
    path.write_bytes(png())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


@linux
@pytest.mark.parametrize("make", [_no_file, _a_dead_link, _a_pipe, _closed])
def test_a_reference_that_cannot_be_read_is_a_problem_of_the_spec(
    make: Callable[[Path], None], live_desk: Desk
) -> None:
    """Exit 2, with its line, before anything is sent."""
    live_desk.write("logo.yaml", REFERENCE)
    make(live_desk.home / "logo.png")
    done = live_desk("run", "logo.yaml", "--yes", *FAST)
    assert done.code == 2
    assert "logo.yaml:5:" in done.err
    assert live_desk.requests() == 0
    path = live_desk.home / "logo.png"
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.write_bytes(png())
    assert live_desk("run", "logo.yaml", "--yes", *FAST).code == 0


class TestModes:
    @linux
    @pytest.mark.parametrize(("mask", "shared"), [(0o000, 0o666), (0o027, 0o640)])
    def test_what_is_private_is_closed_and_what_is_shared_follows_the_umask(
        self, mask: int, shared: int, live_desk: Desk
    ) -> None:
        """The folder, the state and the inputs are their owner's; images and reports are made to be handed on."""
        assert end(start(live_desk, *command(live_desk, "run"), umask=mask)).code == 0
        folder = live_desk.home / "run"
        found = {path.relative_to(folder): mode(path) for path in folder.rglob("*") if path.is_file()}
        private = {path: bits for path, bits in found.items() if path.parts[0] in (FILE, "run.lock", "inputs")}
        assert mode(folder) == 0o700
        assert set(private.values()) == {0o600}
        assert {path.parts[0] for path in private} == {FILE, "run.lock", "inputs"}
        assert {bits for path, bits in found.items() if path not in private} == {shared}

    @linux
    def test_a_folder_open_to_others_is_refused_with_the_command_that_closes_it(self, live_desk: Desk) -> None:
        """And that command, typed as it stands, is enough."""
        folder = live_desk.write("open to all/note.txt", "").parent
        folder.chmod(0o777)
        done = live_desk(*command(live_desk, "open to all"))
        assert done.code == 4
        advice = done.err.strip().rpartition(": ")[2]
        assert advice == "chmod go-w 'open to all'"
        assert live_desk.requests() == 0
        assert sorted(path.name for path in folder.iterdir()) == ["note.txt"]
        subprocess.run(advice, shell=True, cwd=live_desk.home, check=True)
        goes_on(live_desk, "open to all")


def mode(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def _half_done(desk: Desk) -> tuple[Path, bytes]:
    """A run of three images, its state file, and what stands in it."""
    assert desk(*command(desk, "run"), "--limit", "3").code == 0
    state = desk.home / "run" / FILE
    return state, state.read_bytes()
