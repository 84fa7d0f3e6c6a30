"""Runs whose data plane is a Dask cluster: workers may die, be slow or be unfit, and nothing is paid twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flux_batch.errors import LocalFailure, Unclear, UsageError
from flux_batch.report.manifest import manifest
from flux_batch.report.write import write_report
from flux_batch.run.plane import cluster as module
from flux_batch.run.plane.cluster import Cluster, check_address
from flux_batch.run.plane.errand import MARK, WITNESS, Errand, Trouble, Warrant, bring, kit, objection
from flux_batch.run.plane.slots import PER_THREAD, Slots
from flux_batch.run.records import Phase, RunView
from tests.run.conftest import MakeBench
from tests.run.kit import CHAIN, KEY, MATRIX, Bench, only, png, stored

from .kit import Host, contents


def pids(cluster: Any) -> list[int]:
    """The processes of the workers."""
    return [nanny.process.pid for nanny in cluster.workers.values()]


async def until(true: Any) -> None:
    """Wait for something to become true."""
    for _ in range(600):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came true")


def test_a_whole_run_leaves_the_same_as_in_this_process(
    cluster: Any, make_bench: MakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images, thumbnails and the manifest, byte for byte, apart from times and ids; the run's own id is fixed here."""
    monkeypatch.setattr("secrets.choice", lambda _: "a")
    left, views = [], list[RunView]()
    for name, dask in (("here", None), ("dask", cluster.scheduler_address)):
        bench = make_bench()
        bench.home = tmp_path / name
        bench.home.mkdir()
        assert only(bench.run(CHAIN, dask=dask).phases, Phase.STORED)
        assert set(bench.bills().values()) == {1}
        views.append(bench.view())
        write_report(views[-1], bench.folder)
        left.append({name: sha for name, sha in contents(bench.folder).items() if name.startswith(("im", "th"))})
    assert left[0] == left[1]
    assert len(left[0]) > 6
    assert told(views[0]) == told(views[1])


def told(view: RunView) -> dict[str, Any]:
    """A manifest without what no two runs share; an edit's request holds an address of its provider."""
    made = manifest(view)
    for name in ("created", "updated", "provider"):
        made.pop(name)
    own = ("times", "remote_id", "request_sha256")
    made["tasks"] = [{name: value for name, value in task.items() if name not in own} for task in made["tasks"]]
    return made


async def test_a_worker_killed_in_a_download_costs_a_download(cluster: Any, host: Host, folder: Path) -> None:
    """Another one does it; no part is left when the plane is closed."""
    host.gate.clear()
    async with Cluster(cluster.scheduler_address, folder, loopback=True) as plane:
        bringing = asyncio.create_task(plane.bring(host.url("a", png()), "a"))
        await until(lambda: host.open_now)
        (ran,) = {each for state in cluster.scheduler.tasks.values() if (each := state.processing_on)}
        os.kill(
            next(n.process.pid for n in cluster.workers.values() if n.worker_address == ran.address), signal.SIGKILL
        )
        await until(lambda: len(host.asked) == 2)
        host.gate.set()
        file = await bringing
        assert (folder / file.path).read_bytes() == png()
        (folder / "images" / f"b{MARK}dead.part").write_text("what a worker leaves that dies later")
    assert not [name for name in contents(folder) if name.endswith(".part")]
    await until(lambda: len(cluster.scheduler.workers) == 2)


def test_all_workers_killed_in_a_run_buy_nothing_again(cluster: Any, make_bench: MakeBench) -> None:
    """Each image is billed once and stored in the end."""
    import threading

    bench = make_bench(latency=(0.1, 0.6))
    killed: list[int] = []

    def kill() -> None:
        deadline = time.monotonic() + 20
        while len(killed) < 3 and time.monotonic() < deadline:
            time.sleep(0.4)
            for pid in pids(cluster)[:1]:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    bench.run(MATRIX, dask=cluster.scheduler_address, concurrency=4)
    thread.join()
    assert killed
    assert stored(bench.run(MATRIX)) == 12
    assert set(bench.bills().values()) == {1}
    assert bench.requests("submit") == 12


