"""How a text is written into YAML, so that every tool reads back the same text."""

from __future__ import annotations

import json
import re
from typing import Final

_PLAIN: Final = re.compile(r"[^\W\d_]([\w '/.()%&+-]*[\w'/.()%&+-])?")
"""Begins with a letter, and has nothing that means anything to YAML, in a list or out of it."""
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nan", "inf"})
"""What some tool reads as something else than text."""


def is_plain(text: str) -> bool:
    """Whether a text may stand without quotes, in a list as well."""
    return bool(_PLAIN.fullmatch(text)) and text.casefold() not in _WORDS


def yaml_text(text: str) -> str:
    """A text as YAML: plain where that is safe, else in double quotes."""
    return text if is_plain(text) else json.dumps(text, ensure_ascii=False)
