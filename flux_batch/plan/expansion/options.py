"""An option that a variable decided, as a value that the provider takes."""

from __future__ import annotations

from typing import Final

from flux_batch.spec.words import did_you_mean, quoted

FORMATS: Final = ("png", "jpg")
STRICTEST, LOOSEST = 0, 6
_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class BadOption(Exception):
    """A text that is no value of an option; ``hint`` says what is."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def read_option(name: str, text: str) -> str | int | bool:
    """The value that a filled-in text means for the option ``name``; raises BadOption."""
    text = text.strip()
    match name:
        case "response_format":
            return _format(text)
        case "safety_tolerance":
            return _tolerance(text)
        case _:
            return _yes_or_no(name, text)


def _format(text: str) -> str:
    if text not in FORMATS:
        raise BadOption(f"`response_format` cannot be {quoted(text)}", did_you_mean(text, FORMATS, mark='"'))
    return text


def _tolerance(text: str) -> int:
    if not (text.isdecimal() and STRICTEST <= int(text) <= LOOSEST):
        raise BadOption(
            f"`safety_tolerance` cannot be {quoted(text)}", f"it is a whole number from {STRICTEST} to {LOOSEST}"
        )
    return int(text)


def _yes_or_no(name: str, text: str) -> bool:
    if text.lower() not in _WORDS:
        raise BadOption(f"`{name}` cannot be {quoted(text)}", "it is true or false")
    return _WORDS[text.lower()]
