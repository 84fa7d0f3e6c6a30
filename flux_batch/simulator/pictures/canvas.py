"""Pillow, with light: gradients, glows, soft shadows and shaded shapes, each in a few milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from flux_batch.simulator.pictures.geometry import Part, Point
from flux_batch.simulator.pictures.palette import Colour, darker, lighter

FINE: Final = 3
"""Shapes are drawn this much larger and reduced, for smooth edges."""

COARSE: Final = 6
"""Shadows are drawn up to this much smaller: blurring is dear, and they have no edges."""

Box = tuple[int, int, int, int]


class Canvas:
    """An RGB picture under the brush. Sizes and places in pixels; ``side`` is where the light is, -1 left, 1 right."""

    def __init__(self, width: int, height: int, side: int = -1, ground: Image.Image | None = None) -> None:
        self.image = ground if ground is not None else Image.new("RGB", (width, height))
        self.width, self.height = self.image.size
        self.side = side

    def fade(self, box: Box, stops: Sequence[Colour]) -> None:
        """Fill ``box`` with colours that run from its top to its bottom."""
        strip = Image.new("RGB", (1, len(stops)))
        strip.putdata(list(stops))
        size = (box[2] - box[0], box[3] - box[1])
        if min(size) <= 0:
            return
        # Half a stop is cut off at each end, or the first and last colours would be flat bands.
        area = (0.0, 0.5, 1.0, len(stops) - 0.5) if len(stops) > 1 else None
        self.image.paste(strip.resize(size, Image.Resampling.BILINEAR, box=area), box[:2])

    def glow(self, x: float, y: float, wide: float, high: float, colour: Colour, strength: float) -> None:
        """Soft light, brightest at (x, y) and gone at the half-axes."""
        disc = _disc().resize((max(2, int(2 * wide)), max(2, int(2 * high))), Image.Resampling.BILINEAR)
        self.image.paste(colour, (int(x - wide), int(y - high)), disc.point([int(i * strength) for i in range(256)]))

    def shadow(self, outline: Sequence[Point], blur: float, strength: float, colour: Colour = (24, 18, 34)) -> None:
        """A blurred dark shape."""
        self._blurred(outline, blur, strength, colour)

    def light(self, outline: Sequence[Point], blur: float, strength: float, colour: Colour) -> None:
        """A blurred bright shape, such as the sun through a window on a wall."""
        self._blurred(outline, blur, strength, colour)

    def part(self, part: Part, x: float, y: float, scale: float, colour: Colour) -> None:
        """A piece of a thing that stands at (x, y) and is ``scale`` pixels high per unit."""
        points = [(x + px * scale, y - py * scale) for px, py in part.outline]
        self.shape(points, colour, part.shade, part.alpha, part.line * scale)

    def shape(
        self, points: Sequence[Point], colour: Colour, shade: str = "flat", alpha: float = 1.0, line: float = 0.0
    ) -> None:
        """A smooth shape, or a stroke of width ``line``, shaded."""
        margin = line / 2 + 1
        left, top = int(min(p[0] for p in points) - margin), int(min(p[1] for p in points) - margin)
        right, bottom = int(max(p[0] for p in points) + margin) + 1, int(max(p[1] for p in points) + margin) + 1
        mask = _mask([(p[0] - left, p[1] - top) for p in points], (right - left, bottom - top), line)
        if alpha < 1:
            mask = mask.point([int(i * alpha) for i in range(256)])
        self.image.paste(shaded(mask.size, colour, shade, self.side), (left, top), mask)

    def multiply(self, colour: Colour, strength: float) -> None:
        """Tint everything."""
        tint = tuple(round(255 + (part - 255) * strength) for part in colour)
        tables = [round(i * part / 255) for part in tint for i in range(256)]
        self.image = self.image.point(tables)

    def vignette(self, strength: float) -> None:
        """Darken the corners a little."""
        size = self.image.size
        shade = ImageOps.invert(Image.radial_gradient("L")).point([min(255, 150 + i) for i in range(256)])
        soft = shade.resize((size[0] * 5 // 4, size[1] * 5 // 4), Image.Resampling.BILINEAR)
        left, top = size[0] // 8, size[1] // 8
        soft = soft.crop((left, top, left + size[0], top + size[1]))
        soft = soft.point([int(255 - (255 - i) * strength) for i in range(256)])
        self.image = ImageChops.multiply(self.image, Image.merge("RGB", (soft, soft, soft)))

    def _blurred(self, outline: Sequence[Point], blur: float, strength: float, colour: Colour) -> None:
        reach = blur * 2.5
        coarse = max(1, min(COARSE, int(blur / 2)))
        left, top = min(p[0] for p in outline) - reach, min(p[1] for p in outline) - reach
        right, bottom = max(p[0] for p in outline) + reach, max(p[1] for p in outline) + reach
        size = (max(2, int((right - left) / coarse)), max(2, int((bottom - top) / coarse)))
        small = Image.new("L", size)
        ImageDraw.Draw(small).polygon([((x - left) / coarse, (y - top) / coarse) for x, y in outline], fill=255)
        small = small.filter(ImageFilter.GaussianBlur(blur / coarse)).point([int(i * strength) for i in range(256)])
        mask = small.resize((int(right - left), int(bottom - top)), Image.Resampling.BICUBIC)
        self.image.paste(colour, (int(left), int(top)), mask)


def shaded(size: tuple[int, int], colour: Colour, shade: str, side: int) -> Image.Image:
    """A patch of ``colour`` with light on it."""
    return _ramp(colour, shade, side).resize(size, Image.Resampling.BILINEAR)


@lru_cache(maxsize=1024)
def _ramp(colour: Colour, shade: str, side: int) -> Image.Image:
    """A profile in a colour: small, so that stretching it is cheaper than colouring the stretched one."""
    return ImageOps.colorize(_profile(shade, side), darker(colour, 0.5), lighter(colour, 0.5), mid=colour)


@cache
def _profile(shade: str, side: int) -> Image.Image:
    """How bright each place of a shape is, on a small picture of its own."""
    if shade == "ball":
        away = (
            Image.radial_gradient("L").resize((160, 160)).crop((48, 52, 144, 148) if side < 0 else (16, 52, 112, 148))
        )
        return away.point([max(26, int(232 - i * 1.5)) for i in range(256)])
    if shade == "round":
        strip = Image.new("L", (len(_CYLINDER), 1))
        strip.putdata(_CYLINDER if side < 0 else _CYLINDER[::-1])
        return strip
    strip = Image.new("L", (1, 2))
    strip.putdata((150, 104))
    return strip


_CYLINDER: Final = (92, 150, 206, 222, 190, 158, 134, 116, 100, 84, 68, 54, 44, 40, 52, 70)
"""Across a cylinder lit from the left: an edge, the shine, the long fall into shadow, a little light from behind."""


@cache
def _disc() -> Image.Image:
    away = Image.radial_gradient("L")
    edge = int(away.getpixel((0, 128)) or 255)  # type: ignore[arg-type]  # one band: always a number
    return away.point([int(max(0.0, 1 - i / edge) ** 1.5 * 255) for i in range(256)])


def _mask(points: Sequence[Point], size: tuple[int, int], line: float) -> Image.Image:
    large = Image.new("L", (size[0] * FINE, size[1] * FINE))
    pen = ImageDraw.Draw(large)
    fine = [(x * FINE, y * FINE) for x, y in points]
    if line <= 0:
        pen.polygon(fine, fill=255)
        return large.reduce(FINE)
    width = max(1, round(line * FINE))
    pen.line(fine, fill=255, width=width, joint="curve")
    for x, y in (fine[0], fine[-1]):
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return large.reduce(FINE)
