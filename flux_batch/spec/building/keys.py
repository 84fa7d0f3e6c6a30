"""Keys that no group of the language has: what was meant by them; pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.reading.values import Plain
from flux_batch.spec.words import closest, did_you_mean

MEANT: Final = {
    "aspect_ratio": "ratios",
    "aspect_ratios": "ratios",
    "size": "ratios",
    "sizes": "ratios",
    "format": "ratios",
    "formats": "ratios",
    "count": "repeat",
    "n": "repeat",
    "samples": "repeat",
    "variations": "repeat",
    "image": "reference",
    "image_url": "reference",
    "image_urls": "reference",
    "parent": "edit",
    "vars": "variables",
    "matrix": "variables",
    "axes": "variables",
    "text": "prompt",
    "skip": "exclude",
    "zip": "pair",
    "pairs": "pair",
    "filter": "where",
    "only": "where",
    "when": "where",
    "inherit": "extends",
    "include_file": "extends",
    "output_format": "response_format",
    "cols": "columns",
    "filename": "naming",
}
"""Words of other tools, and ours for the same thing."""

TOP: Final = (
    *("version", "name", "jobs", "budget", "execution", "report", "naming", "limits"),
    *("extends", "profile", "profiles", "defaults", "lint", "draft"),
)
"""Keys that a job cannot have."""


def in_full(at: FilePath, value: Plain) -> Plain:
    """``budget: 5``, which is short for ``{max: 5}``, written in full; every other value as it is."""
    short = at == ("budget",) and isinstance(value, int | Decimal) and not isinstance(value, bool)
    return {"max": value} if short else value


def meant_key(key: str, known: tuple[str, ...]) -> str | None:
    """The known key that an unknown one probably stands for."""
    synonym = MEANT.get(key.lower())
    return synonym if synonym in known else closest(key, known)


def key_hint(key: str, meant: str | None, at: FilePath, known: tuple[str, ...]) -> str:
    """What to write instead of an unknown key in the group at ``at``."""
    if key == "seed":
        return "the API has no seed; for more variations use `repeat`"
    if key == "edit" and not at:
        return "`edit` belongs to a job: jobs: {winter: {edit: hero, prompt: …}}"
    if key in TOP and at[:1] == ("jobs",):
        return f"`{key}` belongs at the top of the file, not in a job"
    return f"did you mean `{meant}`?" if meant else did_you_mean(key, known)
