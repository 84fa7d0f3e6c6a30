"""From an older state file to the present format, step by step; each step is SQL that loses nothing.

A format that was ever released is never edited: what changes becomes the next step, and ``schema.sql`` shows the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_TO_2: Final = """
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    business_id TEXT NOT NULL,
    at REAL NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX answer_business_id ON answer (business_id);
"""

_TO_3: Final = """
CREATE INDEX purchase_remote_id ON purchase (remote_id) WHERE remote_id IS NOT NULL;
"""

_TO_4: Final = ""
"""The tables stay. What is noted of an image says what was seen in it (``bare``), which format 3 takes for damage."""

STEPS: Final[Mapping[int, str]] = {1: _TO_2, 2: _TO_3, 3: _TO_4}
"""Format → the SQL that makes the next one of it."""

VERSION: Final = max(STEPS) + 1
"""The present format."""


def steps_from(version: int) -> str:
    """The SQL from one format to the present one; empty when it is that already."""
    return "".join(STEPS[each] for each in range(version, VERSION))
