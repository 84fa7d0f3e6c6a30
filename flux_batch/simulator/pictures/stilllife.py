"""Text to image: a thing on a table, or a view, in the light the prompt asks for."""

from __future__ import annotations

import random

from flux_batch.simulator.pictures.backdrop import draw_backdrop, draw_bokeh, draw_table
from flux_batch.simulator.pictures.canvas import Canvas
from flux_batch.simulator.pictures.geometry import Part, ellipse, leaf, smooth
from flux_batch.simulator.pictures.palette import darker, lighter
from flux_batch.simulator.pictures.scene import Scene


def draw_still_life(canvas: Canvas, scene: Scene, bottom: int, chance: random.Random, *, rich: bool) -> None:
    """The whole scene above ``bottom``; ``rich`` adds lights, a reflection and a sprig."""
    canvas.side = scene.side
    low = 0.86 if scene.thing.on_floor else 0.66
    horizon = round(bottom * (low + chance.uniform(-0.02, 0.02)))
    draw_backdrop(canvas, scene, horizon, bottom, chance)
    if not scene.is_only_land:
        if rich:
            draw_bokeh(canvas, scene, horizon, chance)
        draw_table(canvas, scene, horizon, bottom, chance)
        _place(canvas, scene, bottom, chance, rich=rich)
    elif rich:
        _birds(canvas, horizon, chance)
    canvas.vignette(0.5)


def _place(canvas: Canvas, scene: Scene, bottom: int, chance: random.Random, *, rich: bool) -> None:
    thing = scene.thing
    scale = min(bottom * thing.height, canvas.width * 0.72 / thing.width) * chance.uniform(0.96, 1.04)
    x = canvas.width * (0.5 + chance.uniform(-0.05, 0.05))
    y = bottom * (0.93 if thing.on_floor else 0.86)
    half = scale * thing.width * 0.42
    parts = thing.parts(chance)
    if scene.light == "night":
        canvas.glow(x, y - scale * 0.4, scale * 1.1, scale * 0.95, lighter(scene.wall[1], 0.5), 0.55)
    if rich and scene.surface in {"plain", "marble", "stone", "wood"}:
        _reflect(canvas, scene, parts, (x, y, scale), bottom)
    canvas.shadow(ellipse(x - scene.side * half * 0.7, y - scale * 0.01, half * 1.35, scale * 0.07), scale * 0.05, 0.36)
    canvas.shadow(ellipse(x, y, half * 0.8, scale * 0.028), scale * 0.018, 0.55)
    for part in parts:
        canvas.part(part, x, y, scale, scene.tones[part.tone])
    _shine(canvas, scene, parts, (x, y, scale))
    if rich and not thing.on_floor:
        length = min(scale * 0.3, canvas.width * 0.16)
        edge = canvas.width * 0.97 - 1.1 * length if scene.side > 0 else canvas.width * 0.03 + 1.1 * length
        beside = x + scene.side * half * 1.3
        _sprig(canvas, scene, min(beside, edge) if scene.side > 0 else max(beside, edge), y + scale * 0.06, length)


def _reflect(
    canvas: Canvas, scene: Scene, parts: tuple[Part, ...], place: tuple[float, float, float], bottom: int
) -> None:
    """A faint image of the thing in a polished table."""
    x, y, scale = place
    for part in parts:
        points = [(x + px * scale, y + py * scale) for px, py in part.outline]
        if part.line == 0 and min(py for _, py in points) < bottom:
            canvas.shape(points, scene.tones[part.tone], part.shade, 0.1 * part.alpha)


def _shine(canvas: Canvas, scene: Scene, parts: tuple[Part, ...], place: tuple[float, float, float]) -> None:
    """Flames and lamps light what is around them; hot drinks steam."""
    x, y, scale = place
    for part in parts:
        middle = sum(py for _, py in part.outline) / len(part.outline)
        if part.tone == "flame":
            canvas.glow(x, y - middle * scale, scale * 0.75, scale * 0.6, (255, 214, 142), 0.5)
        if part.tone == "coffee" and middle > 0.6:
            for drift in (-0.1, 0.07):
                swirl = smooth([(drift, middle), (drift + 0.05, 0.94), (drift - 0.03, 1.06), (drift + 0.04, 1.2)])
                steam = Part(outline=swirl, line=0.03, shade="flat", alpha=0.14)
                canvas.part(steam, x, y, scale, lighter(scene.wall[0], 0.8))


def _sprig(canvas: Canvas, scene: Scene, x: float, y: float, length: float) -> None:
    """A twig beside the thing."""
    lean = -scene.side
    stem = ((x, y), (x - lean * length * 1.1, y + length * 0.12))
    canvas.shadow([(x, y + 4), (stem[1][0], stem[1][1] + 6), (x, y + 10)], length * 0.05, 0.35)
    canvas.shape(stem, scene.tones["leaf_dark"], line=length * 0.03)
    for index in range(7):
        share = 0.15 + index * 0.13
        at = (x - lean * length * 1.1 * share, y + length * 0.12 * share)
        heading = (180 if lean > 0 else 0) + (36 if index % 2 else -36)
        tone = scene.tones[("leaf", "leaf_dark", "leaf_light")[index % 3]]
        canvas.shape(leaf(*at, length * 0.32, length * 0.17, heading), tone)


def _birds(canvas: Canvas, horizon: int, chance: random.Random) -> None:
    unit = min(canvas.width, canvas.height) * 0.022
    x, y = canvas.width * chance.uniform(0.25, 0.65), horizon * chance.uniform(0.15, 0.3)
    for _ in range(6):
        wing = smooth([(x - unit, y - unit * 0.35), (x - unit * 0.4, y - unit * 0.45), (x, y)])
        other = tuple((2 * x - px, py) for px, py in wing)
        for outline in (wing, other):
            canvas.shape(outline, darker((90, 84, 110), 0.3), alpha=0.75, line=unit * 0.11)
        x, y = x + unit * chance.uniform(1.6, 3.4), y + unit * chance.uniform(-1.4, 1.2)
