"""Which words are which thing."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flux_batch.simulator.pictures import goods, vessels
from flux_batch.simulator.pictures.geometry import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that can be drawn. ``height`` is its share of the free picture, ``width`` its width per height."""

    parts: Callable[[random.Random], tuple[Part, ...]]
    words: tuple[str, ...]
    height: float = 0.5
    width: float = 0.8
    on_floor: bool = False


SOLIDS: Final = Thing(parts=goods.solids, words=(), height=0.6, width=1.35)

THINGS: Final = (
    Thing(
        parts=vessels.mug, words=("mug", "cup", "coffee", "espresso", "latte", "cappuccino"), height=0.64, width=0.95
    ),
    Thing(parts=vessels.teapot, words=("teapot", "kettle", "tea pot", "pot of tea"), height=0.68, width=1.25),
    Thing(
        parts=vessels.dropper,
        words=("serum", "perfume", "dropper", "skincare", "cosmetic", "fragrance", "oil"),
        height=0.6,
    ),
    Thing(parts=vessels.bottle, words=("bottle", "wine", "shampoo", "lotion", "flask", "thermos", "beer"), height=0.68),
    Thing(parts=vessels.candle, words=("candle", "jar", "jam", "honey", "tin", "can"), height=0.66),
    Thing(
        parts=vessels.vase, words=("vase", "flowers", "flower", "bouquet", "tulips", "roses", "peonies"), height=0.68
    ),
    Thing(
        parts=vessels.plant,
        words=("plant", "monstera", "planter", "flowerpot", "succulent", "cactus", "herb", "tree"),
        height=0.66,
    ),
    Thing(
        parts=vessels.bowl,
        words=("bowl", "fruit", "salad", "soup", "plate", "dish", "ramen", "breakfast"),
        height=0.8,
        width=0.95,
    ),
    Thing(
        parts=vessels.glass,
        words=("glass", "cocktail", "lemonade", "juice", "tumbler", "drink", "smoothie"),
        height=0.56,
    ),
    Thing(parts=vessels.lamp, words=("lamp", "lantern", "light fixture", "lampshade"), height=0.66),
    Thing(parts=goods.chair, words=("chair", "stool", "armchair", "seat"), height=0.72, on_floor=True),
    Thing(parts=goods.sofa, words=("sofa", "couch", "settee"), height=0.84, width=1.5, on_floor=True),
    Thing(
        parts=goods.shoe,
        words=("shoe", "shoes", "sneaker", "sneakers", "trainer", "trainers", "boot", "boots"),
        height=0.92,
        width=1.2,
    ),
    Thing(parts=goods.bag, words=("bag", "tote", "backpack", "handbag", "purse"), height=0.6),
    Thing(parts=goods.books, words=("book", "books", "notebook", "magazine", "journal"), height=0.94, width=1.1),
    Thing(
        parts=goods.carton,
        words=("box", "package", "parcel", "gift", "packaging", "carton", "present"),
        height=0.74,
        width=1.0,
    ),
    Thing(parts=goods.headphones, words=("headphones", "headphone", "headset", "earphones"), height=0.56, width=1.1),
    Thing(parts=goods.watch, words=("watch", "wristwatch", "smartwatch"), height=0.6),
    Thing(parts=goods.shirt, words=("t-shirt", "tshirt", "shirt", "tee", "hoodie", "sweater", "jumper"), height=0.66),
)

_BY_WORD: Final[Mapping[str, Thing]] = {word: thing for thing in THINGS for word in thing.words}
_PATTERN: Final = re.compile(
    r"\b(" + "|".join(re.escape(word) for word in sorted(_BY_WORD, key=len, reverse=True)) + r")s?\b"
)


def thing_in(text: str) -> tuple[Thing, int]:
    """The first thing a text names and where its name begins; solids, and -1, for anything else."""
    match = _PATTERN.search(text.casefold())
    return (_BY_WORD[match[1]], match.start()) if match else (SOLIDS, -1)
