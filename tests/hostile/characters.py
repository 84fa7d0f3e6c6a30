"""Characters that a terminal obeys, that hide, or that turn the writing direction; and texts made of them."""

from __future__ import annotations

import unicodedata
from typing import Final

from hypothesis import strategies as st

STEERING: Final = frozenset(
    chr(code)
    for first, last in (
        (0x00, 0x09), (0x0B, 0x1F), (0x7F, 0x9F), (0x61C, 0x61C), (0x200B, 0x200B), (0x200E, 0x200F),
        (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xD800, 0xDFFF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
"""What may stand in no output: all that Unicode calls control but the line feed, and what moves or hides others.

The joiners U+200C and U+200D stay: Persian and emoji are written with them.
"""

SEQUENCES: Final = {
    "clear screen": "\x1b[2J\x1b[H",
    "colour left on": "\x1b[31;1m",
    "cursor up and overwrite": "\x1b[1A\x1b[2K+ 0 to buy",
    "window title": "\x1b]0;pwned\x07",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8K\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "device question": "\x1b[c\x1b[6n\x1bP$q\x1b\\",
    "hidden": "\x1b[8mhidden\x1b[28m",
    "other screen": "\x1b[?1049h",
    "one byte CSI and OSC": "\x9b2J\x9d0;pwned\x9c",
    "carriage return": "bad\rgood",
    "backspaces": "bad\b\b\bgood",
    "bell and form feed": "\a\f\v",
    "delete": "a\x7fb",
    "turned writing": "\u202egpj.exe\u202c \u2066a\u2069 \u200fb\u200e \u061c",
    "nothing to see": "a\u200bb\ufeffc\u2060d",
    "line and paragraph": "a\u2028b\u2029c",
    "half a character": "a\ud83db\udcffc",
    "null": "a\0b",
    "every control byte": "".join(map(chr, (*range(10), *range(11, 32), *range(127, 160)))),
    "markup": "[bold]b[/] [/] [link=https://evil.example]x[/link] :warning: \\[a] [@click=app.bell]",
}

NASTY: Final = st.lists(
    st.sampled_from([*sorted(STEERING - {chr(code) for code in range(0xD800, 0xE000)}), "\ud83d", "\udcff"])
    | st.sampled_from(
        ["\x1b[", "\x1b]", "2J", "m", ";", "[bold]", "[/]", ":smile:", "{", "}", "'", '"', "\\", "é", "😀"]
    )
    | st.sampled_from(["<", ">", "&", "</script>", "<!--", "`", "${", "a", " ", "\n", "\u200d", "\u200c"]),
    max_size=24,
).map("".join)
"""Short texts made of all that."""


def steering(text: str) -> set[str]:
    """The names of those characters in ``text`` that may not stand in any output."""
    return {f"U+{ord(char):04X}" for char in text if char in STEERING or _is_control(char)}


def _is_control(char: str) -> bool:
    return char != "\n" and unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
