"""What the sheet tells of single images beside their tiles; sparse, so each text stands once with those it is about."""

from __future__ import annotations

from collections.abc import Mapping

from flux_batch.report.credentials import Credentials
from flux_batch.report.page.phrases import credentials_said
from flux_batch.run.records import Phase, RunView

Told = tuple[tuple[str, tuple[int, ...]], ...]
"""Texts, each with the indexes of the tiles that it is about."""


def credentials_told(view: RunView, found: Mapping[str, Credentials]) -> Told:
    """The Content Credentials of the originals, where they carry any."""
    said: dict[str, list[int]] = {}
    for index, entry in enumerate(view.entries):
        file = entry.purchase.file if entry.purchase.phase is Phase.STORED else None
        text = credentials_said(found[file.sha256]) if file and file.sha256 in found else ""
        if text:
            said.setdefault(text, []).append(index)
    return tuple((text, tuple(indexes)) for text, indexes in said.items())
