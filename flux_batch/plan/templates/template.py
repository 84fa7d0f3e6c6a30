"""Templates and conditions: text → what it reads and what it gives for some values.

Plain templates are filled in here; everything else is the business of `language`, which is imported when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from flux_batch.plan.templates.pieces import (
    MAX_TEMPLATE,
    Piece,
    TemplateProblem,
    check_value,
    plain_pieces,
    refuse_long,
)
from flux_batch.spec.building.fields import NoText, Record, has_text, inside


@dataclass(frozen=True, slots=True)
class Compiled:
    """A checked template and what it reads, in order: ``("scene",)``, ``("product", "name")``."""

    text: str
    ways: tuple[tuple[str, ...], ...]
    render_with: Callable[[Mapping[str, object]], str]
    pieces: tuple[str | Piece, ...] | None = None
    """What it is put together from, one after the other; None where a condition decides."""

    @property
    def names(self) -> tuple[str, ...]:
        """The variables it reads."""
        return tuple(dict.fromkeys(way[0] for way in self.ways))

    def render(self, values: Mapping[str, object]) -> str:
        """Fill in ``values``; raises TemplateProblem for an unknown name or too long a text."""
        for way in self.ways:
            check_value(way, values)
        try:
            rendered = self.render_with(values)
        except NoText as error:
            raise self._textless(error, values) from None
        refuse_long("the text", rendered)
        return rendered

    def _textless(self, error: NoText, values: Mapping[str, object]) -> TemplateProblem:
        """The first variable or field that is not there, or is no single text."""
        for way in self.ways:
            name, value = ".".join(way), inside(values[way[0]], way[1:])
            if value is None:
                return TemplateProblem(f"`{name}` is empty", needle=name, hint=error.hint)
            if not has_text(value):
                if isinstance(value, Record):
                    return TemplateProblem(f"`{name}` is a group of fields, not one text", needle=name, hint=error.hint)
                message, hint = f"`{name}` is a list of groups", "a prompt takes texts, and lists of texts"
                return TemplateProblem(message, needle=name, hint=hint)
        return TemplateProblem(str(error), hint=error.hint)


@lru_cache(maxsize=256)
def compile_template(text: str) -> Compiled:
    """Check and compile a template; raises TemplateProblem."""
    pieces = plain_pieces(text) if len(text) <= MAX_TEMPLATE else None
    if pieces is None:
        from flux_batch.plan.templates.language import template_parts

        return Compiled(text, *template_parts(text))
    ways = tuple(dict.fromkeys(piece.way for piece in pieces if isinstance(piece, Piece)))
    return Compiled(text, ways, _Plain(text, pieces), pieces)


@dataclass(frozen=True, slots=True)
class _Plain:
    """A plain template to be filled in."""

    text: str
    pieces: tuple[str | Piece, ...]

    def __call__(self, values: Mapping[str, object]) -> str:
        try:
            return "".join([each if isinstance(each, str) else each.text(values[each.way[0]]) for each in self.pieces])
        except (TemplateProblem, TypeError):
            from flux_batch.plan.templates.language import template_parts

            return template_parts(self.text)[1](values)  # says what is wrong, and in the order in which it reads


@lru_cache(maxsize=64)
def compile_condition(text: str) -> Callable[[Mapping[str, object]], bool]:
    """Compile an expression like ``ratio != '9:16' and product.price > 10``.

    A name or a field without a value is neither equal to, nor less, nor more than anything. Raises TemplateProblem when
    the text is not an expression of the allowed kind.
    """
    from flux_batch.plan.templates.language import condition

    return condition(text)


def condition_ways(text: str) -> tuple[tuple[str, ...], ...]:
    """What an expression reads; raises TemplateProblem when it is none of the allowed kind."""
    from flux_batch.plan.templates import language

    return language.condition_ways(text)


def squeeze(text: str) -> str:
    """A prompt as it is sent: every run of white space is one space, none at the ends."""
    return " ".join(text.split())


def literals(text: str) -> str:
    """A template without its tags: what comes out of it as it stands."""
    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL)


def leftover(text: str, names: frozenset[str]) -> str | None:
    """The first brace left in a text: ``{{``, a ``}}`` that closes nothing, or a ``{name}`` of ours."""
    for match in re.finditer(r"\{\{|\{%|\{\s*(\w+)\s*\}|[}%]\}", text):
        before = text[: match.end()]
        closes_nothing = match[0][0] in "}%" and before.count("}") > before.count("{")
        if match[0] in ("{{", "{%") or match[1] in names or closes_nothing:
            return match[0]
    return None
