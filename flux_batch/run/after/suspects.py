"""Stored images that may not be what was bought: a host can answer 200 with a placeholder for a file it has lost.

Nobody can know, so nothing here throws anything away: a suspect is stored and paid like every other image, and people
are told. The thresholds are ours: the provider publishes no pixel sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

from flux_batch.api.settings import is_loopback
from flux_batch.run.records import Entry, Phase, RunView, StoredFile

ALIKE: Final = 3
"""So many purchases with the very same bytes are no chance: the models take no seed."""

SMALLEST: Final = 256
"""Pixels of the longer side; a picture below it is hardly a model's work."""

SMALLEST_AT_HOME: Final = 48
"""The same for a simulator or a stand-in on this machine, whose pictures may well be small."""

OFF: Final = 1.2
"""How far a shape may be from the ratio asked for, either way, as a factor."""


def suspects(entries: Iterable[Entry], *, smallest: int = SMALLEST) -> Mapping[str, str]:
    """Why a stored image may be a placeholder, by key, in the order of ``entries``; others are left out."""
    files = {
        entry.task.key: (entry.task.size, entry.purchase.file)
        for entry in entries
        if entry.purchase.file and entry.purchase.phase is Phase.STORED
    }
    copies = Counter(file.sha256 for _, file in files.values())
    reasons = {key: _reason(file, size, copies[file.sha256], smallest) for key, (size, file) in files.items()}
    return {key: reason for key, reason in reasons.items() if reason}


def suspects_of(view: RunView) -> Mapping[str, str]:
    """The same for a run, which knows whether its pictures came from this machine."""
    at_home = view.rehearsal or is_loopback(urlsplit(view.base_url).hostname or "")
    return suspects(view.entries, smallest=SMALLEST_AT_HOME if at_home else SMALLEST)


def _reason(file: StoredFile, size: str, copies: int, smallest: int) -> str:
    if copies >= ALIKE:
        return f"{copies} purchases brought the very same bytes"
    if max(file.width, file.height) < smallest:
        return f"only {file.width} x {file.height} pixels"
    return f"{file.width} x {file.height} is not {size}" if _off(file, size) else ""


def _off(file: StoredFile, size: str) -> bool:
    """Whether the shape is another one; ``match_input_image`` and whatever is no ratio says nothing about it."""
    wide, _, high = size.partition(":")
    if not (wide.isdecimal() and high.isdecimal() and int(wide) and int(high) and file.height):
        return False
    factor = (file.width / file.height) / (int(wide) / int(high))
    return not 1 / OFF <= factor <= OFF
