"""How a message speaks: quoting what was written, naming its kind, and guessing what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Final

from flux_batch.errors import Fix

SHOWN_MAX: Final = 60
"""Characters of a user's text in a message."""
JOINER: Final = "\N{ZERO WIDTH JOINER}"
"""Holds the parts of an emoji together."""

GUESS_MAX: Final = 80
GUESSES_MAX: Final = 300


def quoted(text: object) -> str:
    """The text in double quotes, fit to be shown."""
    return f'"{shown(text)}"'


def code(text: object) -> str:
    """The text in backticks, fit to be shown: for keys and names."""
    return f"`{shown(text)}`"


def shown(text: object) -> str:
    """The text on one line, shortened, with nothing a terminal would obey."""
    line = harmless(" ".join(plain(text).split()))
    return f"{line[: SHOWN_MAX - 1]}…" if len(line) > SHOWN_MAX else line


def harmless(text: str) -> str:
    """The same number of characters, none of which moves a cursor, hides, or turns the writing direction."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == JOINER else _visible(char) for char in text)


def _visible(char: str) -> str:
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"


def plain(value: object) -> str:
    """A scalar as YAML writes it: ``true``, not ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def kind(value: object) -> str:
    """What a value is, in words: ``the number 969``, ``a list``."""
    if isinstance(value, bool):
        return f"the word {plain(value)}"
    if isinstance(value, int | Decimal):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return "a list" if isinstance(value, list) else "a group of `key: value` lines"


def closest(word: str, options: Iterable[str]) -> str | None:
    """The option that was probably meant, None when nothing is near."""
    # Comparing is slow work: what is longer than a name, or the thousandth of its kind, is not compared.
    if len(word) > GUESS_MAX:
        return None
    by_folded = {option.casefold(): option for option in islice(options, GUESSES_MAX) if len(option) <= GUESS_MAX}
    folded = word.casefold()
    near = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    if near:
        return by_folded[near[0]]
    # A start that only one option has is a strong hint, however short: `ref` for `reference`.
    begun = [option for key, option in by_folded.items() if len(folded) > 1 and key.startswith(folded)]
    return begun[0] if len(begun) == 1 else None


def fix_of(word: str, options: Iterable[str]) -> Fix | None:
    """The slip of the pen that a word is: one option is at most two slips away, and no other is as near."""
    if not 3 <= len(word) <= GUESS_MAX:
        return None
    far = 1 if len(word) < 6 else 2
    near = sorted((_slips(word.casefold(), each.casefold(), far), each) for each in islice(options, GUESSES_MAX))
    sure = near and near[0][0] <= far and (len(near) == 1 or near[1][0] > near[0][0])
    return Fix(word, near[0][1]) if sure else None


def _slips(word: str, other: str, far: int) -> int:
    """How many letters were missed, added, mistaken or swapped with their neighbour; more than ``far`` is just more."""
    if abs(len(word) - len(other)) > far:
        return far + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        earlier, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == its:
                least = min(least, earlier[j - 2] + 1)
            row.append(least)
    return row[-1]


def closest_file(name: str, names: Iterable[str]) -> str | None:
    """The file that was probably meant; compared without endings, for ``.png`` makes no two names alike."""
    by_stem: dict[str, list[str]] = {}
    for each in names:
        by_stem.setdefault(_stem(each), []).append(each)
    stem = closest(_stem(name), by_stem)
    return None if stem is None else closest(name, by_stem[stem]) or by_stem[stem][0]


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def did_you_mean(word: str, options: Iterable[str], mark: str = "`") -> str:
    """``did you mean `models`?``, or the choices when nothing is near, or nothing when there are none."""
    known = tuple(options)
    guess = closest(word, known)
    if guess is not None:
        return f"did you mean {mark}{guess}{mark}?"
    return f"known here: {', '.join(known[:20])}" if known else ""
