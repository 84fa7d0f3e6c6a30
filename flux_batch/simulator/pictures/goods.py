"""Things that are not turned on a wheel: furniture, clothes, books, boxes, and solids for everything else."""

from __future__ import annotations

import random

from flux_batch.simulator.pictures.geometry import Part, box, ellipse, lathe, mirrored, moved, smooth

Parts = tuple[Part, ...]


def chair(_chance: random.Random) -> Parts:
    """A shell chair on wooden legs."""
    legs = ((-0.2, 0.42, -0.3, 0.0), (0.2, 0.42, 0.3, 0.0), (-0.1, 0.42, -0.16, 0.06), (0.12, 0.42, 0.2, 0.06))
    shell = smooth(
        [(-0.34, 0.46), (-0.3, 0.72), (-0.2, 0.98), (0.0, 1.02), (0.2, 0.98), (0.3, 0.72), (0.34, 0.46), (0, 0.38)],
        closed=True,
    )
    seat = smooth([(-0.36, 0.47), (-0.2, 0.54), (0.2, 0.54), (0.36, 0.47), (0.24, 0.39), (-0.24, 0.39)], closed=True)
    return (
        *(Part(outline=((a, b), (c, d)), line=0.038, tone="wood", shade="flat") for a, b, c, d in legs),
        Part(outline=shell),
        Part(outline=moved(seat, 0, -0.012), tone="shadow", shade="flat"),
        Part(outline=seat, tone="light", shade="flat"),
    )


def sofa(_chance: random.Random) -> Parts:
    """A sofa for two."""
    feet = tuple(Part(outline=((x, 0.12), (x * 1.04, 0.0)), line=0.035, tone="wood", shade="flat") for x in (-0.6, 0.6))
    cushions = tuple(Part(outline=box(x, 0.26, x + 0.57, 0.42, 0.06), tone="light") for x in (-0.58, 0.01))
    arms = tuple(Part(outline=box(x, 0.1, x + 0.17, 0.5, 0.07)) for x in (-0.74, 0.57))
    return (
        *feet,
        Part(outline=box(-0.62, 0.2, 0.62, 0.72, 0.1)),
        Part(outline=box(-0.66, 0.1, 0.66, 0.3, 0.04), tone="shadow"),
        *cushions,
        Part(outline=box(-0.5, 0.4, -0.2, 0.66, 0.07), tone="accent"),
        *arms,
    )


def shoe(_chance: random.Random) -> Parts:
    """A trainer, from the side."""
    upper = smooth(
        [
            (-0.56, 0.14),
            (-0.57, 0.34),
            (-0.5, 0.52),
            (-0.3, 0.5),
            (-0.16, 0.5),
            (0.1, 0.34),
            (0.42, 0.25),
            (0.56, 0.13),
            (0.0, 0.1),
        ],
        closed=True,
    )
    collar = smooth([(-0.5, 0.5), (-0.4, 0.46), (-0.28, 0.46), (-0.17, 0.5), (-0.32, 0.535)], closed=True)
    sole = smooth(
        [(-0.58, 0.16), (-0.6, 0.05), (-0.3, 0.02), (0.3, 0.02), (0.6, 0.06), (0.6, 0.15), (0, 0.13)], closed=True
    )
    laces = tuple(Part(outline=((x, y), (x + 0.11, y + 0.075)), line=0.026, tone="paper") for x, y in _LACES)
    stripe = smooth([(-0.3, 0.16), (-0.12, 0.24), (0.1, 0.34)])
    return (
        Part(outline=upper, shade="flat"),
        Part(outline=collar, tone="shadow", shade="flat"),
        Part(outline=stripe, line=0.05, tone="accent", shade="flat"),
        Part(outline=moved(stripe, -0.12, 0.01), line=0.035, tone="accent", shade="flat"),
        *laces,
        Part(outline=sole, tone="paper", shade="flat"),
    )


def bag(_chance: random.Random) -> Parts:
    """A tote bag."""
    strap = smooth([(-0.2, 0.6), (-0.18, 0.9), (0.0, 1.0), (0.18, 0.9), (0.2, 0.6)])
    return (
        Part(outline=strap, line=0.04, tone="shadow", shade="flat"),
        Part(outline=((-0.4, 0.05), (-0.37, 0.0), (0.37, 0.0), (0.4, 0.05), (0.34, 0.66), (-0.34, 0.66))),
        Part(outline=box(-0.345, 0.6, 0.345, 0.66), tone="shadow", shade="flat", alpha=0.35),
        Part(outline=ellipse(0, 0.3, 0.13, 0.13), tone="accent", shade="flat"),
        Part(outline=moved(strap, 0.03, -0.05), line=0.04, shade="flat"),
    )