async def test_slow_workers_are_given_no_more_than_they_can_hold(cluster: Any, host: Host, folder: Path) -> None:
    """The rest waits in this process, where nothing runs out of time."""
    host.gate.clear()
    async with Cluster(cluster.scheduler_address, folder, loopback=True) as plane:
        tasks = [asyncio.create_task(plane.bring(host.url(f"{n}", png()), f"{n}")) for n in range(30)]
        await until(lambda: host.open_now == 4)

        def given() -> int:
            return sum(name.startswith("bring-") for name in map(str, cluster.scheduler.tasks))

        await until(lambda: given() >= PER_THREAD * 4)
        await asyncio.sleep(0.2)  # nothing more comes behind them
        assert given() == PER_THREAD * 4
        host.gate.set()
        assert len(await asyncio.gather(*tasks)) == 30
    assert host.most_open <= 4


async def test_places_grow_while_none_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that come while all others are busy for long get their share at once."""
    monkeypatch.setattr("flux_batch.run.plane.slots.LOOK_AGAIN", 0.02)
    threads, done = 1, asyncio.Event()

    async def now() -> int:
        return threads

    slots = Slots(now)

    async def work() -> None:
        async with slots.one():
            await done.wait()

    tasks = [asyncio.create_task(work()) for _ in range(20)]
    await until(lambda: slots.under_way == PER_THREAD)
    threads = 4
    await until(lambda: slots.under_way == PER_THREAD * 4)
    await asyncio.sleep(0.1)
    assert slots.under_way == PER_THREAD * 4
    done.set()
    await asyncio.gather(*tasks)


async def test_places_grow_and_shrink_with_the_workers() -> None:
    """Never to none: what waits would wait for ever."""
    threads, most, under_way = 3, 0, 0

    async def now() -> int:
        return threads

    slots = Slots(now)

    async def work() -> None:
        nonlocal under_way, most
        async with slots.one():
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert most == 6
    threads = most = 0
    await asyncio.gather(*(work() for _ in range(5)))
    assert most == 1


def environment_of(pid: int) -> bytes:
    """What a process was started with."""
    return Path(f"/proc/{pid}/environ").read_bytes()


def listening() -> set[str]:
    """The addresses at which this process and its children take connections."""
    import psutil

    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    found = (each for process in family for each in process.net_connections("inet"))
    return {each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN}


async def test_workers_see_no_key(monkeypatch: pytest.MonkeyPatch, host: Host, folder: Path) -> None:
    """Not in their environment from the first moment on, not in an errand; and what is made here ends with the run."""
    monkeypatch.setenv("TOAPIS_API_KEY", KEY)
    async with Cluster("local:1", folder, loopback=True) as plane:
        assert (await plane.bring(host.url("a", png()), "a")).path == "images/a.png"
        assert "TOAPIS_API_KEY" not in os.environ
        (pid,) = (await plane._client.run(os.getpid)).values()
        assert KEY.encode() not in environment_of(pid)
        assert listening() <= {"127.0.0.1"}
    assert os.environ["TOAPIS_API_KEY"] == KEY
    await until(lambda: not Path(f"/proc/{pid}").exists())
    assert contents(folder).keys().isdisjoint({WITNESS})


def warrant(home: Path, **changes: Any) -> Warrant:
    """One that this process may work under."""
    (home / WITNESS).write_text("word")
    return replace(Warrant(folder=str(home), token="word", loopback=True, kit=kit()), **changes)


def test_a_worker_must_see_the_run_folder(folder: Path) -> None:
    """The same one: a folder of the same name elsewhere holds no word, or another."""
    assert objection(warrant(folder)) == ""
    assert "another run uses" in objection(warrant(folder, token="other"))
    assert "does not see the run folder" in objection(warrant(folder, folder=f"{folder}-elsewhere"))


def test_a_worker_must_have_the_same_versions(folder: Path) -> None:
    """Another decoder may find other images whole, and draws other thumbnails."""
    older = tuple((name, "0.1") if name == "Pillow" else (name, at) for name, at in kit())
    assert "the run has 0.1: install the same" in objection(warrant(folder, kit=older))


async def test_a_worker_that_came_later_looks_as_well(host: Host, folder: Path) -> None:
    """Before it asks for anything, and once more before it keeps anything."""
    url, late = host.url("a", png()), warrant(folder, token="other")
    answer = await bring(Errand(url=url, stem="a", warrant=late))
    assert isinstance(answer, Trouble)
    assert answer.kind == "local"
    assert host.asked == []
    host.gate.clear()
    working = asyncio.create_task(bring(Errand(url=url, stem="a", warrant=warrant(folder))))
    await until(lambda: host.open_now)
    (folder / WITNESS).unlink()
    host.gate.set()
    answer = await working
    assert isinstance(answer, Trouble)
    assert not [name for name in contents(folder) if name.startswith("images/")]


@pytest.mark.parametrize("what", ["folder", "versions"])
async def test_an_unfit_worker_ends_the_run_before_anything_is_bought(
    what: str, cluster: Any, make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the worker's address and what to do."""
    if what == "versions":
        monkeypatch.setattr(module, "kit", lambda: tuple((name, "0.1") for name, _ in kit()))
    else:
        monkeypatch.setattr(module, "create_private", lambda path: None)
        monkeypatch.setattr(module, "WITNESS", ".elsewhere")
    bench = make_bench()
    with pytest.raises(LocalFailure, match=r"the worker at tcp://\S+ cannot be used"):
        await asyncio.to_thread(bench.run, MATRIX, dask=cluster.scheduler_address)
    assert bench.requests("submit") == 0


