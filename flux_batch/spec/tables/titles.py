"""The title of a column → the field's name in a template."""

from __future__ import annotations

import unicodedata
from typing import Final

NAME_HINT: Final = "a name has letters and digits, like sku or shelf_price"


def field_name(title: str) -> str:
    """``Price (EUR)`` → ``price_eur``; empty when the title has no letter or digit.

    No name begins with ``_``, which templates keep for themselves, or with a digit: ``2024`` → ``c_2024``.
    """
    lowered = unicodedata.normalize("NFC", unicodedata.normalize("NFC", title).lower())
    words = "".join(char if f"a{char}".isidentifier() else "_" for char in lowered)
    name = "_".join(word for word in words.split("_") if word)
    # A digit, or a mark that only stands behind a letter.
    return name if not name or name.isidentifier() else f"c_{name}"
