"""What an edit does to its reference: seasons, times of day, colours."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from flux_batch.simulator.pictures.canvas import Canvas
from flux_batch.simulator.pictures.geometry import ellipse, leaf, smooth
from flux_batch.simulator.pictures.palette import Colour, colours_in, lighter

Mood = Callable[[Canvas, random.Random], None]


def mood_in(prompt: str) -> Mood | None:
    """The first season, weather, hour or colour that a prompt asks for."""
    text = prompt.casefold()
    for words, mood in MOODS:
        if re.search(rf"\b({words})\b", text):
            return mood
    colours = colours_in(text)
    return _coloured(colours[0][1]) if colours else None


def touched(canvas: Canvas, _chance: random.Random) -> None:
    """For a prompt that says nothing we know: a little more light, so that before and after differ."""
    canvas.image = ImageOps.autocontrast(canvas.image, cutoff=1)
    canvas.multiply((255, 244, 228), 0.6)
    canvas.glow(canvas.width * 0.2, 0, canvas.width * 0.7, canvas.height * 0.8, (255, 246, 226), 0.3)


def _winter(canvas: Canvas, chance: random.Random) -> None:
    canvas.image = Image.blend(canvas.image, ImageOps.grayscale(canvas.image).convert("RGB"), 0.35)
    canvas.multiply((176, 208, 255), 0.85)
    canvas.glow(canvas.width * 0.5, 0, canvas.width * 0.9, canvas.height * 0.9, (236, 244, 255), 0.45)
    bank = _ground(canvas, 0.1, chance)
    canvas.light(bank, canvas.height * 0.02, 0.8, (232, 240, 252))
    canvas.shape(bank, (240, 246, 254), alpha=0.92)
    _fall(canvas, chance, 170, (255, 255, 255))


def _autumn(canvas: Canvas, chance: random.Random) -> None:
    canvas.multiply((255, 196, 128), 0.75)
    canvas.glow(canvas.width * 0.85, canvas.height * 0.1, canvas.width * 0.7, canvas.height * 0.7, (255, 206, 130), 0.4)
    _leaves(canvas, chance, ((198, 92, 42), (222, 150, 54), (168, 62, 44), (206, 120, 60)), 34)


def _spring(canvas: Canvas, chance: random.Random) -> None:
    canvas.multiply((236, 255, 232), 0.8)
    canvas.glow(canvas.width * 0.2, 0, canvas.width * 0.8, canvas.height * 0.8, (255, 250, 244), 0.4)
    _leaves(canvas, chance, ((250, 196, 212), (255, 222, 230), (244, 168, 192), (176, 206, 140)), 36)


def _summer(canvas: Canvas, _chance: random.Random) -> None:
    canvas.multiply((255, 240, 196), 0.8)
    x, y, unit = canvas.width * 0.84, canvas.height * 0.12, min(canvas.width, canvas.height)
    canvas.glow(x, y, unit * 0.9, unit * 0.9, (255, 240, 190), 0.75)
    canvas.shape(_disc(x, y, unit * 0.07), (255, 250, 226))


def _night(canvas: Canvas, chance: random.Random) -> None:
    canvas.multiply((72, 84, 150), 0.92)
    unit = min(canvas.width, canvas.height)
    for _ in range(26):
        x, y = chance.uniform(0, canvas.width), chance.uniform(0, canvas.height * 0.6)
        canvas.shape(_disc(x, y, unit * chance.uniform(0.008, 0.035)), (255, 214, 142), alpha=chance.uniform(0.2, 0.5))


def _sunset(canvas: Canvas, _chance: random.Random) -> None:
    canvas.multiply((255, 178, 142), 0.8)
    canvas.glow(canvas.width * 0.5, canvas.height * 0.3, canvas.width * 0.8, canvas.height * 0.6, (255, 206, 150), 0.5)


def _rain(canvas: Canvas, chance: random.Random) -> None:
    canvas.multiply((168, 186, 212), 0.85)
    streaks = Image.new("L", canvas.image.size)
    pen = ImageDraw.Draw(streaks)
    length = canvas.height * 0.06
    for _ in range(220):
        x, y = chance.uniform(0, canvas.width), chance.uniform(-length, canvas.height)
        pen.line((x, y, x - length * 0.22, y + length), fill=chance.randint(60, 150), width=chance.choice((1, 1, 2)))
    canvas.image.paste((235, 242, 250), (0, 0), streaks.filter(ImageFilter.GaussianBlur(0.7)))


def _monochrome(canvas: Canvas, _chance: random.Random) -> None:
    canvas.image = ImageOps.autocontrast(ImageOps.grayscale(canvas.image), cutoff=1).convert("RGB")


def _sepia(canvas: Canvas, _chance: random.Random) -> None:
    canvas.image = ImageOps.colorize(
        ImageOps.grayscale(canvas.image), (46, 30, 20), (252, 240, 214), mid=(158, 122, 86)
    )


def _coloured(colour: Colour) -> Mood:
    def apply(canvas: Canvas, _chance: random.Random) -> None:
        canvas.multiply(lighter(colour, 0.2), 0.7)

    return apply


def _ground(canvas: Canvas, share: float, chance: random.Random) -> tuple[tuple[float, float], ...]:
    high = canvas.height * share
    edge = smooth([(canvas.width * i / 5, canvas.height - high * chance.uniform(0.5, 1.1)) for i in range(-1, 7)])
    return (*edge, (canvas.width * 1.2, canvas.height + high), (-canvas.width * 0.2, canvas.height + high))


def _fall(canvas: Canvas, chance: random.Random, count: int, colour: Colour) -> None:
    """Snow: small and sharp far away, large and soft near by."""
    unit = min(canvas.width, canvas.height)
    for size, share, blur in ((0.003, 0.6, 0.6), (0.006, 0.3, 1.2), (0.012, 0.1, 3.0)):
        flakes = Image.new("L", canvas.image.size)
        pen = ImageDraw.Draw(flakes)
        for _ in range(int(count * share)):
            x, y = chance.uniform(0, canvas.width), chance.uniform(0, canvas.height)
            radius = unit * size * chance.uniform(0.7, 1.4)
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=chance.randint(150, 255))
        canvas.image.paste(colour, (0, 0), flakes.filter(ImageFilter.GaussianBlur(blur)))


def _leaves(canvas: Canvas, chance: random.Random, colours: tuple[Colour, ...], count: int) -> None:
    unit = min(canvas.width, canvas.height)
    for _ in range(count):
        x, y = chance.uniform(0, canvas.width), canvas.height * (chance.random() ** 0.7)
        length = unit * chance.uniform(0.025, 0.06)
        outline = leaf(x, y, length, length * chance.uniform(0.35, 0.6), chance.uniform(0, 360))
        canvas.shape(outline, chance.choice(colours), alpha=chance.uniform(0.75, 1.0))


def _disc(x: float, y: float, radius: float) -> tuple[tuple[float, float], ...]:
    return ellipse(x, y, radius, radius, 32)


MOODS: Final[tuple[tuple[str, Mood], ...]] = (
    ("winter|snow|snowy|christmas|frost|icy", _winter),
    ("autumn|fall|october|november|leaves", _autumn),
    ("spring|blossom|blossoms|easter|petals", _spring),
    ("summer|sunny|sunlit|beach", _summer),
    ("night|midnight|dark|moonlight|neon", _night),
    ("sunset|dusk|golden hour|evening|sunrise", _sunset),
    ("rain|rainy|storm|wet", _rain),
    ("black and white|monochrome|greyscale|grayscale", _monochrome),
    ("sepia|vintage|retro|antique", _sepia),
)
