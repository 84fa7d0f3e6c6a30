"""stdout is the result, stderr is for people; foreign text is made harmless at this border."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, Final, TextIO

from flux_batch.api.hiding import hide_key, hide_key_in_json

_STEERING: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""What a terminal obeys, what turns the writing direction, and what hides: a prompt or a provider's error may hold it.

The joiners U+200C and U+200D stay: Persian and emoji are written with them.
"""

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
    text = hide_key(text, _key())
    return _STEERING.sub(lambda found: " " if found[0] == "\t" else "\N{REPLACEMENT CHARACTER}", text)


def debugging() -> bool:
    """Whether somebody asked to see tracebacks."""
    return bool(os.environ.get("FLUX_BATCH_DEBUG"))


def one_line(text: object) -> str:
    """Somebody else's words on one line, so that they cannot write a line that looks like one of ours."""
    return " ".join(str(text).split())


def say(message: str) -> None:
    """A message for a person, on stderr; where nobody reads it any more, work goes on without words."""
    try:
        print(clean(message), file=sys.stderr, flush=True)  # noqa: T201
    except OSError:
        unheard(sys.stderr)


def unheard(stream: TextIO) -> None:
    """Send to nowhere what cannot be written; it stays in the buffer and would fail again as the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_json(value: dict[str, Any]) -> None:
    """The one JSON object of a ``--json`` command, on stdout; what steers a terminal is escaped, so no text changes.

    A long list in it may be an iterator: it is printed piece by piece, and never held.
    """
    from flux_batch.plan.indented import indented

    for piece in indented({name: _hidden(each) for name, each in value.items()}):
        text = _STEERING.sub(lambda found: json.dumps(found[0])[1:-1], piece)
        # The same JSON, and no order to the runner.
        sys.stdout.write(text.replace("##[", "##\\u005b") if on_github() else text)
    print(flush=True)  # noqa: T201


def _hidden(value: object) -> object:
    if isinstance(value, Iterator):
        return (hide_key_in_json(each, _key()) for each in value)
    return hide_key_in_json(value, _key())


def plural(count: int, word: str) -> str:
    """``1 image``, ``2 images``."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _key() -> str:
    return os.environ.get("TOAPIS_API_KEY", "").strip()
