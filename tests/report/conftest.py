"""Runs built by hand: no wire, no state file, only records and small pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from flux_batch.plan.records import Price, Reference, Task
from flux_batch.run.records import Entry, Failure, Phase, Purchase, RunView, StoredFile, Times
from flux_batch.spec.records import ReportOptions

# A browser on a busy machine may take its time; what never comes is still missed.
expect.set_options(timeout=30_000)

NOON = 1_795_435_200.0
"""23 November 2026, 12:00 UTC."""

PRICE = Decimal("0.04")
PIXELS = {"1:1": (320, 320), "16:9": (400, 225), "9:16": (225, 400), "match_input_image": (320, 320)}

MakePicture = Callable[[str, str], StoredFile]
MakeRun = Callable[..., RunView]


def sha(text: str | bytes) -> str:
    """A content hash, or a key that looks like one."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@cache
def picture_bytes(seed: str, size: tuple[int, int], format_name: str = "PNG") -> bytes:
    """A small gradient with a circle; every seed has its own colours."""
    tint = tuple(hashlib.sha256(seed.encode()).digest()[:3])
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image = Image.blend(image, Image.new("RGB", size, tint), 0.6)
    width, height = size
    ImageDraw.Draw(image).ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=tint[::-1])
    content = io.BytesIO()
    image.save(content, format_name)
    return content.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty run folder."""
    path = tmp_path / "runs" / "spring mugs #1"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def make_picture(folder: Path) -> MakePicture:
    """Draws an image into the run folder as the run would have stored it: ``make_picture("images/a.png", "1:1")``."""

    def make(path: str, ratio: str) -> StoredFile:
        size = PIXELS[ratio]
        content = picture_bytes(path, size)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        width, height = size
        return StoredFile(
            path=path, sha256=sha(content), bytes=len(content), width=width, height=height, mime="image/png"
        )

    return make


def make_task(
    number: int, axes: dict[str, str], *, job: str = "hero", prompt: str = "", reference: Reference | None = None
) -> Task:
    """A task whose key comes from its number; ``axes`` must end with model, ratio and n."""
    said = ", ".join(label for name, label in axes.items() if name not in ("model", "ratio", "n"))
    return Task(
        key=sha(f"key {number}"),
        id=f"{job}-{number:03d}",
        job=job,
        axes=axes,
        model=axes["model"],
        prompt=prompt or f"Studio photo of a {said}, soft window light",
        size=axes["ratio"],
        options={"response_format": "png", "safety_tolerance": 2},
        reference=reference,
        n=int(axes["n"]),
        stem=f"{job}-{number:03d}",
        price=PRICE,
        line=3,
    )


def stored(task: Task, file: StoredFile) -> Entry:
    """A task that was bought, and whose image is here."""
    purchase = Purchase(
        key=task.key,
        phase=Phase.STORED,
        sends=1,
        price=PRICE,
        business_id=f"fb-{task.id}",
        remote_id=f"task_img_{task.id}",
        result_url=f"https://files.example/{task.id}.png?Signature=SECRET",
        file=file,
        times=Times(intent=NOON - 60, submitted=NOON - 59.5, ready=NOON - 40, stored=NOON - 39),
    )
    return Entry(task=task, purchase=purchase)


def unstored(task: Task, phase: Phase, failure: Failure | None = None) -> Entry:
    """A task without an image."""
    return Entry(task=task, purchase=Purchase(key=task.key, phase=phase, price=PRICE, failure=failure))


def make_view(entries: tuple[Entry, ...], **changes: object) -> RunView:
    """A run of these entries whose books are in order."""
    costs = {entry.task.key: entry.purchase.cost for entry in entries}
    view = RunView(
        name="spring-mugs",
        spec_file="specs/spring.yaml",
        spec_sha256=sha("spec"),
        base_url="https://toapis.com/v1",
        rehearsal=False,
        created=NOON - 600,
        updated=NOON,
        prices=(Price(model="flux-kontext-pro", amount=PRICE, source="model guide", date="2026-05-02"),),
        report=ReportOptions(title="Spring mugs, round 1"),
        budget_max=Decimal("5.00"),
        spent=sum(costs.values(), Decimal(0)),
        reserved=Decimal(0),
        entries=entries,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


PRODUCTS = ("sage mug", "white teapot", "blue bowl")
SCENES = ("linen", "marble")
RATIOS = ("1:1", "16:9")


@pytest.fixture
def spring(make_picture: MakePicture) -> RunView:
    """Products by scenes by ratios, 3 by 2 by 2; the last are failed, refused and on their way; and one edit."""
    entries: list[Entry] = []
    for product in PRODUCTS:
        for scene in SCENES:
            for ratio in RATIOS:
                number = len(entries) + 1
                axes = {"product": product, "scene": scene, "model": "flux-kontext-pro", "ratio": ratio, "n": "1"}
                file = make_picture(f"images/hero/{product}-{scene}-{ratio.replace(':', 'x')}.png", ratio)
                entries.append(stored(make_task(number, axes), file))
    entries[9] = unstored(entries[9].task, Phase.FAILED, Failure(code="generation_failed", message="Out of paint"))
    entries[10] = unstored(
        entries[10].task, Phase.REFUSED, Failure(code="content_policy_violation", message="Not this teapot")
    )
    entries[11] = unstored(entries[11].task, Phase.SUBMITTED)
    parent = entries[0].task
    edit = make_task(
        13,
        {"product": "sage mug", "scene": "linen", "model": "flux-kontext-pro", "ratio": "1:1", "n": "1"},
        job="winter",
        prompt="Turn the season to winter",
        reference=Reference(kind="parent", source=parent.key),
    )
    entries.append(stored(edit, make_picture("images/winter/sage mug-linen.png", "1:1")))
    return make_view(tuple(entries), reserved=PRICE)
