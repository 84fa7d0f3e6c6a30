"""What safety costs: commits by the level of syncing, files by their way to the disk, pictures by how well checked.

python durability.py
"""

from __future__ import annotations

import io
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from importlib import resources
from pathlib import Path

from measure import workplace
from pictures import bodies
from PIL import Image

from flux_batch.run.plane.durable import open_new, share_and_sync, sync_folder, write_all, write_past_cache
from flux_batch.run.plane.picture import check_picture

COMMITS, WIDTH = 100, 16
FILES, FILE = 300, 550_000
WAYS = (
    ("OFF", "TRUNCATE"), ("NORMAL", "TRUNCATE"), ("FULL", "TRUNCATE"), ("EXTRA", "TRUNCATE"), ("EXTRA", "DELETE"),
)  # fmt: skip
"""How sure, and what becomes of the journal; a run has the fourth."""
KEEPING = (
    ("in the cache", write_all, False), ("synced from the cache", write_all, True),
    ("past the cache, synced", write_past_cache, True),
)  # fmt: skip
"""A run has the third."""


def commits(path: Path, level: str, journal: str) -> tuple[float, float]:
    """Milliseconds of wall clock and of CPU for one commit of WIDTH changes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(resources.files("flux_batch.run.store").joinpath("schema.sql").read_text(encoding="utf-8"))
        db.execute(f"PRAGMA journal_mode = {journal}")
        db.execute(f"PRAGMA synchronous = {level}")
        add = "INSERT INTO purchase (key, number, place, stem, phase) VALUES (?1, ?1, ?1, ?1, 'planned')"
        db.execute("BEGIN")
        db.executemany(add, [(number,) for number in range(COMMITS * WIDTH)])
        db.execute("COMMIT")
        wall, cpu = time.perf_counter(), time.process_time()
        for number in range(COMMITS):
            db.execute("BEGIN IMMEDIATE")
            for key in range(number * WIDTH, (number + 1) * WIDTH):
                db.execute("UPDATE purchase SET phase = 'intent', body = ? WHERE number = ?", (b"x" * 200, key))
            db.execute("COMMIT")
        scale = 1000 / COMMITS
        return (time.perf_counter() - wall) * scale, (time.process_time() - cpu) * scale


def kept(folder: Path, name: str, write: Callable[[int, bytes], None], sync: bool) -> tuple[float, float]:
    """Milliseconds of wall clock and of CPU for a file of FILE bytes, as a run keeps it.

    The contents take turns, so that the processor does not have them at hand.
    """
    contents = [os.urandom(FILE) for _ in range(64)]
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(FILES):
        part = folder / f"{name}-{number}.part"
        handle = open_new(part)
        write(handle, contents[number % len(contents)])
        if sync:
            share_and_sync(handle)
        os.close(handle)
        part.replace(part.with_suffix(".png"))
        if sync:
            sync_folder(folder)
    scale = 1000 / FILES
    return (time.perf_counter() - wall) * scale, (time.process_time() - cpu) * scale


def each(doing: Callable[[], object], times: int = 40) -> float:
    """Milliseconds of CPU for doing it once."""
    start = time.process_time()
    for _ in range(times):
        doing()
    return (time.process_time() - start) / times * 1000


def main() -> None:
    """All three tables."""
    with workplace() as place:
        print(f"a commit of {WIDTH} changes     wall ms    CPU ms")
        for level, journal in WAYS:
            wall, cpu = commits(place / f"{level}-{journal}.sqlite", level, journal)
            print(f"{level:<8}{journal:<20}{wall:>8.2f}{cpu:>10.2f}")
        print("\na file of 550 KB              wall ms    CPU ms")
        for name, write, sync in KEEPING:
            wall, cpu = kept(Path(place), name.replace(" ", "-"), write, sync)
            print(f"{name:<28}{wall:>8.2f}{cpu:>10.2f}")
        data = bodies("photo")[0]
        path = place / "photo.jpg"
        path.write_bytes(data)
        print("\na JPEG of 1 MP                CPU ms")
        print(f"its header                  {each(lambda: Image.open(io.BytesIO(data)).verify()):>8.2f}")
        print(f"decoded whole               {each(lambda: Image.open(io.BytesIO(data)).load()):>8.2f}")
        print(f"checked as a run does       {each(lambda: check_picture(path)):>8.2f}")


if __name__ == "__main__":
    main()
