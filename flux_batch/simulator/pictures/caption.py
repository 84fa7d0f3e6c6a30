"""The label under a picture, like a museum's: what was asked for, by which model, and that nothing here is real."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from flux_batch.simulator.pictures.palette import Colour

BADGE: Final = "REHEARSAL · not a real image"


def band_height(width: int, height: int) -> int:
    """Depends on the size alone, so that an edit's label covers its reference's exactly."""
    return round(_unit(width, height) * 5.2)


def draw_caption(image: Image.Image, top: int, prompt: str, left_note: str, right_note: str, *, dark: bool) -> None:
    """Write the label from ``top`` down."""
    width, height = image.size
    unit = _unit(width, height)
    paper, ink, faint = ((34, 33, 38), (240, 234, 224), (196, 168, 120)) if dark else _LIGHT
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, top, width, height), fill=paper)
    pen.line((0, top, width, top), fill=faint, width=max(1, round(unit * 0.06)))
    margin = round(unit * 1.1)
    text, small = font(round(unit * 1.06)), font(round(unit * 0.72))
    lines = wrapped(prompt, text, width - 2 * margin, 2)
    line_height = unit * 1.36
    start = top + (height - top - unit * 1.3 - line_height * len(lines)) / 2
    for index, line in enumerate(lines):
        pen.text((margin, start + index * line_height), line, font=text, fill=ink)
    below = start + line_height * len(lines) + unit * 0.35
    pen.text((margin, below), left_note, font=small, fill=faint)
    if small.getlength(left_note) + small.getlength(right_note) + 3 * margin < width:
        pen.text((width - margin - small.getlength(right_note), below), right_note, font=small, fill=faint)


def draw_badge(image: Image.Image, text: str = BADGE) -> None:
    """A small pill in the upper right corner."""
    unit = _unit(*image.size)
    small = font(round(unit * 0.72))
    wide, high = small.getlength(text) + unit * 1.3, unit * 1.5
    left, top = image.width - wide - unit * 0.8, unit * 0.8
    pill = Image.new("L", (round(wide) * 3, round(high) * 3))
    ImageDraw.Draw(pill).rounded_rectangle((0, 0, pill.width - 1, pill.height - 1), pill.height // 2, fill=205)
    image.paste((28, 27, 32), (round(left), round(top)), pill.reduce(3))
    place = (left + unit * 0.65, top + high / 2)
    ImageDraw.Draw(image).text(place, text, font=small, fill=(250, 244, 232), anchor="lm")


def wrapped(text: str, face: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float, most: int) -> tuple[str, ...]:
    """``text`` in at most ``most`` lines of ``width`` pixels, the last one shortened with an ellipsis."""
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    lines: list[str] = []
    while words and len(lines) < most:
        taken = _fitting(words, face, width)
        lines.append(" ".join(words[:taken]))
        words = words[taken:]
    if lines and (words or face.getlength(lines[-1]) > width):
        lines[-1] = _shortened(f"{lines[-1]} {' '.join(words[:1])}".strip(), face, width)
    return tuple(lines)


def _fitting(words: list[str], face: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> int:
    taken = 1
    while taken < len(words) and face.getlength(" ".join(words[: taken + 1])) <= width:
        taken += 1
    return taken


def _shortened(line: str, face: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    line = line[:300]
    while line and face.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line.rstrip(' ,.;:')}…"


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own typeface: there on every machine."""
    return ImageFont.load_default(size=max(7, size))


def _unit(width: int, height: int) -> float:
    """The size of a letter, about: a share of the picture's area, but never too wide for a narrow one."""
    return min(math.sqrt(width * height) * 0.0245, width * 0.03)


_LIGHT: Final[tuple[Colour, Colour, Colour]] = ((247, 243, 236), (48, 44, 46), (138, 122, 106))
