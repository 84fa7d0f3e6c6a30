"""Colours out of words."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping
from typing import Final

Colour = tuple[int, int, int]

WHITE: Final[Colour] = (255, 255, 255)
INK: Final[Colour] = (38, 36, 40)

COLOURS: Final[Mapping[str, Colour]] = {
    "sage green": (158, 178, 142),
    "forest green": (52, 92, 66),
    "olive green": (122, 124, 74),
    "mint green": (170, 214, 190),
    "sky blue": (134, 188, 222),
    "navy blue": (38, 56, 96),
    "midnight blue": (32, 40, 78),
    "powder blue": (172, 200, 216),
    "royal blue": (58, 88, 176),
    "pastel pink": (240, 194, 200),
    "dusty pink": (214, 160, 162),
    "dusty rose": (202, 146, 146),
    "blush pink": (236, 188, 184),
    "hot pink": (228, 84, 148),
    "burnt orange": (196, 98, 48),
    "off-white": (242, 236, 224),
    "off white": (242, 236, 224),
    "rose gold": (206, 148, 134),
    "matte black": (52, 50, 54),
    "sage": (158, 178, 142),
    "mint": (170, 214, 190),
    "olive": (122, 124, 74),
    "emerald": (36, 130, 96),
    "teal": (44, 122, 126),
    "turquoise": (74, 180, 182),
    "navy": (38, 56, 96),
    "cobalt": (44, 78, 160),
    "indigo": (66, 62, 128),
    "lavender": (186, 174, 214),
    "lilac": (200, 178, 212),
    "plum": (112, 62, 98),
    "burgundy": (112, 40, 52),
    "crimson": (172, 40, 56),
    "scarlet": (200, 52, 44),
    "coral": (232, 128, 104),
    "peach": (244, 194, 160),
    "apricot": (240, 178, 128),
    "terracotta": (196, 108, 78),
    "rust": (168, 84, 50),
    "copper": (190, 116, 82),
    "bronze": (150, 108, 70),
    "mustard": (212, 164, 60),
    "ochre": (200, 146, 66),
    "golden": (218, 172, 88),
    "gold": (212, 168, 84),
    "brass": (196, 158, 88),
    "lemon": (244, 216, 98),
    "yellow": (238, 198, 78),
    "cream": (242, 230, 206),
    "ivory": (242, 236, 220),
    "beige": (218, 200, 174),
    "sand": (216, 194, 160),
    "taupe": (160, 144, 130),
    "tan": (200, 164, 122),
    "camel": (190, 148, 100),
    "brown": (128, 88, 62),
    "chocolate": (92, 62, 48),
    "charcoal": (66, 66, 72),
    "graphite": (78, 80, 86),
    "black": (48, 46, 50),
    "silver": (190, 194, 200),
    "chrome": (196, 200, 206),
    "grey": (150, 152, 156),
    "gray": (150, 152, 156),
    "white": (240, 237, 232),
    "green": (104, 150, 96),
    "blue": (76, 124, 184),
    "purple": (134, 92, 162),
    "violet": (138, 104, 182),
    "pink": (232, 156, 172),
    "red": (196, 62, 56),
    "orange": (230, 136, 62),
}

FALLBACK_BODIES: Final[tuple[Colour, ...]] = (
    (196, 108, 78),
    (86, 122, 142),
    (158, 178, 142),
    (222, 178, 96),
    (142, 104, 126),
    (232, 148, 122),
    (70, 104, 100),
    (186, 174, 206),
)

ACCENTS: Final[tuple[Colour, ...]] = (
    (232, 150, 124),
    (238, 190, 104),
    (226, 130, 150),
    (184, 168, 216),
    (244, 222, 190),
    (120, 168, 176),
    (206, 84, 76),
)
"""For whatever goes with the thing: flowers, ribbons, cushions."""

ROOMS: Final[tuple[tuple[Colour, Colour, Colour], ...]] = (
    ((244, 226, 208), (228, 200, 176), (206, 168, 138)),
    ((222, 230, 226), (192, 208, 204), (170, 182, 176)),
    ((238, 222, 224), (216, 190, 196), (190, 158, 166)),
    ((228, 226, 238), (196, 196, 218), (166, 164, 190)),
    ((246, 234, 204), (232, 208, 162), (202, 170, 124)),
    ((214, 224, 232), (176, 194, 210), (150, 164, 178)),
)
"""Wall at the top, wall at the table, table: harmless together, and with most things."""

_PATTERN: Final = re.compile(
    r"(?<![\w#])(" + "|".join(re.escape(name) for name in sorted(COLOURS, key=len, reverse=True)) + r")(?!\w)"
)
_HEX: Final = re.compile(r"#([0-9a-f]{6})\b")


def colours_in(text: str) -> tuple[tuple[int, Colour], ...]:
    """Every colour a text names, with the place where the name ends; ``#a0b1c2`` counts too."""
    folded = text.casefold()
    named = [(match.end(), COLOURS[match[1]]) for match in _PATTERN.finditer(folded)]
    coded = [(match.end(), _from_hex(match[1])) for match in _HEX.finditer(folded)]
    return tuple(sorted(named + coded))


def without_colours(text: str) -> str:
    """The text with its colours blanked out, everything else in place: a forest green sofa stands in no forest."""
    return _PATTERN.sub(lambda match: " " * len(match[0]), text)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``share`` of ``other`` in ``one``, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def lighter(colour: Colour, share: float) -> Colour:
    """Towards a warm white."""
    return mix(colour, (255, 251, 244), share)


def darker(colour: Colour, share: float) -> Colour:
    """Less light, a little bluer: shadows are cooler than what throws them, but keep its hue."""
    red, green, blue = colour
    return round(red * (1 - share)), round(green * (1 - share)), round(blue * (1 - share * 0.86))


def turned(colour: Colour, degrees: float, saturation: float = 1.0) -> Colour:
    """Another hue."""
    hue, light, strength = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    red, green, blue = colorsys.hls_to_rgb((hue + degrees / 360) % 1.0, light, min(1.0, strength * saturation))
    return round(red * 255), round(green * 255), round(blue * 255)


def brightness(colour: Colour) -> float:
    """0 to 255, as an eye sees it."""
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def _from_hex(code: str) -> Colour:
    return int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)
