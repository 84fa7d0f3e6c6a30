"""Turned things: what stands on tables in most product photographs."""

from __future__ import annotations

import random

from flux_batch.simulator.pictures.geometry import Part, box, ellipse, lathe, leaf, moved, smooth

Parts = tuple[Part, ...]


def mug(_chance: random.Random) -> Parts:
    """A mug with coffee in it."""
    handle = smooth([(0.30, 0.62), (0.47, 0.60), (0.50, 0.40), (0.42, 0.22), (0.27, 0.20)])
    return (
        Part(outline=handle, line=0.075, shade="flat", tone="shadow"),
        Part(outline=moved(handle, -0.006, 0.012), line=0.05, shade="flat"),
        Part(outline=lathe([(0.03, 0.27), (0.07, 0.305), (0.4, 0.33), (0.78, 0.335)])),
        Part(outline=ellipse(0, 0.78, 0.335, 0.055), tone="light", shade="flat"),
        Part(outline=ellipse(0, 0.777, 0.308, 0.046), tone="shadow", shade="flat"),
        Part(outline=ellipse(0, 0.765, 0.285, 0.034), tone="coffee", shade="flat"),
    )


def teapot(_chance: random.Random) -> Parts:
    """A round teapot."""
    spout = smooth([(-0.28, 0.2), (-0.46, 0.3), (-0.56, 0.56), (-0.62, 0.62)])
    mouth = smooth([(-0.53, 0.66), (-0.46, 0.58), (-0.38, 0.48), (-0.24, 0.5)])
    handle = smooth([(0.30, 0.56), (0.52, 0.60), (0.58, 0.38), (0.44, 0.18), (0.32, 0.18)])
    return (
        Part(outline=handle, line=0.07, shade="flat", tone="shadow"),
        Part(outline=moved(handle, -0.006, 0.012), line=0.045, shade="flat"),
        Part(outline=(*spout, *mouth), shade="round"),
        Part(outline=lathe([(0.02, 0.2), (0.06, 0.27), (0.24, 0.4), (0.4, 0.42), (0.56, 0.33), (0.64, 0.2)])),
        Part(outline=ellipse(0, 0.645, 0.215, 0.036), tone="shadow", shade="flat"),
        Part(outline=lathe([(0.645, 0.2), (0.69, 0.17), (0.73, 0.06)], 0.17)),
        Part(outline=ellipse(0, 0.775, 0.055, 0.05), shade="ball"),
    )


def bottle(_chance: random.Random) -> Parts:
    """A bottle with a label and a cap."""
    return (
        Part(outline=lathe([(0.02, 0.17), (0.06, 0.195), (0.58, 0.195), (0.70, 0.14), (0.78, 0.07), (0.9, 0.066)])),
        Part(outline=lathe([(0.86, 0.078), (0.87, 0.08), (1.0, 0.078)]), tone="accent"),
        Part(outline=lathe([(0.16, 0.196), (0.3, 0.197), (0.47, 0.196)]), tone="paper"),
        Part(outline=box(-0.10, 0.34, 0.06, 0.365), tone="ink", shade="flat", alpha=0.75),
        Part(outline=box(-0.10, 0.285, 0.10, 0.30), tone="ink", shade="flat", alpha=0.4),
        Part(outline=box(-0.10, 0.245, 0.02, 0.26), tone="ink", shade="flat", alpha=0.4),
    )


def dropper(_chance: random.Random) -> Parts:
    """A small glass bottle with a pipette: serum, perfume, oil."""
    return (
        Part(outline=lathe([(0.02, 0.22), (0.06, 0.25), (0.46, 0.25), (0.54, 0.2), (0.58, 0.1)])),
        Part(outline=lathe([(0.56, 0.115), (0.6, 0.118), (0.7, 0.115)]), tone="ink"),
        Part(outline=lathe([(0.70, 0.07), (0.8, 0.075), (0.92, 0.06), (0.96, 0.02)]), tone="ink"),
        Part(outline=lathe([(0.12, 0.251), (0.26, 0.252), (0.4, 0.251)]), tone="paper"),
        Part(outline=box(-0.14, 0.28, 0.06, 0.305), tone="ink", shade="flat", alpha=0.7),
        Part(outline=box(-0.14, 0.22, 0.12, 0.236), tone="ink", shade="flat", alpha=0.35),
    )


def candle(_chance: random.Random) -> Parts:
    """A candle in a jar, alight."""
    return (
        Part(outline=lathe([(0.02, 0.28), (0.05, 0.3), (0.55, 0.3)])),
        Part(outline=ellipse(0, 0.55, 0.3, 0.05), tone="light", shade="flat"),
        Part(outline=ellipse(0, 0.547, 0.272, 0.04), tone="wax", shade="flat"),
        Part(outline=((0.0, 0.545), (0.004, 0.63)), line=0.014, tone="ink", shade="flat"),
        Part(outline=leaf(0.002, 0.60, 0.19, 0.09, 90), tone="flame", shade="flat", alpha=0.95),
        Part(outline=leaf(0.002, 0.61, 0.10, 0.05, 90), tone="wax", shade="flat"),
        Part(outline=lathe([(0.16, 0.301), (0.27, 0.302), (0.38, 0.301)]), tone="paper"),
        Part(outline=box(-0.13, 0.255, 0.07, 0.28), tone="ink", shade="flat", alpha=0.65),
    )


