"""The picture an edit starts from: opened, freed of a label of ours, or replaced by a card with its address."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from typing import Final
from urllib.parse import unquote, urlsplit

from PIL import Image, ImageDraw, ImageOps

from flux_batch.simulator.pictures.canvas import Canvas
from flux_batch.simulator.pictures.caption import font, wrapped
from flux_batch.simulator.pictures.palette import ROOMS, darker, lighter

_LABEL: Final = re.compile(r"label (\d+)/(\d+)")


def open_reference(data: bytes) -> Image.Image:
    """RGB, or RGBA when parts of it are clear; upright; without the label that the simulator wrote under it."""
    with warnings.catch_warnings():
        # Its size was checked when it arrived.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data)) as opened:
            note = opened.info.get("comment", opened.info.get("Description", ""))
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            clear = "A" in upright.getbands() or "transparency" in upright.info
            image = upright.convert("RGBA" if clear else "RGB")
    label = _LABEL.search(note.decode("latin-1") if isinstance(note, bytes) else str(note))
    if label and 0 < int(label[1]) < int(label[2]):
        image = image.crop((0, 0, image.width, round(image.height * (1 - int(label[1]) / int(label[2])))))
    return image


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as a viewer shows it, in pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(io.BytesIO(data)) as opened:
            turned = opened.getexif().get(0x0112, 1) in {5, 6, 7, 8}
            return (opened.height, opened.width) if turned else opened.size


def is_cutout(image: Image.Image) -> bool:
    """A product on a clear ground."""
    if image.mode != "RGBA":
        return False
    corners = ((0, 0), (image.width - 1, 0), (0, image.height - 1), (image.width - 1, image.height - 1))
    alpha = image.getchannel("A")
    return all(alpha.getpixel(corner) == 0 for corner in corners) and alpha.getbbox() is not None


def card(url: str) -> Image.Image:
    """A stand-in for a picture on the internet: the simulator never leaves this machine."""
    parts = urlsplit(url)
    _, low, table = ROOMS[hashlib.sha256(url.encode()).digest()[0] % len(ROOMS)]
    canvas = Canvas(800, 800)
    canvas.fade((0, 0, 800, 800), (lighter(low, 0.35), low, darker(table, 0.1)))
    canvas.glow(240, 200, 420, 420, (255, 250, 240), 0.6)
    canvas.shape(((0, 800), (250, 420), (430, 640), (580, 500), (800, 800)), darker(table, 0.35))
    canvas.shape(tuple((590 + 60 * dx, 230 + 60 * dy) for dx, dy in _ROUND), (255, 246, 226))
    pen = ImageDraw.Draw(canvas.image)
    name = unquote(parts.path.rpartition("/")[2]) or "/"
    for y, text, size in ((640, name, 44), (700, parts.hostname or "", 32), (744, "not fetched", 26)):
        line = wrapped(text, font(size), 720, 1)
        pen.text((400, y), line[0] if line else "", font=font(size), fill=(255, 252, 246), anchor="mm")
    return canvas.image


_ROUND: Final = tuple((p.real, p.imag) for p in (1j ** (i / 8) for i in range(32)))