def books(chance: random.Random) -> Parts:
    """A small stack of books."""
    parts: list[Part] = []
    bottom = 0.0
    for tone, width, height in (
        ("body", 0.5, 0.15),
        ("accent", 0.44, 0.11),
        ("paper", 0.4, 0.13),
        ("petal", 0.36, 0.09),
    ):
        shift = chance.uniform(-0.05, 0.05)
        left, right = shift - width, shift + width
        parts.append(Part(outline=box(left, bottom, right, bottom + height, 0.015), tone=tone, shade="flat"))
        parts.append(Part(outline=box(left + 0.08, bottom, left + 0.1, bottom + height), tone="ink", alpha=0.25))
        parts.append(
            Part(
                outline=box(left + 0.16, bottom + height * 0.4, right - 0.3, bottom + height * 0.6),
                tone="ink",
                alpha=0.3,
            )
        )
        bottom += height
    return tuple(parts)


def carton(_chance: random.Random) -> Parts:
    """A box with a ribbon, from its corner."""
    left = ((-0.5, 0.12), (0.02, 0.0), (0.02, 0.52), (-0.5, 0.62))
    right = ((0.02, 0.0), (0.48, 0.13), (0.48, 0.63), (0.02, 0.52))
    top = ((-0.5, 0.62), (0.02, 0.52), (0.48, 0.63), (-0.03, 0.72))
    ribbon = ((-0.29, 0.072), (-0.18, 0.046), (-0.18, 0.56), (-0.29, 0.58))
    over = ((-0.29, 0.58), (-0.18, 0.56), (0.27, 0.665), (0.17, 0.684))
    return (
        Part(outline=left, shade="flat"),
        Part(outline=right, shade="flat", tone="shadow"),
        Part(outline=top, shade="flat", tone="light"),
        Part(outline=ribbon, shade="flat", tone="accent"),
        Part(outline=over, shade="flat", tone="accent"),
    )


def headphones(_chance: random.Random) -> Parts:
    """Headphones."""
    band = smooth([(-0.4, 0.3), (-0.42, 0.66), (-0.24, 0.93), (0, 1.0), (0.24, 0.93), (0.42, 0.66), (0.4, 0.3)])
    cups = tuple(
        Part(outline=ellipse(x, 0.28, 0.13, 0.24), tone=tone, shade="round")
        for x, tone in ((-0.34, "shadow"), (0.34, "shadow"), (-0.4, "body"), (0.4, "body"))
    )
    return (
        Part(outline=band, line=0.07, shade="flat"),
        Part(outline=band, line=0.025, tone="light", shade="flat"),
        *cups,
    )


def watch(_chance: random.Random) -> Parts:
    """A wrist watch, standing."""
    hands = (((0, 0.5), (0, 0.66)), ((0, 0.5), (0.1, 0.45)))
    return (
        Part(outline=box(-0.13, 0.0, 0.13, 1.0, 0.05)),
        Part(outline=ellipse(0, 0.5, 0.29, 0.29), tone="metal", shade="ball"),
        Part(outline=ellipse(0, 0.5, 0.24, 0.24), tone="paper", shade="flat"),
        *(Part(outline=line, line=0.022, tone="ink", shade="flat") for line in hands),
    )


def shirt(_chance: random.Random) -> Parts:
    """A T-shirt, laid out."""
    half = [(0.0, 0.0), (0.29, 0.0), (0.28, 0.62), (0.34, 0.56), (0.5, 0.68), (0.3, 0.97), (0.13, 1.0), (0.0, 0.93)]
    neck = smooth([(-0.13, 1.0), (0.0, 0.915), (0.13, 1.0)])
    return (
        Part(outline=(*half, *reversed(mirrored(half)))),
        Part(outline=neck, line=0.03, tone="shadow", shade="flat"),
        Part(outline=ellipse(0, 0.58, 0.12, 0.12), tone="accent", shade="flat"),
    )


def solids(chance: random.Random) -> Parts:
    """An arrangement of simple solids, for a prompt about anything else."""
    arch_outer = [(-0.62, 0.0), *ellipse(-0.36, 0.56, -0.26, 0.3, 24)[:13], (-0.1, 0.0)]
    arch_inner = [(-0.5, 0.0), *ellipse(-0.36, 0.5, -0.14, 0.18, 24)[:13], (-0.22, 0.0)]
    height = chance.uniform(0.2, 0.34)
    ball = chance.uniform(0.15, 0.2)
    return (
        Part(outline=tuple(arch_outer), tone="light"),
        Part(outline=tuple(arch_inner), tone="shadow", shade="flat"),
        Part(outline=((0.46, 0.86), (0.24, 0.03), (0.35, -0.01), (0.57, -0.01), (0.68, 0.03)), tone="accent"),
        Part(outline=lathe([(0.0, 0.27), (height / 2, 0.27), (height, 0.27)])),
        Part(outline=ellipse(0, height, 0.27, 0.043), tone="light", shade="flat"),
        Part(outline=ellipse(-0.02, height + ball * 0.93, ball, ball), tone="petal", shade="ball"),
        Part(outline=ellipse(-0.42, 0.06, 0.085, 0.085), tone="citrus", shade="ball"),
    )


_LACES = ((-0.16, 0.39), (-0.06, 0.34), (0.05, 0.29))
