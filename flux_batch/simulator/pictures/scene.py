"""A prompt, read as a set: what stands there, on what, before what, in which light."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flux_batch.simulator.pictures.catalogue import Thing, thing_in
from flux_batch.simulator.pictures.palette import (
    ACCENTS,
    FALLBACK_BODIES,
    INK,
    ROOMS,
    Colour,
    brightness,
    colours_in,
    darker,
    lighter,
    mix,
    turned,
    without_colours,
)

SURFACES: Final[Mapping[str, tuple[str, Colour]]] = {
    "marble": ("marble", (232, 230, 228)),
    "granite": ("stone", (148, 146, 148)),
    "concrete": ("stone", (176, 174, 170)),
    "stone": ("stone", (168, 160, 150)),
    "slate": ("stone", (92, 98, 106)),
    "walnut": ("wood", (122, 84, 58)),
    "oak": ("wood", (202, 164, 118)),
    "wood": ("wood", (182, 138, 96)),
    "wooden": ("wood", (182, 138, 96)),
    "desk": ("wood", (190, 150, 110)),
    "linen": ("linen", (226, 216, 198)),
    "tablecloth": ("linen", (232, 224, 210)),
    "cotton": ("linen", (236, 230, 220)),
    "velvet": ("linen", (96, 48, 72)),
    "silk": ("linen", (226, 208, 200)),
    "beach": ("sand", (232, 208, 166)),
    "sand": ("sand", (228, 202, 160)),
    "moss": ("grass", (112, 138, 76)),
    "grass": ("grass", (128, 158, 84)),
    "meadow": ("grass", (138, 164, 88)),
    "garden": ("grass", (126, 152, 92)),
    "forest": ("grass", (96, 118, 74)),
    "snow": ("sand", (236, 240, 246)),
}

LIGHTS: Final[tuple[tuple[str, str], ...]] = (
    ("night|midnight|dark|moody|candlelit|neon", "night"),
    ("sunset|dusk|golden hour|evening|sunrise|dawn", "dusk"),
    ("warm|morning|sunny|sunlit|autumn|fall|cosy|cozy", "warm"),
    ("cool|winter|icy|frost|snow|overcast|rain", "cool"),
    ("spring|fresh|garden|pastel", "fresh"),
)
_LAND: Final = re.compile(
    r"\b(mountains?|hills?|landscape|beach|sea|ocean|desert|forest|meadow|sky|lake|sunset|valley)\b"
)
_SURFACE: Final = re.compile(r"\b(" + "|".join(SURFACES) + r")\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What to draw. ``light`` names the mood, ``side`` is -1 when the light comes from the left, else 1."""

    thing: Thing
    tones: Mapping[str, Colour]
    wall: tuple[Colour, Colour]
    table: Colour
    surface: str
    light: str
    side: int
    has_land: bool
    is_only_land: bool


def read_scene(prompt: str, chance: random.Random) -> Scene:
    """Read a prompt; what it leaves open is taken from ``chance`` or, where a series must match, from its words."""
    text = prompt.casefold()
    places = without_colours(text)
    own = random.Random(hashlib.sha256(text.encode()).digest())
    thing, at = thing_in(text)
    light = next((name for words, name in LIGHTS if re.search(rf"\b({words})\b", text)), "day")
    has_land = _LAND.search(places) is not None
    body, accent = _object_colours(text, at, own)
    surface, table, walls = _room(text, light, own)
    return Scene(
        thing=thing,
        tones=_tones(_varied(body, chance), accent, light, own),
        wall=walls if light == "night" else _apart(body, walls),
        table=table,
        surface=surface,
        light=light,
        side=chance.choice((-1, 1)),
        has_land=has_land,
        is_only_land=has_land and at < 0,
    )


def _object_colours(text: str, at: int, own: random.Random) -> tuple[Colour, Colour]:
    """The colour named nearest before the thing is its own; the next one that is not the surface's is the accent."""
    surface = _surface_in(text)
    spoken_for = surface.start() if surface else -9
    named = [(end, colour) for end, colour in colours_in(text) if not 0 <= spoken_for - end <= 1]
    before = [colour for end, colour in named if end <= at and at - end < 24]
    colours = [colour for _, colour in named]
    body = before[-1] if before else colours[0] if colours else own.choice(FALLBACK_BODIES)
    accent = next((colour for colour in colours if colour != body), own.choice(ACCENTS))
    return body, accent


def _room(text: str, light: str, own: random.Random) -> tuple[str, Colour, tuple[Colour, Colour]]:
    top, low, table = own.choice(ROOMS)
    surface = "plain"
    match = _surface_in(text)
    if match:
        surface, table = SURFACES[match[1]]
        close = [colour for end, colour in colours_in(text) if 0 <= match.start() - end <= 1]
        table = mix(table, close[0], 0.6) if close else table
    match light:
        case "night":
            return surface, darker(table, 0.55), ((30, 34, 58), (66, 58, 92))
        case "dusk":
            return surface, mix(table, (222, 128, 92), 0.25), ((122, 110, 156), (248, 186, 142))
        case "warm":
            return surface, mix(table, (240, 190, 130), 0.15), ((250, 232, 206), (240, 204, 162))
        case "cool":
            return surface, mix(table, (190, 210, 230), 0.2), ((214, 226, 238), (178, 196, 214))
        case "fresh":
            return surface, table, ((232, 242, 226), (202, 222, 204))
        case _:
            return surface, table, (top, low)


def _surface_in(text: str) -> re.Match[str] | None:
    """The first surface that is not what the thing itself is made of, as in "oak chair"."""
    thing_at = thing_in(text)[1]
    matches = _SURFACE.finditer(without_colours(text))
    return next((match for match in matches if match.end() + 1 != thing_at), None)


def _apart(body: Colour, walls: tuple[Colour, Colour]) -> tuple[Colour, Colour]:
    """A white pot before a white wall is no picture: push the wall away from the thing."""
    top, low = walls
    if abs(brightness(body) - brightness(low)) > 34:
        return top, low
    tint = turned(body, 160, 0.6)
    if brightness(body) > 150:
        return mix(darker(top, 0.2), tint, 0.22), mix(darker(low, 0.32), tint, 0.25)
    return lighter(top, 0.45), lighter(low, 0.4)


def _varied(colour: Colour, chance: random.Random) -> Colour:
    """A breath of difference between one picture and the next of the same request."""
    return mix(turned(colour, chance.uniform(-3, 3)), (250, 246, 240), chance.uniform(0, 0.05))


def _tones(body: Colour, accent: Colour, light: str, own: random.Random) -> dict[str, Colour]:
    dim = 0.25 if light == "night" else 0.0
    tones: dict[str, Colour] = {
        "body": body,
        "light": lighter(body, 0.4),
        "shadow": darker(body, 0.42),
        "accent": accent,
        "petal": own.choice(tuple(colour for colour in ACCENTS if colour != accent)),
        "citrus": (238, 190, 84),
        "leaf": (92, 132, 84),
        "leaf_dark": (58, 98, 68),
        "leaf_light": (140, 168, 102),
        "wood": (182, 136, 92),
        "metal": (200, 176, 132),
        "paper": (246, 241, 232),
        "coffee": (74, 48, 36),
        "wax": (250, 238, 214),
        "glass": (232, 240, 242),
    }
    return {name: darker(tone, dim) for name, tone in tones.items()} | {"ink": INK, "flame": (255, 196, 92)}
