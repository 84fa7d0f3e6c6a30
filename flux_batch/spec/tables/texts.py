"""The text of one cell, made the same on every machine: stripped, composed, with one kind of line break."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from flux_batch.spec.reading.scalars import Unfit
from flux_batch.spec.tables.limits import CELL_MAX

UNFIT: Final = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Controls, hidden line ends, halves of characters, and what turns the writing direction of the text behind it.

The marks that Hebrew and Arabic need between words (U+200E, U+200F, U+061C) turn nothing else and may stay.
"""


def clean_text(text: str) -> str | Unfit | None:
    """What a cell's text says; None for nothing, Unfit for what no prompt and no terminal should get."""
    if len(text) > CELL_MAX:
        return Unfit(f"this cell has {len(text):,} characters", f"at most {CELL_MAX:,} can be used: make it shorter")
    if text.isascii() and text.isprintable():
        return text.strip() or None
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := UNFIT.search(lines):
        return Unfit(f"this cell has the character U+{ord(found[0]):04X} in it, which nobody can see", "take it out")
    return unicodedata.normalize("NFC", lines).strip() or None
