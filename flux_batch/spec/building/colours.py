"""Colours that can be read: WCAG 2.2's contrast, and the nearest colour that has enough of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

ENOUGH: Final = 4.5
"""Contrast of text by WCAG 2.2 AA."""

LIGHT: Final = ("#ffffff", "#f7f7f8", "#ececef")
"""What stands behind the accent on the light sheet, and as text upon it."""
DARK: Final = ("#14151a", "#131416", "#1c1d20", "#232428")
"""The same on the dark sheet."""

_STEPS: Final = 200
_SOFT: Final = 0.12
"""How much of the accent is in the background that marks what is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accent:
    """An accent as each sheet can use it, with the soft background that goes with it: ``#rrggbb``."""

    light: str
    light_soft: str
    dark: str
    dark_soft: str


def accent_for(colour: str) -> Accent:
    """The wanted colour where it can be read, the nearest darker or lighter one where it cannot."""
    light, light_soft = _legible(colour, LIGHT, "#000000", "#ffffff")
    dark, dark_soft = _legible(colour, DARK, "#ffffff", "#1c1d20")
    return Accent(light=light, light_soft=light_soft, dark=dark, dark_soft=dark_soft)


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def least(colour: str, backgrounds: Iterable[str]) -> float:
    """The contrast on the background where it is worst."""
    return min(contrast(colour, each) for each in backgrounds)


def mixed(one: str, other: str, share: float) -> str:
    """``share`` of ``other`` in ``one``."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _legible(colour: str, backgrounds: tuple[str, ...], toward: str, page: str) -> tuple[str, str]:
    for step in range(_STEPS + 1):
        found = mixed(colour.lower(), toward, step / _STEPS)
        soft = mixed(page, found, _SOFT)
        if least(found, (*backgrounds, soft)) >= ENOUGH:
            break
    return found, soft


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
