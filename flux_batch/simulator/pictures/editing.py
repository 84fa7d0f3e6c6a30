"""Editing: the reference stays what one sees first, and what was asked for is laid over it."""

from __future__ import annotations

import random

from PIL import Image, ImageFilter, ImageOps

from flux_batch.simulator.pictures.backdrop import draw_backdrop, draw_bokeh, draw_table
from flux_batch.simulator.pictures.canvas import Canvas
from flux_batch.simulator.pictures.geometry import ellipse
from flux_batch.simulator.pictures.moods import mood_in, touched
from flux_batch.simulator.pictures.reference import is_cutout
from flux_batch.simulator.pictures.scene import Scene, read_scene


def draw_edit(
    canvas: Canvas, reference: Image.Image, prompt: str, bottom: int, chance: random.Random, *, rich: bool
) -> None:
    """Fill the canvas above ``bottom``.

    A cut-out is put into the scene the prompt names; a picture becomes a print standing in it, if there is a place
    and no season in the prompt; anything else is the picture itself in another light.
    """
    scene = read_scene(prompt, chance)
    mood = mood_in(prompt)
    cutout = is_cutout(reference)
    if cutout or (mood is None and (scene.surface != "plain" or scene.has_land)):
        _set_the_table(canvas, scene, bottom, chance, rich=rich)
        _stand(canvas, reference if cutout else framed(reference), scene, bottom, chance)
        canvas.vignette(0.4)
        return
    picture = ImageOps.fit(
        reference.convert("RGB"), (canvas.width, bottom), Image.Resampling.BILINEAR, centering=(0.5, 0.6)
    )
    over = Canvas(canvas.width, bottom, scene.side, ground=picture)
    (mood or touched)(over, chance)
    if rich:
        over.glow(over.width * (0.5 + 0.4 * scene.side), 0, over.width * 0.6, bottom * 0.7, (255, 248, 234), 0.3)
    over.vignette(0.35)
    canvas.image.paste(over.image, (0, 0))


def framed(picture: Image.Image) -> Image.Image:
    """The picture as a print with a white border."""
    small = picture.convert("RGB")
    small.thumbnail((900, 900), Image.Resampling.BILINEAR)
    return ImageOps.expand(small, max(4, min(small.size) // 22), (252, 250, 246)).convert("RGBA")


def _set_the_table(canvas: Canvas, scene: Scene, bottom: int, chance: random.Random, *, rich: bool) -> None:
    canvas.side = scene.side
    horizon = round(bottom * 0.66)
    draw_backdrop(canvas, scene, horizon, horizon, chance)
    if rich:
        draw_bokeh(canvas, scene, horizon, chance)
    draw_table(canvas, scene, horizon, bottom, chance)


def _stand(canvas: Canvas, thing: Image.Image, scene: Scene, bottom: int, chance: random.Random) -> None:
    """Put an RGBA thing on the table, with its shadow."""
    thing = thing.crop(thing.getchannel("A").getbbox())
    scale = min(bottom * 0.72 / thing.height, canvas.width * 0.7 / thing.width)
    size = (max(1, round(thing.width * scale)), max(1, round(thing.height * scale)))
    thing = thing.resize(size, Image.Resampling.BILINEAR)
    x = canvas.width * (0.5 + chance.uniform(-0.04, 0.04))
    foot = bottom * 0.88
    half, high = size[0] / 2, bottom * 0.03
    canvas.shadow(ellipse(x - scene.side * half * 0.25, foot, half * 1.15, high), high * 0.9, 0.4)
    canvas.shadow(ellipse(x, foot, half * 0.95, high * 0.4), high * 0.4, 0.5)
    corner = (round(x - half), round(foot - size[1]))
    soft = thing.getchannel("A").filter(ImageFilter.GaussianBlur(max(1.0, bottom * 0.008)))
    beside = (corner[0] - round(scene.side * bottom * 0.012), corner[1])
    canvas.image.paste((30, 24, 38), beside, soft.point([int(i * 0.28) for i in range(256)]))
    canvas.image.paste(thing.convert("RGB"), corner, thing.getchannel("A"))
