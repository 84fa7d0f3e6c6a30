"""A spec with its slips of the pen mended, and every other byte as it was.

Mended is only what can have been meant in one way: a key, a model, a ratio, a variable that is a slip away from the
right one and from no other, and a ratio without quotes, which other tools read as a number. What was mended is read
back: the text then says just that, or it is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from flux_batch.errors import Fix, Problem, UsageError
from flux_batch.spec.mending.rewrite import BOM, Spot, put, read_sound, rewrite, says, spots
from flux_batch.spec.reading.quoting import is_plain, yaml_text
from flux_batch.spec.reading.source import LINE, FilePath
from flux_batch.spec.reading.values import Plain

BASE_60: Final = re.compile(r"[1-9][0-9]*(:[0-5]?[0-9])+")
"""What YAML 1.1 reads as a number to the base of sixty, as long as it has no quotes."""
_TAGS: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Slip:
    """A slip at a place of the file; ``at`` leads to a value, or with ``key`` to the key that is misspelt."""

    at: FilePath
    fix: Fix
    key: bool = False
    whole: bool = False


def mended(text: str, problems: Sequence[Problem]) -> str:
    """A spec's text with those of its problems mended that have a fix, and its ratios in quotes.

    UsageError for a text that cannot be read, or is laid out in a way that nothing is known about.
    """
    mark = BOM if text.startswith(BOM) else ""
    body = text.removeprefix(BOM)
    read_sound(body)
    root = spots(body)
    slips = list(dict.fromkeys(each for problem in problems for each in _slips(body, root, problem)))
    values: dict[FilePath, Plain] = dict(_unquoted(body, root))
    values |= {slip.at: slip.fix.new for slip in slips if slip.whole}
    body = _each(body, values)
    for slip in slips:
        if not slip.whole and not slip.key:
            body = _with_word(body, slip)
    for slip in sorted((slip for slip in slips if slip.key), key=lambda slip: -len(slip.at)):
        body = _with_key(body, slip)
    return mark + body


def _each(body: str, values: dict[FilePath, Plain]) -> str:
    """Every value that can be put in its place without changing another's."""
    for at, value in values.items():
        try:
            body = rewrite(body, {at: value})
        except UsageError:
            continue  # it is repeated by *name; whoever wrote that knows where to look
    return body


def _unquoted(body: str, spot: Spot, at: FilePath = ()) -> Iterator[tuple[FilePath, str]]:
    """Ratios without quotes, which read as text here and as a number elsewhere."""
    written = body[spot.start : spot.end]
    if spot.style == "" and not spot.alias and BASE_60.fullmatch(written):
        yield at, written
    for name, inner in spot.inner.items():
        yield from _unquoted(body, inner, (*at, name))


def _slips(body: str, root: Spot, problem: Problem) -> Iterator[_Slip]:
    """What a problem's place in the text means as a place in the file's groups and lists."""
    if problem.fix is None:
        return
    lines = [len(line) for line in LINE.findall(body)]
    offset = [0, *accumulate(lines)][problem.line - 1] + problem.column - 1
    for at, spot, key in _scalars(root, ()):
        if spot.start <= offset < spot.end and problem.fix.old in body[spot.start : spot.end]:
            bare = body[spot.start : spot.end].strip("\"'")
            yield _Slip(at, problem.fix, key, whole=not key and bare == problem.fix.old)


def _scalars(spot: Spot, at: FilePath) -> Iterator[tuple[FilePath, Spot, bool]]:
    """Every key and every value that is no list or group, with its way."""
    for word, key in spot.keys.items():
        yield (*at, word), key, True
    for name, inner in spot.inner.items():
        if inner.style is not None:
            yield (*at, name), inner, False
        yield from _scalars(inner, (*at, name))


def _found(root: Spot, at: FilePath) -> Spot:
    for step in at:
        root = root.inner[step]
    return root


def _with_word(body: str, slip: _Slip) -> str:
    """The word mended in every {{ … }} of a text."""
    word = re.compile(rf"(?<![\w.'\"]){re.escape(slip.fix.old)}(?!\w)")

    def mend(text: str) -> str:
        return _TAGS.sub(lambda tag: word.sub(lambda _: slip.fix.new, tag[0]), text)

    spot, expected = _found(spots(body), slip.at), deepcopy(read_sound(body))
    value: Any = expected
    for step in slip.at:
        value = value[step]
    put(expected, slip.at, mend(str(value)))
    changed = body[: spot.start] + mend(body[spot.start : spot.end]) + body[spot.end :]
    return changed if says(changed, expected) else body


def _with_key(body: str, slip: _Slip) -> str:
    """The key by its right name, in the quotes that it had."""
    *way, old = slip.at
    group, expected = _found(spots(body), tuple(way)), deepcopy(read_sound(body))
    holder: Any = expected
    for step in way:
        holder = holder[step]
    if slip.fix.new in holder:
        return body
    holder[slip.fix.new] = holder.pop(old)
    spot = group.keys[str(old)]
    quote = body[spot.start] if spot.style else ""
    new = f"{quote}{slip.fix.new}{quote}" if quote or is_plain(slip.fix.new) else yaml_text(slip.fix.new)
    changed = body[: spot.start] + new + body[spot.end :]
    return changed if says(changed, expected) else body
