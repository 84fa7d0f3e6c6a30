"""stdout is the result, stderr is for people; foreign text is made harmless at this border."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, Final

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Terminal control and text-direction characters: a prompt or a provider's error may hold them."""

_ORDER: Final = re.compile(r"^([^\S\n]*:):|(##)\[", re.MULTILINE)
"""What GitHub Actions takes for an order to the runner, at the beginning of a printed line or anywhere in it."""


def clean(text: str) -> str:
    """Text that cannot steer a terminal or GitHub Actions, and that never holds the key."""
    return _no_order(without_controls(text)) if on_github() else without_controls(text)


def on_github() -> bool:
    """Whether this is a step of GitHub Actions, where printed lines can be orders to the runner."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _no_order(text: str) -> str:
    return _ORDER.sub(lambda found: f"{found[1]} :" if found[1] else f"{found[2]} [", text)


def without_controls(text: str) -> str:
    """Text without the key, and without what could steer a terminal."""
    key = os.environ.get("TOAPIS_API_KEY", "").strip()
    if len(key) >= 4:
        text = text.replace(key, "[key]")
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def say(message: str) -> None:
    """A message for a person, on stderr."""
    print(clean(message), file=sys.stderr, flush=True)  # noqa: T201


def print_json(value: dict[str, Any]) -> None:
    """The one JSON object of a ``--json`` command, on stdout."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    text = text.replace("##[", "##\\u005b") if on_github() else text  # the same JSON, and no order to the runner
    print(text, flush=True)  # noqa: T201


def plural(count: int, word: str) -> str:
    """``1 image``, ``2 images``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
