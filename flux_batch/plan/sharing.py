"""Equal values held once: labels, models, options and prices are the same again in the records of most images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Written = TypeVar("Written")
Made = TypeVar("Made")


class Shared:
    """What one reading of many records has met so far."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._made: dict[tuple[object, object], Any] = {}

    def text(self, text: str) -> str:
        """A text that other records may have, too."""
        return self._texts.setdefault(text, text)

    def texts(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Texts by name: all of them together are seldom met again, each by itself is."""
        met = self._texts.setdefault
        return {met(name, name): met(text, text) for name, text in texts.items()}

    def made(self, make: Callable[[Written], Made], written: Written) -> Made:
        """What is made of something written, which nobody changes."""
        known = self._made.get((make, written))
        if known is None:
            known = self._made[make, written] = make(written)
        return known

    def whole(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Plain values by name; equal is what is written the same, for 1 is not True."""
        return self._made.setdefault((Mapping, repr(value)), value)  # type: ignore[no-any-return]