def test_a_scheduler_that_does_not_answer_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is bought."""
    monkeypatch.setattr(module, "ANSWER", 0.5)
    with pytest.raises(LocalFailure, match="no Dask scheduler with a worker answers at tcp"):
        bench.run(MATRIX, dask="tcp://127.0.0.1:1")
    assert bench.requests("submit") == 0


async def test_a_scheduler_that_goes_away_ends_the_run(host: Host, folder: Path) -> None:
    """Nothing else will bring the images now; they wait at the provider."""
    import distributed

    library: Any = distributed
    host.gate.clear()
    options = {"protocol": "tcp://", "asynchronous": True, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    made = await library.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **options)
    async with Cluster(made.scheduler_address, folder, loopback=True) as plane:
        bringing = asyncio.create_task(plane.bring(host.url("a", png()), "a"))
        await until(lambda: host.open_now)
        closing = asyncio.create_task(made.close())
        with pytest.raises(LocalFailure, match="is gone; what is paid waits at the provider"):
            await bringing
        host.gate.set()
        await closing


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what the option takes, where it was misspelt."""
    check_address("local:4")
    check_address("tls://scheduler.example:8786")
    for wrong in ("local:0", "local:", "scheduler:8786", "http://scheduler:8786", "tcp://scheduler"):
        with pytest.raises(UsageError, match="local:N"):
            check_address(wrong)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install 'flux-batch\[dask\]'"):
        check_address("local:4")


async def test_what_nobody_sees_here_is_not_stored(cluster: Any, host: Host, folder: Path) -> None:
    """A worker's word is not enough."""
    async with Cluster(cluster.scheduler_address, folder, loopback=True) as plane:
        plane._folder = folder / "other"
        with pytest.raises(Unclear, match="not to be seen here"):
            await plane.bring(host.url("a", png()), "a")


def test_an_errand_shows_no_address() -> None:
    """Dask writes what fails into its logs."""
    shown = repr(Errand(url="https://x/?signature=canary", stem="a", warrant=warrant_without_folder()))
    assert "canary" not in shown


def warrant_without_folder() -> Warrant:
    """For what looks at nothing."""
    return Warrant(folder="", token="", loopback=True, kit=())


def test_an_interrupted_run_lets_downloads_finish(make_bench: MakeBench) -> None:
    """^C reaches every process of the terminal; the workers leave it to the run, which ends with 130."""
    bench = make_bench(latency=(2.0, 2.0))
    (bench.home / "spec.yaml").write_text("version: 1\nname: one\nprompt: a mug\nratios: ['1:1']\n")
    command = [sys.executable, "-m", "flux_batch", "run", "spec.yaml", "--yes", "--out", "run", "--dask", "local:1"]
    environment = {**os.environ, "TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": bench.simulator.base_url}
    process = subprocess.Popen(
        command, cwd=bench.home, env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not bench.requests("submit") and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert stored(bench.run("version: 1\nname: one\nprompt: a mug\nratios: ['1:1']\n")) == 1
    assert set(bench.bills().values()) == {1}
