"""Thumbnails of many PNGs against bare Pillow on two processes that draws the same and checks nothing.

``thumbs.py [IMAGES]`` pairs them; ``thumbs.py settings`` shows what each setting of the drawing costs and gives.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from measure import Figures, measure, pair
from PIL import Image, ImageChops, ImageFilter, _imaging

from flux_batch.run.plane.thumbs import LARGE, SMALL, drawn, make_thumbs
from flux_batch.run.records import StoredFile

SHAPES = 16
"""Different pictures; the others repeat them, each with a byte more behind its end."""


def photo(seed: int) -> Image.Image:
    """1 MP of soft shapes with grain."""
    noise = random.Random(seed)
    small = Image.frombytes("RGB", (24, 24), noise.randbytes(24 * 24 * 3)).resize((1024, 1024))
    grain = Image.frombytes("RGB", (1024, 1024), noise.randbytes(1024 * 1024 * 3))
    return Image.blend(small, grain.filter(ImageFilter.GaussianBlur(1)), 0.12)


def originals(folder: Path, count: int) -> None:
    """As many PNGs as asked for, each with bytes of its own."""
    (folder / "images").mkdir(parents=True)
    bodies = [_encoded(photo(seed), "PNG") for seed in range(min(SHAPES, count))]
    for number in range(count):
        (folder / f"images/{number}.png").write_bytes(bodies[number % SHAPES] + f"{number}".encode())


def ours(folder: Path) -> None:
    """What a report does where a run has drawn nothing."""
    files = []
    for path in sorted((folder / "images").iterdir()):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        files.append(
            StoredFile(path=f"images/{path.name}", sha256=digest, bytes=len(data), width=0, height=0, mime="image/png")
        )
    assert None not in make_thumbs(files, folder).values()


def floor(folder: Path) -> None:
    """The same two pictures."""
    (folder / "thumbs").mkdir()
    with multiprocessing.Pool(2) as pool:
        pool.map(partial(_drawn, folder), sorted((folder / "images").iterdir()))


def _drawn(folder: Path, path: Path) -> None:
    with Image.open(path) as image:
        for longest in (LARGE, SMALL):
            image.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=None)
            image.save(folder / f"thumbs/{path.stem}-{longest}.webp", quality=80, method=2)


def paired(count: int) -> None:
    """Both in turn, each in a fresh folder of thumbnails."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        originals(folder, count)

        def timed(way: str) -> Figures:
            for path in (folder / "thumbs").glob("*"):
                path.unlink()
            if (folder / "thumbs").exists():
                (folder / "thumbs").rmdir()
            return measure([sys.executable, __file__, way, str(folder)])

        print(f"{count} PNGs of 1 MP, two thumbnails of each")
        pair(partial(timed, "ours"), partial(timed, "floor"))


def settings() -> None:
    """CPU milliseconds an image (median of 7), and bytes or PSNR where there is a difference."""
    image = photo(1)
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 92}), ("WEBP", {"quality": 90})):
        body = _encoded(image, kind, **options)
        print(f"decode a {kind:<5} {len(body):>9,} bytes  {_cost(partial(_loaded, body)):6.1f} ms", end="")
        print(f", verify() {_cost(partial(_verified, body)):5.1f} ms")
    body = _encoded(image, "JPEG", quality=92)
    for blocks in (0, 4):
        _imaging.set_blocks_max(blocks)
        print(f"JPEG to both thumbnails, {blocks} blocks of memory kept  {_cost(partial(_both, body)):6.1f} ms")
    print(f"decode a JPEG with draft(800)     {_cost(partial(_loaded, body, draft=True)):6.1f} ms")
    for gap in (None, 1.0, 2.0):
        print(f"1 MP to {LARGE}, reducing_gap={gap}  {_cost(partial(_fitted, image, LARGE, gap)):6.1f} ms", end="")
        print(f", to {SMALL}  {_cost(partial(_fitted, image, SMALL, gap)):6.1f} ms")
    large = _fitted(image, LARGE, None)
    print(f"{LARGE} to {SMALL}  {_cost(partial(_fitted, large, SMALL, None)):6.1f} ms")
    for method in range(5):
        save = partial(_encoded, large, "WEBP", quality=80, method=method)
        body = save()
        print(f"WebP {LARGE}, quality 80, method {method}: {_cost(save):6.1f} ms, {len(body):>7,} bytes, ", end="")
        print(f"{_psnr(large, Image.open(io.BytesIO(body))):.1f} dB")


def _loaded(body: bytes, *, draft: bool = False) -> Image.Image:
    with Image.open(io.BytesIO(body)) as image:
        if draft:
            image.draft("RGB", (LARGE, LARGE))
        image.load()
        return image


def _both(body: bytes) -> None:
    drawn(_loaded(body))


def _verified(body: bytes) -> None:
    with Image.open(io.BytesIO(body)) as image:
        image.verify()


def _fitted(image: Image.Image, longest: int, gap: float | None) -> Image.Image:
    made = image.copy()
    made.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=gap)
    return made


def _encoded(image: Image.Image, kind: str, **options: int) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def _cost(work: Callable[[], object]) -> float:
    """Median CPU milliseconds."""
    spent = []
    for _ in range(7):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return statistics.median(spent) * 1000


def _psnr(one: Image.Image, other: Image.Image) -> float:
    import math

    counts = ImageChops.difference(one, other.convert("RGB")).histogram()
    error = sum((value % 256) ** 2 * count for value, count in enumerate(counts))
    return 10 * math.log10(255**2 * one.width * one.height * 3 / error)


if __name__ == "__main__":
    if sys.argv[1:2] in (["ours"], ["floor"]):
        {"ours": ours, "floor": floor}[sys.argv[1]](Path(sys.argv[2]))
    elif sys.argv[1:2] == ["settings"]:
        settings()
    else:
        paired(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
