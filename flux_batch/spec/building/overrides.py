"""``--set path=value``: single values of a spec, replaced before it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.spec.building.keys import in_full
from flux_batch.spec.building.layers import with_homes
from flux_batch.spec.reading.source import FilePath, Mark, Marks, Source
from flux_batch.spec.reading.values import Document, Plain, read_document

_EXAMPLE: Final = "write for instance: --set budget.max=3.00 or --set 'ratios=[\"1:1\"]'"


def override(document: Document, settings: Sequence[str]) -> Document:
    """The document with every ``path=value`` put in; the value is read as YAML.

    Raises UsageError for a setting that cannot be read or has no place. What is wrong with a value is found, and
    said, by the same checks as in the file.
    """
    value = document.value
    homes: dict[FilePath, tuple[Source, FilePath]] = {}
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path.strip():
            raise UsageError(f"--set {setting}: {_EXAMPLE}")
        places = path.strip().split(".")
        if places[0] == "extends":
            raise UsageError(f"--set {setting}: `extends` can only be written in the file; for variants use a profile")
        if isinstance(value, dict) and len(places) > 1 and places[0] in value:
            value = {**value, places[0]: in_full((places[0],), value[places[0]])}
        value = _put(value, places, _read(setting, text), setting)
        homes[tuple(places)] = (_said(path, text), ())
    return replace(document, value=value, source=with_homes(document.source, homes))


def _said(path: str, text: str) -> Source:
    """What was typed, so that a problem with it is not shown at a line of the file, which says something else."""
    if path.strip() == "profile":
        return Source(path=Path("--profile"), text=text, marks={(): Marks(None, Mark(1, 1, max(1, len(text))))})
    key, value = Mark(1, 1, len(path)), Mark(1, len(path) + 2, max(1, len(text)))
    return Source(path=Path("--set"), text=f"{path}={text}", marks={(): Marks(key, value)})


def _read(setting: str, text: str) -> Plain:
    try:
        text.encode()
        found = read_document(Path("--set"), text)
    except UnicodeEncodeError:
        raise UsageError(f"--set {setting}: this is not UTF-8 text") from None
    except InvalidSpec as error:
        raise UsageError(f"--set {setting}: {error.problems[0].message}; {_EXAMPLE}") from None
    if problems := (*found.syntax, *found.problems):
        raise UsageError(f"--set {setting}: {problems[0].message}; {problems[0].hint}")
    return found.value


def _put(value: Plain, path: list[str], new: Plain, setting: str) -> Plain:
    """A copy of ``value`` with ``new`` at ``path``; mappings on the way are made where they are missing."""
    if not path:
        return new
    name, rest = path[0], path[1:]
    if isinstance(value, dict) or value is None:
        return {**(value or {}), name: _put((value or {}).get(name), rest, new, setting)}
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        place = int(name)
        return [*value[:place], _put(value[place], rest, new, setting), *value[place + 1 :]]
    raise UsageError(f"--set {setting}: there is no place `{name}` in it; {_EXAMPLE}")
