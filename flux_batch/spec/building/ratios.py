"""What someone meant who wrote a ratio in another way: 969, ``16x9``, ``16:09``, ``1920x1080``."""

from __future__ import annotations

from re import findall, fullmatch

from flux_batch.errors import Fix
from flux_batch.spec.vocabulary import MATCH_INPUT, RATIOS
from flux_batch.spec.words import closest, fix_of, kind, plain, quoted

KNOWN = f"known here: {', '.join(RATIOS)}"


def not_a_ratio(value: object) -> tuple[str, str]:
    """Message and hint for a value that is no ratio: what was probably meant is said, never put in its place."""
    if isinstance(value, int) and not isinstance(value, bool) and (meant := _base60(value)):
        return (
            f'{value} is not a ratio: did you mean "{meant}"?',
            f"older YAML tools and spreadsheets read an unquoted {meant} as the number {value}: put it in quotes",
        )
    if not isinstance(value, str):
        return f'a ratio is text in quotes, like "16:9", but this is {kind(value)}', KNOWN
    if closest(value, (MATCH_INPUT,)):
        return f'{quoted(value)} is not a ratio: did you mean "{MATCH_INPUT}"?', ""
    return _not_among_ours(value)


def ratio_fix(value: object) -> Fix | None:
    """The ratio to write instead, where only one can have been meant."""
    meant = meant_ratio(value)
    return Fix(plain(value), meant) if meant else None


def meant_ratio(value: object) -> str | None:
    """The ratio that a value writes in another way: 969, ``16x9``, ``1920x1080``; None where it is another."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _base60(value)
    if not isinstance(value, str):
        return None
    if fix := fix_of(value, (MATCH_INPUT,)):
        return fix.new
    written = fullmatch(r"\s*([0-9]{1,6})\s*[x:/\N{MULTIPLICATION SIGN}]\s*([0-9]{1,6})\s*", value.lower())
    return _equal(int(written[1]), int(written[2])) if written else None


def _base60(number: int) -> str | None:
    """The ratio that YAML 1.1 made this number of, or None."""
    meant = "{}:{}".format(*divmod(number, 60))
    return meant if meant in RATIOS else None


def _not_among_ours(text: str) -> tuple[str, str]:
    numbers = [int(number) for number in findall(r"[0-9]{1,6}", text)]
    if len(numbers) != 2 or 0 in numbers:
        return f"{quoted(text)} is not a ratio", f"{KNOWN}, {MATCH_INPUT}"
    width, height = numbers
    if meant := _equal(width, height):
        return f'{quoted(text)} is not a ratio: did you mean "{meant}"?', "width, colon, height, in quotes"
    near = min(RATIOS, key=lambda ratio: abs(_aspect(ratio) - width / height))
    return f"{quoted(text)} is not a ratio that ToAPIs draws", f'the nearest is "{near}"; {KNOWN}'


def _equal(width: int, height: int) -> str | None:
    """Ours that is the same, however it is reduced: 21:9 is 7:3."""
    for ratio in RATIOS:
        wide, high = map(int, ratio.split(":"))
        if height and width * high == height * wide:
            return ratio
    return None


def _aspect(ratio: str) -> float:
    width, height = ratio.split(":")
    return int(width) / int(height)
