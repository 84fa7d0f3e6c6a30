"""The report of a finished run with its thumbnails: from nothing, again, and with one new image."""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from measure import Figures, measure
from PIL import Image
from take_over import STORED, TIMES

from flux_batch import load_spec, make_plan
from flux_batch.report.credentials import CACHE
from flux_batch.run.folder.prepare import prepare_folder
from flux_batch.run.plane.thumbs import make_thumbs
from flux_batch.run.records import StoredFile
from flux_batch.run.store.registry import register
from flux_batch.run.store.state import FILE, StateFile
from specs import write_spec

ROUNDS = 5
RUN = Path("run")


def main() -> None:
    """The first argument is the number of images, 10,000 by default."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as home:
        count = write_spec(Path(home) / "spec.yaml", images)
        folder = Path(home) / RUN
        keys = store_all(Path(home) / "spec.yaml", folder)
        print(f"{count:,} images, thumbnails present; median of {ROUNDS} (CPU: min to max)")
        tell("nothing written yet", home, lambda _: clear(folder))
        tell("nothing new", home, lambda _: None)
        tell("one new image", home, lambda number: redraw(folder, keys[number], number))


def clear(folder: Path) -> None:
    """Take the report away, and what it remembered of the originals; thumbnails stay."""
    for name in ("index.html", "data.js", "table.html", "manifest.json", CACHE):
        (folder / name).unlink(missing_ok=True)


def tell(title: str, home: str, prepare: Callable[[int], object]) -> None:
    """Measure the command after ``prepare``, several times."""
    found: list[Figures] = []
    for number in range(ROUNDS):
        prepare(number)
        found.append(measure([sys.executable, "-m", "flux_batch", "report", str(RUN)], cwd=home))
    wall, cpu, memory = (statistics.median(getattr(each, name) for each in found) for name in ("wall", "cpu", "memory"))
    spread = f"{min(each.cpu for each in found):.2f} to {max(each.cpu for each in found):.2f}"
    print(f"{title:<22}{wall:>8.2f} s{cpu:>8.2f} s CPU ({spread}){memory:>8.0f} MB", flush=True)


def store_all(spec_file: Path, folder: Path) -> list[str]:
    """A run folder in which every image is stored; returns their keys."""
    spec = load_spec(spec_file)
    prepare_folder(folder)
    with StateFile(folder / FILE) as state:
        register(state, make_plan(spec), spec, now=1.0)
        rows = state.db.rows("SELECT key, stem, number FROM purchase ORDER BY number")
        with state.db.transaction():
            for row in rows:
                put(state, folder, row["key"], draw(folder, row["stem"], row["number"]))
        state.db.execute("UPDATE ledger SET spent = 40000 * (SELECT count(*) FROM purchase)")
    return [row["key"] for row in rows]


def redraw(folder: Path, key: str, number: int) -> None:
    """Another picture in the place of one."""
    with StateFile(folder / FILE) as state:
        (row,) = state.db.rows("SELECT stem FROM purchase WHERE key = ?", (key,))
        put(state, folder, key, draw(folder, row["stem"], 1_000_000 + number))


def put(state: StateFile, folder: Path, key: str, file: StoredFile) -> None:
    """Say that an image is stored, with its thumbnail."""
    make_thumbs([file], folder)
    fields = {name: getattr(file, name) for name in ("path", "sha256", "bytes", "width", "height", "mime")}
    state.db.execute(f"{STORED} WHERE key = ?", (json.dumps(fields), json.dumps(TIMES), key))


def draw(folder: Path, stem: str, number: int) -> StoredFile:
    """A small picture that no other is like."""
    content = BytesIO()
    Image.new("RGB", (64, 64), (number % 256, number // 256 % 256, number // 65536 % 256)).save(content, "PNG")
    path = folder / "images" / f"{stem}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.getvalue())
    sha256 = hashlib.sha256(content.getvalue()).hexdigest()
    size = len(content.getvalue())
    place = path.relative_to(folder).as_posix()
    return StoredFile(path=place, sha256=sha256, bytes=size, width=64, height=64, mime="image/png")


if __name__ == "__main__":
    main()
