"""A run folder of ten thousand images that no provider made: thumbnails of real size and detail, no originals."""

from __future__ import annotations

import hashlib
import io
from decimal import Decimal
from pathlib import Path

from PIL import Image, ImageDraw

from flux_batch.plan.records import Task
from flux_batch.run.plane.thumbs import LARGE, SMALL, Thumb, Thumbs
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView, StoredFile
from flux_batch.spec.records import ReportOptions

MODELS = ("flux-kontext-pro", "flux-kontext-max")
RATIOS = {"1:1": (1, 1), "16:9": (16, 9), "9:16": (9, 16), "4:3": (4, 3), "3:4": (3, 4)}
SCENES = tuple(f"scene {number}" for number in range(1, 11))
WORDS = (
    "soft window light on a rumpled linen tablecloth, shallow depth of field, a calm and quiet morning in the kitchen"
)
PRICE = Decimal("0.04")
DRAWN = 6
"""Different pictures of each shape and size; every image has files of its own, so nothing is decoded only once."""


def size_of(ratio: str, longest: int) -> tuple[int, int]:
    """Pixels of a thumbnail."""
    width, height = RATIOS[ratio]
    return round(width / max(width, height) * longest), round(height / max(width, height) * longest)


def draw(ratio: str, longest: int, number: int) -> bytes:
    """A thumbnail as large and as detailed as a real one."""
    width, height = size_of(ratio, longest)
    noise = Image.effect_noise((width, height), 40).convert("RGB")
    tint = tuple(hashlib.sha256(f"{ratio} {number}".encode()).digest()[:3])
    image = Image.blend(noise, Image.new("RGB", (width, height), tint), 0.75)
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=tint[::-1])
    content = io.BytesIO()
    image.save(content, "WEBP", quality=80, method=0)
    return content.getvalue()


def task_of(number: int) -> Task:
    """Products by scenes by models by ratios, as a product of a spec would be ordered."""
    ratio, rest = list(RATIOS)[number % 5], number // 5
    model, rest = MODELS[rest % 2], rest // 2
    scene, product = SCENES[rest % 10], f"product {rest // 10 + 1:03d}"
    return Task(
        key=hashlib.sha256(f"key {number}".encode()).hexdigest(),
        id=f"hero-{product}-{scene}-{number}".replace(" ", "-"),
        job="hero",
        axes={"product": product, "scene": scene, "model": model, "ratio": ratio, "n": "1"},
        model=model,
        prompt=f"Studio photo of {product} in {scene}, {WORDS}",
        size=ratio,
        options={"response_format": "png", "safety_tolerance": 2},
        price=PRICE,
        line=12,
    )


def failed(task: Task) -> Entry:
    """An image that never came."""
    failure = Failure(code="generation_failed", message="The provider ran out of paint")
    return Entry(task=task, purchase=Purchase(key=task.key, phase=Phase.FAILED, failure=failure))


def stored(task: Task, sha256: str) -> Entry:
    """An image that did."""
    width, height = size_of(task.size, 1440)
    place = "-".join(task.axes.values()).replace(" ", "-").replace(":", "x")
    file = StoredFile(
        path=f"images/hero/{place}.png", sha256=sha256, bytes=1_400_000, width=width, height=height, mime="image/png"
    )
    return Entry(task=task, purchase=Purchase(key=task.key, phase=Phase.STORED, sends=1, price=PRICE, file=file))


def make_run(count: int, folder: Path) -> tuple[RunView, dict[str, Thumbs | None]]:
    """The run, and its thumbnails in ``folder``; one image in 97 failed."""
    drawn = {
        (ratio, longest): [draw(ratio, longest, number) for number in range(DRAWN)]
        for ratio in RATIOS
        for longest in (SMALL, LARGE)
    }
    (folder / "thumbs").mkdir(parents=True)
    entries: list[Entry] = []
    thumbs: dict[str, Thumbs | None] = {}
    for number in range(count):
        task = task_of(number)
        if number % 97 == 0:
            entries.append(failed(task))
            continue
        sha256 = hashlib.sha256(f"image {number}".encode()).hexdigest()
        made = {}
        for longest in (SMALL, LARGE):
            path = f"thumbs/{sha256[:20]}-{longest}.webp"
            (folder / path).write_bytes(drawn[task.size, longest][number % DRAWN])
            width, height = size_of(task.size, longest)
            made[longest] = Thumb(path=path, width=width, height=height)
        thumbs[sha256] = Thumbs(small=made[SMALL], large=made[LARGE])
        entries.append(stored(task, sha256))
    return view_of(entries), thumbs


def view_of(entries: list[Entry]) -> RunView:
    """The books of that run."""
    return RunView(
        name="ten-thousand",
        spec_file="specs/ten-thousand.yaml",
        spec_sha256="0" * 64,
        base_url="https://toapis.com/v1",
        rehearsal=False,
        created=1_795_435_200.0,
        updated=1_795_435_200.0,
        prices=(),
        report=ReportOptions(title="Ten thousand"),
        budget_max=Decimal(500),
        spent=sum((entry.purchase.cost for entry in entries), Decimal(0)),
        reserved=Decimal(0),
        entries=tuple(entries),
    )
