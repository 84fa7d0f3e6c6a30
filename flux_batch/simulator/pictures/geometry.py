"""Outlines. A thing stands on y = 0, is about 1 high, and has its middle at x = 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a thing. ``tone`` names a colour of the thing's, ``shade`` how light falls on it.

    Shades: ``round`` (a cylinder), ``ball``, ``flat``. With ``line`` the outline is a stroke of that width.
    """

    outline: tuple[Point, ...]
    tone: str = "body"
    shade: str = "round"
    alpha: float = 1.0
    line: float = 0.0


def ellipse(x: float, y: float, wide: float, high: float, steps: int = 40) -> tuple[Point, ...]:
    """An ellipse by its middle and its two half-axes."""
    turn = 2 * math.pi / steps
    return tuple((x + wide * math.cos(i * turn), y + high * math.sin(i * turn)) for i in range(steps))


def smooth(points: Sequence[Point], *, closed: bool = False, steps: int = 8) -> tuple[Point, ...]:
    """A soft curve through every point (Catmull-Rom)."""
    count = len(points)
    ends = count if closed else count - 1
    curve: list[Point] = []
    for i in range(ends):
        at = [(i + k) % count if closed else min(max(i + k, 0), count - 1) for k in (-1, 0, 1, 2)]
        a, b, c, d = (points[index] for index in at)
        curve.extend(_between(a, b, c, d, step / steps) for step in range(steps))
    return tuple(curve) if closed else (*curve, points[-1])


def lathe(profile: Sequence[tuple[float, float]], tilt: float = 0.16) -> tuple[Point, ...]:
    """A turned body: ``profile`` is (height, radius) from the foot up; ``tilt`` is how far we look down on it."""
    side = smooth([(radius, height) for height, radius in profile])
    foot_height, foot = profile[0]
    top_height, top = profile[-1]
    below = _arc(foot, foot_height, -foot * tilt)
    above = _arc(top, top_height, top * tilt)
    left = tuple((-x, y) for x, y in side)
    return (*below, *side, *reversed(above), *reversed(left))


def mirrored(points: Sequence[Point]) -> tuple[Point, ...]:
    """The same, seen in a mirror."""
    return tuple((-x, y) for x, y in points)


def moved(points: Sequence[Point], x: float, y: float, scale: float = 1.0) -> tuple[Point, ...]:
    """The same, elsewhere and in another size."""
    return tuple((x + scale * px, y + scale * py) for px, py in points)


def leaf(x: float, y: float, length: float, width: float, degrees: float) -> tuple[Point, ...]:
    """A pointed leaf that grows from (x, y) towards ``degrees``."""
    half = smooth([(0.0, 0.0), (0.3, 0.42), (0.62, 0.4), (1.0, 0.0)], steps=6)
    flat = [*half, *((px, -py) for px, py in reversed(half[1:-1]))]
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return tuple(
        (x + length * px * cos - width * py * sin, y + length * px * sin + width * py * cos) for px, py in flat
    )


def box(left: float, bottom: float, right: float, top: float, corner: float = 0.0) -> tuple[Point, ...]:
    """A rectangle, with round corners of radius ``corner``."""
    if corner <= 0:
        return ((left, bottom), (right, bottom), (right, top), (left, top))
    middles = (
        (right - corner, bottom + corner, -90),
        (right - corner, top - corner, 0),
        (left + corner, top - corner, 90),
        (left + corner, bottom + corner, 180),
    )
    return tuple(
        (x + corner * math.cos(math.radians(start + step * 15)), y + corner * math.sin(math.radians(start + step * 15)))
        for x, y, start in middles
        for step in range(7)
    )


def _arc(radius: float, height: float, bulge: float) -> tuple[Point, ...]:
    """The near or far edge of a circle seen from above, from left to right."""
    return tuple((-radius * math.cos(math.pi * i / 16), height + bulge * math.sin(math.pi * i / 16)) for i in range(17))


def _between(before: Point, start: Point, end: Point, after: Point, share: float) -> Point:
    square, cube = share * share, share * share * share

    def along(axis: int) -> float:
        a, b, c, d = before[axis], start[axis], end[axis], after[axis]
        return 0.5 * (2 * b + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * square + (3 * b - a - 3 * c + d) * cube)

    return along(0), along(1)
