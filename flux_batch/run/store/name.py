"""What the state file is called: for whoever only asks whether there is one, and need not load what reads it."""

from __future__ import annotations

from typing import Final

FILE: Final = "state.sqlite"
