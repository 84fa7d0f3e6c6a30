"""Column headings in a template, where the names of the fields belong: `{{ product.Product name }}`; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from flux_batch.errors import Fix
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.template import compile_template
from flux_batch.spec.tables.titles import field_name

HINT: Final = "a heading in small letters, with _ between its words, is the name of the field"

_TAG: Final = re.compile(r"\{\{[^{}]*\}\}")
_BLOCK: Final = re.compile(r"\{%-?\s*(\w*)")
_WRITTEN: Final = re.compile(r"\{\{-?\s*((\w+)\.([^|{}]*[^|{}\s-]))\s*(?:\|[^{}]*)?\}\}")


def headings_in(text: str, columns: Callable[[str], Iterable[str]]) -> Iterator[tuple[Fix, str]]:
    """What stands for a field under the heading of its column, and the heading, in the tags that cannot be read.

    ``columns`` are those of the table that a variable's values are from.
    """
    for tag in dict.fromkeys(_TAG.findall(text)):
        written = None if _ways(tag) else _WRITTEN.fullmatch(tag)
        if written and (name := field_name(written[3])) in columns(written[2]):
            yield Fix(written[1], f"{written[2]}.{name}"), " ".join(written[3].split())


def sound_ways(text: str) -> tuple[tuple[str, ...], ...]:
    """What the tags read that can be read by themselves, in a template that as a whole cannot.

    Nothing where a tag may give names of its own, as a loop does.
    """
    if set(_BLOCK.findall(text)) - {"if", "elif", "else", "endif"}:
        return ()
    return tuple(dict.fromkeys(way for tag in _TAG.findall(text) for way in _ways(tag)))


def _ways(tag: str) -> tuple[tuple[str, ...], ...]:
    try:
        return compile_template(tag).ways
    except TemplateProblem:
        return ()