def vase(chance: random.Random) -> Parts:
    """A vase with flowers."""
    stems: list[Part] = []
    heads: list[Part] = []
    for index, lean in enumerate((-0.34, -0.12, 0.1, 0.32)):
        x, y = lean + chance.uniform(-0.04, 0.04), chance.uniform(0.84, 1.04) - abs(lean) * 0.25
        stems.append(Part(outline=smooth([(lean * 0.12, 0.5), (x * 0.5, 0.68), (x, y)]), line=0.014, tone="leaf_dark"))
        stems.append(Part(outline=leaf(x * 0.45, 0.66, 0.2, 0.09, 90 - 150 * lean), tone="leaf", shade="flat"))
        heads.extend(_blossom(x, y, 0.095, "accent" if index % 2 else "petal"))
    body = Part(outline=lathe([(0.02, 0.13), (0.06, 0.17), (0.24, 0.25), (0.4, 0.2), (0.5, 0.1), (0.55, 0.12)]))
    mouth = Part(outline=ellipse(0, 0.553, 0.118, 0.02), tone="shadow", shade="flat")
    return (mouth, *stems, body, *heads)


def plant(chance: random.Random) -> Parts:
    """A plant in a pot."""
    leaves = []
    for index in range(13):
        lean = -80 + index * 160 / 12 + chance.uniform(-6, 6)
        length = chance.uniform(0.42, 0.58) * (1.0 - abs(lean) / 300)
        tone = ("leaf", "leaf_dark", "leaf_light")[index % 3]
        leaves.append((abs(lean), Part(outline=leaf(0, 0.4, length, 0.2, 90 - lean), tone=tone, shade="flat")))
    # The outer leaves hang behind the upright ones.
    behind = tuple(part for _, part in sorted(leaves, key=lambda item: -item[0]))
    pot = Part(outline=lathe([(0.02, 0.19), (0.05, 0.2), (0.36, 0.27)]))
    rim = Part(outline=lathe([(0.35, 0.285), (0.38, 0.29), (0.42, 0.288)]))
    earth = Part(outline=ellipse(0, 0.42, 0.26, 0.04), tone="coffee", shade="flat")
    return (pot, rim, earth, *behind)


def bowl(chance: random.Random) -> Parts:
    """A bowl of fruit."""
    fruit = tuple(
        Part(outline=ellipse(x, 0.42 + chance.uniform(0, 0.03), 0.125, 0.12), tone=tone, shade="ball")
        for x, tone in ((-0.2, "petal"), (0.2, "accent"), (-0.02, "citrus"))
    )
    body = lathe([(0.03, 0.16), (0.06, 0.19), (0.2, 0.36), (0.36, 0.44)])
    return (Part(outline=ellipse(0, 0.36, 0.44, 0.07), tone="shadow", shade="flat"), *fruit, Part(outline=body))


def glass(_chance: random.Random) -> Parts:
    """A tumbler, half full, with a slice of citrus."""
    return (
        Part(outline=ellipse(0.2, 0.74, 0.14, 0.14), tone="citrus", shade="ball"),
        Part(outline=lathe([(0.02, 0.2), (0.05, 0.215), (0.72, 0.26)]), tone="glass", alpha=0.45),
        Part(outline=lathe([(0.06, 0.195), (0.2, 0.205), (0.5, 0.226)]), alpha=0.85),
        Part(outline=ellipse(0, 0.5, 0.226, 0.034), tone="light", shade="flat", alpha=0.8),
        Part(outline=ellipse(0, 0.72, 0.26, 0.04), tone="glass", shade="flat", alpha=0.6),
    )


def lamp(_chance: random.Random) -> Parts:
    """A table lamp."""
    return (
        Part(outline=lathe([(0.02, 0.17), (0.04, 0.175), (0.06, 0.15)]), tone="metal"),
        Part(outline=((0, 0.06), (0, 0.6)), line=0.03, tone="metal", shade="flat"),
        Part(outline=lathe([(0.52, 0.36), (0.7, 0.29), (0.95, 0.2)], 0.1)),
        Part(outline=ellipse(0, 0.52, 0.35, 0.034), tone="flame", shade="flat"),
    )


def _blossom(x: float, y: float, radius: float, tone: str) -> Parts:
    petals = [ellipse(x + dx * radius, y + dy * radius, radius * 0.62, radius * 0.62, 20) for dx, dy in _AROUND]
    flower = tuple(Part(outline=petal, tone=tone, shade="ball") for petal in petals)
    return (*flower, Part(outline=ellipse(x, y, radius * 0.4, radius * 0.4, 16), tone="citrus", shade="ball"))


_AROUND = ((0.0, 0.72), (0.68, 0.22), (0.42, -0.58), (-0.42, -0.58), (-0.68, 0.22))
