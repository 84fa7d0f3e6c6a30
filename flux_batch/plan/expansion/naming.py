"""File names below ``images/``: readable, safe on every system, and never two for one place."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

MAX_BYTES: Final = 180
"""Of one name without its extension: well under the 255 of most file systems, with room for a suffix."""

MAX_PATH_BYTES: Final = 240
"""Of a name with its folders: some systems take no more than 260 with everything before them."""

_SUFFIX_BYTES: Final = 16
_NUMBERS: Final = "0123456789\N{SUPERSCRIPT ONE}\N{SUPERSCRIPT TWO}\N{SUPERSCRIPT THREE}"
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in _NUMBERS)})
_INVISIBLE: Final = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def describe(axes: Mapping[str, str]) -> str:
    """``product=mug, ratio=1:1``: how messages name one combination."""
    return ", ".join(f"{axis}={label}" for axis, label in axes.items())


def apart(axes: Mapping[str, str], others: Mapping[str, str]) -> str:
    """A combination by what it does not share with another."""
    return describe({axis: label for axis, label in axes.items() if others.get(axis) != label})


@lru_cache(maxsize=4096)
def slug(label: str) -> str:
    """A label as part of a file name: letters of any script, digits, ``.`` and ``-``; ``16:9`` becomes ``16x9``."""
    text = unicodedata.normalize("NFC", label)
    text = re.sub(r"(?<=\d):(?=\d)", "x", text).replace("match_input_image", "as-input")
    text = "".join(char if char == "." or _is_letter(char) else "-" for char in text)
    return re.sub(r"-{2,}", "-", text).strip("-.") or "x"


def default_stem(axes: Mapping[str, str]) -> str:
    """``job/value-value-model-ratio-n``: our name when the spec has no ``naming``."""
    return f"{folder_of(axes['job'])}/{file_of([part_of(label) for axis, label in axes.items() if axis != 'job'])}"


def folder_of(job: str) -> str:
    """The folder of a job's images."""
    return _no_device(slug(job))


def part_of(label: str) -> str:
    """What a label is in a file name of ours."""
    return slug(label.removeprefix("flux-kontext-"))


def file_of(parts: Iterable[str]) -> str:
    """The file name that the labels of an image make."""
    return _no_device(_shorten("-".join(parts)))


def stem_problem(stem: str) -> str | None:
    """Why a rendered file name cannot be used, or None. Names are refused, never repaired."""
    parts = stem.split("/")
    if stem.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return "it must be a plain relative path, like {{ job }}/{{ n }}"
    if reason := next(filter(None, map(_part_problem, parts)), None):
        return reason
    return f"it is longer than {MAX_PATH_BYTES} bytes" if len(stem.encode()) > MAX_PATH_BYTES else None


def same_place(stem: str) -> str:
    """What two names share when a case-insensitive or normalising file system takes them for one."""
    if stem.isascii():
        return stem.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def distinct(stems: Iterable[tuple[str, str]]) -> list[str]:
    """Make ``(stem, key)`` pairs distinct by adding the start of the key where two would meet."""
    wanted = list(stems)
    others = renamed(wanted)
    return [others.get(place, stem) for place, (stem, _) in enumerate(wanted)]


def renamed(stems: Iterable[tuple[str, str]]) -> dict[int, str]:
    """Place → another name, with the start of the key added, where two of these ``(stem, key)`` would meet."""
    taken: set[str] = set()
    others: dict[int, str] = {}
    for number, (stem, key) in enumerate(stems):
        place = same_place(stem)
        if place in taken:
            others[number] = next(name for name in _candidates(stem, key) if same_place(name) not in taken)
            place = same_place(others[number])
        taken.add(place)
    return others


def _candidates(stem: str, key: str) -> Iterator[str]:
    yield stem
    yield f"{stem}-{key[:8]}"
    yield from (f"{stem}-{key[:8]}-{number}" for number in itertools.count(2))


def _part_problem(part: str) -> str | None:
    if bad := next((char for char in part if not _is_letter(char) and char not in " .()+,=@~_-"), None):
        return f"{bad!r} cannot stand in a file name"
    if part != part.strip(" ") or part.endswith(".") or part.startswith((".", "-")):
        return "it may not begin with a dot, a dash or a space, nor end with a dot or a space"
    if _is_device(part):
        return f"{part!r} is a device on Windows"
    if len(part.encode()) > MAX_BYTES:
        return f"it is longer than {MAX_BYTES} bytes"
    return None


def _is_letter(char: str) -> bool:
    """A letter or digit of any script, or a visible mark on one."""
    return char.isalnum() or (unicodedata.category(char) in ("Mn", "Mc") and not _INVISIBLE.match(char))


def _is_device(part: str) -> bool:
    """What Windows keeps for itself, with any ending and with spaces before that."""
    return part.split(".")[0].rstrip(" ").casefold() in _DEVICES


def _no_device(part: str) -> str:
    return f"x-{part}" if _is_device(part) else part


def _shorten(name: str) -> str:
    encoded, room = name.encode(), MAX_BYTES - _SUFFIX_BYTES
    return name if len(encoded) <= room else encoded[:room].decode(errors="ignore").rstrip("-.")
