"""Names of delivery copies: all in one folder, readable, safe on every system, and never two for one place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from flux_batch.plan.naming import distinct, slug, stem_problem
from flux_batch.run.records import StoredFile

STEM_MAX: Final = 150
"""Bytes; leaves room for what tells two names apart, and for the folders of whoever gets them."""


def delivery_names(files: Sequence[StoredFile]) -> list[str]:
    """A file name for each, in the same order; made from its path below ``images/``."""
    stems = distinct((_stem(file), file.sha256) for file in files)
    return [f"{stem}{_ending(file)}" for stem, file in zip(stems, files, strict=True)]


def _stem(file: StoredFile) -> str:
    path = PurePosixPath(file.path)
    parts = path.with_suffix("").parts
    parts = parts[1:] if len(parts) > 1 and parts[0] == "images" else parts
    stem = _shortened("-".join(slug(part) for part in parts))
    return f"image-{stem}" if stem_problem(stem) else stem


def _shortened(stem: str) -> str:
    encoded = stem.encode(errors="replace")
    return stem if len(encoded) <= STEM_MAX else encoded[:STEM_MAX].decode(errors="ignore").rstrip("-.")


_ENDINGS: Final = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif"}


def _ending(file: StoredFile) -> str:
    return _ENDINGS.get(file.mime, PurePosixPath(file.path).suffix.lower())
