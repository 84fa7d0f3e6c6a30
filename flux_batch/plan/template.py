"""Prompt templates: Jinja2 with everything taken out that a prompt does not need.

Only an allow-list of syntax is compiled: variables, attributes, a few filters, conditions. There are no loops, calls,
arithmetic, imports or globals, so a template can neither reach outside nor run long: its output is at most the sum of
its parts. The sandbox stands behind that as a second wall.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_OUTPUT: Final = 8_000
"""Characters of one rendered text; the provider publishes no limit, ours catches accidents."""

FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "capitalize": lambda text: str(text)[:1].upper() + str(text)[1:],
    "lower": lambda text: str(text).lower(),
    "title": lambda text: str(text).title(),
    "trim": lambda text: str(text).strip(),
    "upper": lambda text: str(text).upper(),
}

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg,
    nodes.If, nodes.Concat, nodes.List, nodes.Tuple,
)  # fmt: skip


class TemplateProblem(Exception):
    """A template that cannot be used; ``needle`` is the part of its text to point at, empty for the whole."""

    def __init__(self, message: str, *, needle: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.needle = needle
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Compiled:
    """A checked template and the names it reads, in the order they first stand."""

    text: str
    names: tuple[str, ...]
    render_with: Callable[[Mapping[str, object]], str]

    def render(self, values: Mapping[str, object]) -> str:
        """Fill in ``values``; raises TemplateProblem for an unknown attribute or too long a text."""
        try:
            rendered = self.render_with(values)
        except (UndefinedError, SecurityError, TypeError) as error:
            raise TemplateProblem(str(error)) from None
        if len(rendered) > MAX_OUTPUT:
            raise TemplateProblem(f"the text has {len(rendered)} characters; the limit is {MAX_OUTPUT}")
        return rendered


@lru_cache(maxsize=256)
def compile_template(text: str) -> Compiled:
    """Check and compile a template; raises TemplateProblem."""
    tree = _parse(text)
    _check(tree)
    names = _names(tree)
    if not names and "{" not in text:
        return Compiled(text, (), lambda _: text)
    template: Template = _ENVIRONMENT.from_string(tree)
    return Compiled(text, names, template.render)


@lru_cache(maxsize=64)
def compile_condition(text: str) -> Callable[[Mapping[str, object]], bool]:
    """Compile an expression like ``ratio != '9:16' and product == 'mug'``; unknown names make it false.

    Raises TemplateProblem when it is not an expression of the allowed kind.
    """
    _check(_parse("{{ " + text + "\n}}"))
    expression = _ENVIRONMENT.compile_expression(text, undefined_to_none=False)

    def holds(values: Mapping[str, object]) -> bool:
        try:
            return bool(expression(**values))
        except (UndefinedError, TypeError):
            return False

    return holds


def condition_names(text: str) -> tuple[str, ...]:
    """The names an expression reads."""
    return _names(_parse("{{ " + text + "\n}}"))


def squeeze(text: str) -> str:
    """A prompt as it is sent: every run of white space is one space, none at the ends."""
    return " ".join(text.split())


def leftover(text: str, names: tuple[str, ...]) -> str | None:
    """The first leftover brace of a rendered text: ``{{``, ``}}``, or a ``{name}`` that is a variable."""
    for match in re.finditer(r"\{\{|\}\}|\{%|%\}|\{\s*(\w+)\s*\}", text):
        if match[1] is None or match[1] in names:
            return match[0]
    return None


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    environment.tests.clear()
    return environment


_ENVIRONMENT: Final = _environment()


def _parse(text: str) -> nodes.Template:
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        hint = "write {{ name }} to use a variable, and nothing else in double braces"
        raise TemplateProblem(f"the template cannot be read: {error.message}", needle="{", hint=hint) from None


def _check(tree: nodes.Template) -> None:
    for node in _walk(tree):
        if not isinstance(node, _ALLOWED):
            word = _WORDS.get(type(node).__name__, type(node).__name__.lower())
            raise TemplateProblem(f"templates fill in variables; this one uses {word}", needle="{", hint=_ALLOWED_HINT)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise TemplateProblem(
                f"there is no filter `{node.name}`", needle=node.name, hint="filters are: " + ", ".join(sorted(FILTERS))
            )
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise TemplateProblem(f"`{node.attr}` is not for templates", needle=node.attr)


_WORDS: Final = {"For": "a loop", "Call": "a call", "Mul": "arithmetic", "Add": "arithmetic", "Pow": "arithmetic"}
_ALLOWED_HINT: Final = "use {{ name }}, {{ name | upper }} or {{ 'a' if name == 'x' else 'b' }}"


def _walk(node: nodes.Node) -> list[nodes.Node]:
    found = [node]
    for child in node.iter_child_nodes():
        found.extend(_walk(child))
    return found


def _names(tree: nodes.Template) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node.name for node in _walk(tree) if isinstance(node, nodes.Name)))
