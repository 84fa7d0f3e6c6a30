"""A large run with one image left: how soon after the start the first request leaves.

    python resume.py [--images N] [--rounds N]

All images but one are written as stored, each with a file of one byte. What waits is an ear that notes when somebody
comes. The parts are measured beside it: Python with this program's imports, and the same with the plan.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

from measure import measure, workplace
from run import write_spec

from flux_batch.api.settings import api_settings
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.make import make_plan
from flux_batch.run.asked import Fresh
from flux_batch.run.folder.identity import claim_identity
from flux_batch.run.folder.prepare import prepare_folder
from flux_batch.run.records import StoredFile
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.spec.beside.files import inspect_reference
from flux_batch.spec.load import load_spec

IMPORTS = (
    "import flux_batch.cli.run, flux_batch.cli.running.carry_out, flux_batch.run.session, "
    "flux_batch.cli.planning.prepare"
)

ROWS = (
    "first request after the start of the process",
    "of that: Python and imports",
    "beside it: flux-batch plan --json, whole",
)


def prepare(home: Path, images: int, base: str) -> None:
    """The spec and the run folder, as a run from the home folder would make them."""
    write_spec(home, images, 64, 1.0)
    os.chdir(home)
    spec = load_spec(Path("spec.yaml"))
    plan = make_plan(spec, partial(inspect_reference, spec.folder))
    folder = Path("run")
    prepare_folder(folder)
    with StateFile(folder / FILE) as state:
        asked = Fresh(plan=plan, spec=spec, selection=Selection())
        asked.take_over(
            state, asked.estimate(state, retry_failed=False, resend=True), now=time.time(), retry_failed=False
        )
        claim_identity(state, api_settings(base, "sk-bench"), rehearsal=False)
        rows = state.db.rows("SELECT key, stem, number FROM purchase ORDER BY number")[:-1]
        with state.db.transaction():
            state.db.execute_all(
                "UPDATE purchase SET phase = 'stored', sends = 1, price = 40000, remote_id = ?, file = ?, times = ?"
                " WHERE key = ?",
                (
                    (f"task_{row['number']}", _stored(folder, row["stem"]), '{"stored": 1.0}', row["key"])
                    for row in rows
                ),
            )
            state.db.execute("UPDATE ledger SET spent = ?", (40_000 * len(rows),))


def _stored(folder: Path, stem: str) -> str:
    path = Path("images", f"{stem}.png")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(b"x")
    return json.dumps(
        asdict(StoredFile(path=path.as_posix(), sha256=stem, bytes=1, width=1, height=1, mime="image/png"))
    )


def first_request(home: Path, ear: socket.socket, base: str) -> tuple[float, float]:
    """Seconds from the start of a process to its first connection, by the clock and of CPU; it is ended then."""
    command = [sys.executable, "-m", "flux_batch", "run", "spec.yaml", "--yes", "--out", "run"]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=home,
        env={"TOAPIS_BASE_URL": base, "TOAPIS_API_KEY": "sk-bench", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ear.accept()[0].close()
        wall = time.perf_counter() - start
    finally:
        process.kill()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return wall, usage.ru_utime + usage.ru_stime


def main() -> None:
    """The row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as ear, workplace() as place:
        ear.settimeout(300)
        base = f"http://127.0.0.1:{ear.getsockname()[1]}/v1"
        prepare(place, given.images, base)
        plan = [sys.executable, "-m", "flux_batch", "plan", "spec.yaml", "--json"]
        found = [
            (
                *first_request(place, ear, base),
                *_seconds([sys.executable, "-c", IMPORTS], place),
                *_seconds(plan, place),
            )
            for _ in range(given.rounds)
        ]
    medians = [statistics.median(column) for column in zip(*found, strict=True)]
    print(f"{given.images:,} images, 1 left (median of {given.rounds})                wall      CPU")
    for number, name in enumerate(ROWS):
        print(f"{name:<46}{medians[2 * number]:6.2f} s {medians[2 * number + 1]:6.2f} s")


def _seconds(command: list[str], place: Path) -> tuple[float, float]:
    figures = measure(command, cwd=place)
    return figures.wall, figures.cpu


if __name__ == "__main__":
    main()
