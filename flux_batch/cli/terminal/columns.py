"""Text in columns: as wide as a terminal draws it, cut where there is no room."""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """How many columns a terminal gives a text: two for wide letters, none for marks on another letter."""
    return sum(_cell(letter) for letter in text)


def fit(text: str, width: int) -> str:
    """Exactly ``width`` columns: filled up with spaces, or cut with ``…``."""
    if cells(text) <= width:
        return text + " " * (width - cells(text))
    while text and cells(text) >= width:
        text = text[:-1]
    return fit(f"{text}…", width) if width > 0 else ""


def _cell(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1
