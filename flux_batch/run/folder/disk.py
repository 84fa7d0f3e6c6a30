"""Room on the disk: nothing is bought that could not be kept.

Room is held free for every image under way, and for the state file and the report beside them. A disk with little room
gets fewer images at a time; only where there is none for a single one, nothing more is bought.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

_MB: Final = 1024 * 1024

IMAGE: Final = 8 * _MB
"""Bytes held free for an image under way: a PNG of the real size has about 2 MB. A larger one that does not fit stays
at the provider, paid and known."""

BESIDE: Final = 8 * _MB
"""Bytes held free for the state file with its journal, the thumbnails and the report."""


def free_bytes(folder: Path) -> int | None:
    """What may still be written there; None where the system does not say."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return usage.free if usage.total else None


def places(free: int | None, under_way: int) -> int | None:
    """How many images more may be begun beside those under way, below 1 for none; None for any number."""
    return None if free is None else (free - BESIDE) // IMAGE - under_way


def shortage(folder: Path) -> str | None:
    """Why not even one image more may be bought, and what to do; None when there is room."""
    free = free_bytes(folder)
    if free is None or free >= IMAGE + BESIDE:
        return None
    missing = -(-(IMAGE + BESIDE - free) // _MB)
    return (
        f"the disk is too full to buy more: {folder} has {free // _MB} MB left, and one image with its records "
        f"is given {(IMAGE + BESIDE) // _MB}. Free {missing} MB there, then run again"
    )
