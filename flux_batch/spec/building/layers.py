"""One spec over another: ``extends``, then the profile in force; every line keeps its file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.spec.beside.beside import input_of, read_beside
from flux_batch.spec.building.keys import in_full
from flux_batch.spec.reading.source import FilePath, Mark, Source
from flux_batch.spec.reading.values import Document, Plain
from flux_batch.spec.tables import InputFile
from flux_batch.spec.words import code, did_you_mean, plain, quoted

DEEPEST: Final = 8
"""Specs that extend each other; more is nobody's house style."""

WHOLE: Final = frozenset({"exclude", "include", "pair", "lint"})
"""Groups that are replaced, not merged; so are the values of a single variable."""

NOT_INHERITED: Final = frozenset({"name", "extends", "profile"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layered(Source):
    """A source that others lie under: ``homes`` says for a place which file it is from, and where it stands there."""

    homes: Mapping[FilePath, tuple[Source, FilePath]] = field(repr=False)

    def mark(self, at: FilePath, *, key: bool = False) -> Mark:
        """Where ``at`` stands, in its own file."""
        home, place = self._home(at)
        mark = Source.mark(self, place, key=key) if home is self else home.mark(place, key=key)
        return mark if home is self else replace(mark, of=mark.of or home)

    def find(self, at: FilePath, needle: str, *, last: bool = False) -> Mark:
        """Where ``needle`` stands inside the value at ``at``, in its own file."""
        home, place = self._home(at)
        mark = Source.find(self, place, needle, last=last) if home is self else home.find(place, needle, last=last)
        return mark if home is self else replace(mark, of=mark.of or home)

    def _home(self, at: FilePath) -> tuple[Source, FilePath]:
        for length in range(len(at), 0, -1):
            if found := self.homes.get(at[:length]):
                return found[0], (*found[1], *at[length:])
        return self, at


def extended(document: Document, inputs: dict[str, InputFile]) -> Document:
    """The document over all that it extends; the files are added to ``inputs``, by their path from the spec.

    Raises InvalidSpec when one of them cannot be used.
    """
    root = document.source.path.parent
    return _over_base(document, root, [document.source.path], inputs)


def _over_base(document: Document, root: Path, chain: list[Path], inputs: dict[str, InputFile]) -> Document:
    path = document.value.get("extends") if isinstance(document.value, dict) else None
    if not isinstance(path, str) or not path.strip():
        return document
    base = _base(document, path, chain)
    name = Path(os.path.relpath(base.source.path, root)).as_posix()
    inputs[name] = input_of(base, name)
    return lay(_over_base(base, root, [*chain, base.source.path], inputs), document)


def _base(document: Document, path: str, chain: list[Path]) -> Document:
    folder = document.source.path.parent
    try:
        base = read_beside(folder, path)
    except InvalidSpec:
        raise
    except UsageError as error:
        hint = getattr(error, "hint", "")
        hint = "paths start at this file's folder" if f"{document.source.path.name}?" in hint else hint
        raise InvalidSpec((document.source.problem(("extends",), str(error), hint),)) from None
    if any(base.source.path.resolve() == each.resolve() for each in chain):
        way = " → ".join(each.name for each in [*chain, base.source.path])
        message, hint = f"these specs extend each other in a circle: {way}", "take one of these `extends` out"
        raise InvalidSpec((document.source.problem(("extends",), message, hint),))
    if len(chain) > DEEPEST:
        message = f"more than {DEEPEST} specs extend each other"
        raise InvalidSpec((document.source.problem(("extends",), message, "put what they share into one file"),))
    if not isinstance(base.value, dict):
        message = f"{quoted(path)} is no spec"
        raise InvalidSpec((document.source.problem(("extends",), message, "it has no `key: value` lines"),))
    return base


def lay(base: Document, over: Document) -> Document:
    """``over`` on top of ``base``; problems and lost places are those of ``over``, for a base has none."""
    homes: dict[FilePath, tuple[Source, FilePath]] = {}
    below = {key: value for key, value in _group(base.value).items() if key not in NOT_INHERITED}
    value = _merged(below, base.source, (), over.value, homes)
    return replace(over, value=value, source=with_homes(over.source, homes))


def in_profile(document: Document) -> Document:
    """The document with its profile in force; raises InvalidSpec for one that there is not."""
    value = _group(document.value)
    name, profiles = value.get("profile"), value.get("profiles")
    if not isinstance(name, str) or (profiles is not None and not isinstance(profiles, dict)):
        return document
    if name not in (profiles or {}):
        message, hint = f"there is no profile {code(name)}", did_you_mean(plain(name), profiles or {})
        raise InvalidSpec((document.source.problem(("profile",), message, hint or "write it below `profiles:`"),))
    chosen = (profiles or {})[name]
    if not isinstance(chosen, dict):
        return document
    homes: dict[FilePath, tuple[Source, FilePath]] = {}
    # Seen from the profile, the rest of the file is the base; what keeps its place needs no home.
    merged = _merged(value, None, (), chosen, homes, ("profiles", name), document.source)
    return replace(document, value=merged, source=with_homes(document.source, homes))


def with_homes(source: Source, homes: dict[FilePath, tuple[Source, FilePath]]) -> Source:
    """The source, knowing of some places that they are from elsewhere."""
    if not homes:
        return source
    earlier = source.homes if isinstance(source, Layered) else {}
    return Layered(path=source.path, text=source.text, marks=source.marks, homes={**earlier, **homes})


def _group(value: Plain) -> dict[str, Plain]:
    return value if isinstance(value, dict) else {}


def _merged(
    base: dict[str, Plain],
    base_source: Source | None,
    at: FilePath,
    over: Plain,
    homes: dict[FilePath, tuple[Source, FilePath]],
    over_at: FilePath = (),
    over_source: Source | None = None,
) -> Plain:
    """Groups key by key, everything else whole; ``homes`` learns where each part that moved is from.

    ``base_source`` is the base's file, None when it is the one in hand; ``over_source`` likewise, where the upper
    layer stands at another place (``over_at``) of the same file.
    """
    if not isinstance(over, dict):
        return over
    result: dict[str, Plain] = dict(base)
    for key in base.keys() - over.keys():
        if base_source is not None:
            homes[(*at, key)] = (base_source, (*at, key))
    for key, value in over.items():
        place = (*at, key)
        below = in_full(place, base.get(key)) if isinstance(value, dict) else None
        if isinstance(below, dict) and isinstance(value, dict) and _merges(place):
            result[key] = _merged(below, base_source, place, value, homes, (*over_at, key), over_source)
            continue
        result[key] = value
        if over_source is not None:
            homes[place] = (over_source, (*over_at, key))
    return result


def _merges(at: FilePath) -> bool:
    """Whether a group at this place is merged: not within one variable, and not where order or wholeness counts."""
    name: Any = at[-1]
    return name not in WHOLE and not (len(at) >= 2 and at[-2] == "variables")
