"""Small work on many files at once: opening a file and decoding a picture both leave Python's lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final, TypeVar

from flux_batch.run.plane.cores import cores

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")

GLANCES: Final = 256
"""Files that are only looked at, together: handing them over one by one takes longer than that."""


def in_threads(make: Callable[[_Item], _Made], items: Sequence[_Item], together: int = 1) -> list[_Made]:
    """What ``make`` makes of every item, in their order; a thread takes so many ``together``."""
    if not items:
        return []
    several = [items[start : start + together] for start in range(0, len(items), together)]
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        return list(chain.from_iterable(pool.map(lambda some: [make(each) for each in some], several)))
