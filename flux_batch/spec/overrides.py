"""``--set path=value``: single values of a spec, replaced before it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.spec.values import Document, Plain, read_document

_EXAMPLE: Final = "write for instance: --set budget.max=3.00 or --set 'ratios=[\"1:1\"]'"


def override(document: Document, settings: Sequence[str]) -> Document:
    """The document with every ``path=value`` put in; the value is read as YAML.

    Raises UsageError for a setting that cannot be read or has no place. What is wrong with a value is found, and
    said, by the same checks as in the file.
    """
    value = document.value
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals or not path.strip():
            raise UsageError(f"--set {setting}: {_EXAMPLE}")
        value = _put(value, path.strip().split("."), _read(setting, text), setting)
    return replace(document, value=value)


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
