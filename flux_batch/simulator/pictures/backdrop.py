"""What is behind and below the thing: wall, window light, hills, and a table of something."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from flux_batch.simulator.pictures.canvas import Box, Canvas
from flux_batch.simulator.pictures.geometry import leaf, smooth
from flux_batch.simulator.pictures.palette import WHITE, Colour, brightness, darker, lighter, mix
from flux_batch.simulator.pictures.scene import Scene


def draw_backdrop(canvas: Canvas, scene: Scene, horizon: int, bottom: int, chance: random.Random) -> None:
    """Everything above ``horizon``."""
    top, low = scene.wall
    if scene.has_land:
        _land(canvas, scene, horizon, bottom if scene.is_only_land else horizon, chance)
        return
    canvas.fade((0, 0, canvas.width, horizon), (top, mix(top, low, 0.5), low))
    side_x = canvas.width * (0.5 + 0.42 * scene.side)
    canvas.glow(side_x, horizon * 0.15, canvas.width * 0.75, horizon * 1.1, lighter(top, 0.75), _glow(scene))
    if scene.light != "night":
        (_window if chance.random() < 0.55 else _foliage)(canvas, scene, horizon, chance)


def draw_table(canvas: Canvas, scene: Scene, horizon: int, bottom: int, chance: random.Random) -> None:
    """The surface from ``horizon`` down to ``bottom``."""
    table = scene.table
    box = (0, horizon, canvas.width, bottom)
    canvas.fade(box, (lighter(table, 0.16), table, darker(table, 0.16)))
    texture = TEXTURES.get(scene.surface)
    if texture is not None:
        texture(canvas, box, table, chance)
    pool = canvas.width * (0.5 + 0.22 * scene.side)
    canvas.glow(pool, horizon + (bottom - horizon) * 0.35, canvas.width * 0.5, (bottom - horizon) * 0.8, WHITE, 0.2)
    # A line of light on the far edge separates the table from the wall.
    canvas.fade((0, horizon, canvas.width, horizon + max(1, canvas.height // 320)), (lighter(table, 0.45),))


def draw_bokeh(canvas: Canvas, scene: Scene, horizon: int, chance: random.Random) -> None:
    """Far lights out of focus."""
    dark = brightness(scene.wall[0]) < 110
    colours = (scene.tones["accent"], (255, 226, 178), (255, 244, 226), scene.tones["petal"])
    unit = min(canvas.width, canvas.height)
    for _ in range(18):
        radius = unit * chance.uniform(0.018, 0.075)
        x, y = chance.uniform(0, canvas.width), chance.uniform(0, horizon * 0.86)
        alpha = chance.uniform(0.12, 0.3) * (1.5 if dark else 1.0)
        colour = lighter(chance.choice(colours), 0.5)
        canvas.shape(_circle(x, y, radius), colour, "flat", alpha)
        canvas.shape(_circle(x, y, radius), lighter(colour, 0.5), "flat", alpha * 0.8, radius * 0.07)


def _glow(scene: Scene) -> float:
    return {"night": 0.22, "dusk": 0.45, "warm": 0.75}.get(scene.light, 0.6)


def _window(canvas: Canvas, scene: Scene, horizon: int, chance: random.Random) -> None:
    """Sunlight through a window, slanted on the wall."""
    lean = 0.16 * -scene.side * canvas.width * chance.uniform(0.8, 1.2)
    middle = canvas.width * (0.5 - scene.side * chance.uniform(0.06, 0.2))
    wide, gap = canvas.width * 0.13, canvas.width * 0.014
    colour = mix(lighter(scene.wall[0], 0.7), (255, 240, 206), 0.5)
    for column in (-1, 1):
        for upper, lower in ((0.08, 0.4), (0.44, 0.84)):
            near, far = middle + column * gap, middle + column * (gap + wide)
            pane = ((near + lean * upper, horizon * upper), (far + lean * upper, horizon * upper - horizon * 0.03))
            foot = ((far + lean * lower, horizon * lower - horizon * 0.03), (near + lean * lower, horizon * lower))
            canvas.light((*pane, *foot), max(2.0, canvas.width * 0.006), 0.5, colour)


def _foliage(canvas: Canvas, scene: Scene, horizon: int, chance: random.Random) -> None:
    """The shadow of a branch outside the window."""
    unit = min(canvas.width, horizon) * 1.1
    x, y = canvas.width * (0.5 + scene.side * chance.uniform(0.3, 0.5)), -0.02 * horizon
    heading = 270 - scene.side * chance.uniform(20, 48)
    for index in range(9):
        angle = heading + (42 if index % 2 else -42) + chance.uniform(-10, 10)
        outline = leaf(x, -y, unit * (0.34 - index * 0.014), unit * 0.15, angle)
        canvas.shadow([(px, -py) for px, py in outline], unit * 0.016, 0.13, darker(scene.wall[1], 0.7))
        x += unit * 0.085 * math.cos(math.radians(heading))
        y -= unit * 0.085 * math.sin(math.radians(heading))


def _land(canvas: Canvas, scene: Scene, horizon: int, bottom: int, chance: random.Random) -> None:
    """A sky with a sun, and ridges one behind the other."""
    sky = {"night": ((22, 26, 58), (60, 58, 108)), "dusk": ((96, 98, 160), (252, 176, 128))}
    top, low = sky.get(scene.light, ((120, 176, 220), (236, 240, 238)))
    canvas.fade((0, 0, canvas.width, bottom), (top, mix(top, low, 0.55), low, low))
    unit = min(canvas.width, canvas.height)
    sun_x, sun_y = canvas.width * (0.5 + 0.26 * scene.side), horizon * 0.42
    canvas.glow(sun_x, sun_y, unit * 0.55, unit * 0.55, (255, 238, 200), 0.7)
    canvas.shape(_circle(sun_x, sun_y, unit * 0.06), (255, 248, 228))
    ground = {"night": (18, 24, 48), "dusk": (70, 46, 92)}.get(scene.light, (38, 92, 92))
    far, near = mix(low, top, 0.4), mix(ground, scene.tones["body"], 0.14)
    start, layers = horizon * 0.62, 5 if scene.is_only_land else 3
    for layer in range(layers):
        share = layer / max(1, layers - 1)
        base = start + (bottom - start) * share * 0.78
        ridge = _ridge(canvas.width, base, horizon * (0.2 - 0.1 * share), chance)
        canvas.shape((*ridge, (canvas.width + 9, bottom), (-9, bottom)), mix(far, near, share))


def _ridge(width: int, base: float, swing: float, chance: random.Random) -> tuple[tuple[float, float], ...]:
    places = [(-9 + (width + 18) * i / 7, base - swing * chance.random()) for i in range(8)]
    return smooth(places)


def _circle(x: float, y: float, radius: float) -> tuple[tuple[float, float], ...]:
    return tuple((x + radius * dx, y + radius * dy) for dx, dy in _ROUND)


_ROUND: Final = tuple((round(p.real, 6), round(p.imag, 6)) for p in (1j ** (i / 8) for i in range(32)))


def _overlay(canvas: Canvas, box: Box, mask: Image.Image, colour: Colour) -> None:
    size = (box[2] - box[0], box[3] - box[1])
    if min(size) > 0:
        canvas.image.paste(colour, box[:2], mask.resize(size, Image.Resampling.BILINEAR))


def _wood(canvas: Canvas, box: Box, table: Colour, chance: random.Random) -> None:
    """Planks that narrow towards the wall, with grain."""
    wide, high = 512, 128
    grain = Image.new("L", (wide, high))
    pen = ImageDraw.Draw(grain)
    for _ in range(70):
        y, x = chance.uniform(0, high), chance.uniform(-60, wide)
        pen.line((x, y, x + chance.uniform(60, 320), y + chance.uniform(-1.5, 1.5)), fill=chance.randint(14, 60))
    for share in (0.12, 0.34, 0.66):
        pen.line((0, high * share, wide, high * share), fill=120)
    _overlay(canvas, box, grain.filter(ImageFilter.GaussianBlur(0.7)), darker(table, 0.55))


def _marble(canvas: Canvas, box: Box, table: Colour, chance: random.Random) -> None:
    """Veins."""
    wide, high = 480, 160
    veins = Image.new("L", (wide, high))
    pen = ImageDraw.Draw(veins)
    for _ in range(11):
        x, y = chance.uniform(-80, wide), chance.uniform(-10, high)
        path = [(x, y)]
        for _ in range(chance.randint(5, 9)):
            x, y = x + chance.uniform(18, 60), y + chance.uniform(-16, 22)
            path.append((x, y))
        pen.line(smooth(path), fill=chance.randint(50, 130), width=chance.choice((1, 1, 2, 3)), joint="curve")
    _overlay(canvas, box, veins.filter(ImageFilter.GaussianBlur(1.1)), darker(table, 0.42))


def _linen(canvas: Canvas, box: Box, table: Colour, chance: random.Random) -> None:
    """A weave and a few folds."""
    size = (box[2] - box[0], box[3] - box[1])
    folds = Image.new("L", (max(2, size[0] // 6), max(2, size[1] // 6)))
    pen = ImageDraw.Draw(folds)
    for _ in range(5):
        x, lean = chance.uniform(0, folds.width), chance.uniform(-30, 30)
        pen.line((x, 0, x + lean, folds.height), fill=90, width=chance.randint(1, 4))
    _overlay(canvas, box, folds.filter(ImageFilter.GaussianBlur(2.2)), darker(table, 0.45))
    weave = Image.new("L", size)
    pen = ImageDraw.Draw(weave)
    for y in range(0, size[1], 3):
        pen.line((0, y, size[0], y), fill=16)
    for x in range(0, size[0], 3):
        pen.line((x, 0, x, size[1]), fill=20)
    canvas.image.paste(darker(table, 0.5), box[:2], weave)


def _speckled(canvas: Canvas, box: Box, table: Colour, chance: random.Random) -> None:
    """Stone or sand."""
    for colour, share in ((darker(table, 0.4), 70), (lighter(table, 0.6), 60)):
        specks = Image.new("L", (360, 120))
        pen = ImageDraw.Draw(specks)
        pen.point([(chance.randrange(360), chance.randrange(120)) for _ in range(1500)], fill=share)
        _overlay(canvas, box, specks, colour)


def _grass(canvas: Canvas, box: Box, table: Colour, chance: random.Random) -> None:
    """Blades, longer towards us."""
    for colour in (darker(table, 0.35), lighter(table, 0.28)):
        blades = Image.new("L", (420, 140))
        pen = ImageDraw.Draw(blades)
        for _ in range(420):
            x, y = chance.uniform(0, 420), chance.uniform(0, 140)
            pen.line((x, y, x + chance.uniform(-4, 4), y - 3 - y * 0.09), fill=chance.randint(60, 150))
        _overlay(canvas, box, blades, colour)


TEXTURES: Final[Mapping[str, Callable[[Canvas, Box, Colour, random.Random], None]]] = {
    "wood": _wood,
    "marble": _marble,
    "linen": _linen,
    "stone": _speckled,
    "sand": _speckled,
    "grass": _grass,
}
