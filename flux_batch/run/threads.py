"""Small work on many files at once: opening a file and decoding a picture both leave Python's lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final, TypeVar

from flux_batch.run.cores import cores

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")

AT_ONCE: Final = 64
"""Items that a thread takes together: handing them over one by one takes longer than to look at a file."""


def in_threads(make: Callable[[_Item], _Made], items: Sequence[_Item]) -> list[_Made]:
    """What ``make`` makes of every item, in their order."""
    if not items:
        return []
    several = [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]
    with ThreadPoolExecutor(max_workers=cores()) as pool:
        return list(chain.from_iterable(pool.map(lambda some: [make(each) for each in some], several)))
