"""Prompt templates: Jinja2 with everything taken out that a prompt does not need.

Only an allow-list of syntax is compiled: variables, a few filters, conditions. There are no attributes, loops, calls,
arithmetic, imports or globals, so a template can neither reach outside nor run long: its output is at most the sum of
its parts. The sandbox stands behind that as a second wall.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flux_batch.spec.words import plain

MAX_OUTPUT: Final = 8_000
"""Characters of one rendered text; the provider publishes no limit, ours catches accidents."""

MAX_TEMPLATE: Final = 20_000
"""Characters of a template; with conditions it may be longer than what comes out of it."""

MAX_DEPTH: Final = 40
"""Levels of one thing inside of another; more is an attack on the parser."""

FILTERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "capitalize": lambda text: plain(text)[:1].upper() + plain(text)[1:],
    "lower": lambda text: plain(text).lower(),
    "title": lambda text: plain(text).title(),
    "trim": lambda text: plain(text).strip(),
    "upper": lambda text: plain(text).upper(),
}

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.CondExpr, nodes.If,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Concat, nodes.List, nodes.Tuple,
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
        """Fill in ``values``; raises TemplateProblem for an unknown name or too long a text."""
        for name in self.names:
            _refuse_long(f"the value of `{name}`", plain(values.get(name, "")))
        try:
            rendered = self.render_with(values)
        except UndefinedError as error:
            missing = next((name for name in self.names if name not in values), "")
            raise TemplateProblem(f"`{missing}` has no value" if missing else str(error), needle=missing) from None
        except (SecurityError, TypeError) as error:
            raise TemplateProblem(f"the template cannot be filled in: {error}") from None
        _refuse_long("the text", rendered)
        return rendered


@lru_cache(maxsize=256)
def compile_template(text: str) -> Compiled:
    """Check and compile a template; raises TemplateProblem."""
    tree = _checked(text)
    names = _names(tree)
    if not names and "{" not in text:
        return Compiled(text, (), lambda _: text)
    template: Template = _ENVIRONMENT.from_string(tree)
    return Compiled(text, names, template.render)


@lru_cache(maxsize=64)
def compile_condition(text: str) -> Callable[[Mapping[str, object]], bool]:
    """Compile an expression like ``ratio != '9:16' and product == 'mug'``.

    A name without a value is neither equal to, nor less, nor more than anything. Raises TemplateProblem when the text
    is not an expression of the allowed kind.
    """
    nothing = dict.fromkeys(condition_names(text), _Nothing())
    try:
        expression = _ENVIRONMENT.compile_expression(text, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"cannot be read: {error.message}") from None

    def holds(values: Mapping[str, object]) -> bool:
        try:
            return bool(expression({**nothing, **values}))
        except TypeError:  # a text is neither more nor less than a number
            return False

    return holds


class _Nothing:
    """What a condition sees of an axis that an image does not have."""

    def _never(self, _: object) -> bool:
        return False

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _never
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return ""


def condition_names(text: str) -> tuple[str, ...]:
    """The names an expression reads; raises TemplateProblem when it is none of the allowed kind."""
    return _names(_checked("{{ " + text + "\n}}"))


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


def _environment() -> ImmutableSandboxedEnvironment:
    # Values print as YAML writes them: true, not True.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, cache_size=0, finalize=plain
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS)
    environment.tests.clear()
    return environment


_ENVIRONMENT: Final = _environment()


def _checked(text: str) -> nodes.Template:
    """The tree of a template that holds nothing but what is allowed."""
    _refuse_long("the template", text, MAX_TEMPLATE)
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        hint = "write {{ name }} to use a variable, and nothing else in double braces"
        raise TemplateProblem(f"cannot be read: {error.message}", needle=_culprit(text), hint=hint) from None
    except RecursionError:
        raise TemplateProblem("cannot be read: it is nested too deep") from None
    for node, depth in _walk(tree):
        if reason := _refusal(node):
            raise TemplateProblem(reason, needle=_culprit(text), hint=_HINT)
        if depth > MAX_DEPTH:
            raise TemplateProblem("cannot be read: it is nested too deep")
    return tree


def _refusal(node: nodes.Node) -> str | None:
    """Why a node is not for templates, or None."""
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"there is no filter `{node.name}`; filters are: {', '.join(sorted(FILTERS))}"
    if isinstance(node, nodes.Filter) and (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
        return f"the filter `{node.name}` takes nothing in parentheses"
    if isinstance(node, nodes.Getattr):
        return f"a value is one text or number and has no `.{node.attr}`"
    if isinstance(node, nodes.Name) and node.name == "self":
        return "`self` is the template, not a variable"
    if isinstance(node, _ALLOWED):
        return None
    word = "arithmetic" if isinstance(node, nodes.BinExpr) else _WORDS.get(type(node).__name__, "more than that")
    return f"templates fill in variables; this one uses {word}"


_WORDS: Final = {
    "Assign": "`set`", "AssignBlock": "`set`", "Call": "a call", "For": "a loop", "Getitem": "square brackets",
    "Extends": "another file", "FromImport": "another file", "Import": "another file", "Include": "another file",
    "Test": "a test with `is`",
}  # fmt: skip
_HINT: Final = "use {{ name }}, {{ name | upper }} or {{ 'a' if name == 'x' else 'b' }}"


def _culprit(text: str) -> str:
    """The tag that does not stand the check by itself, to point at; empty when none can be told."""
    for tag, word in re.findall(r"(\{\{.*?\}\}|\{%-?\s*(\w*).*?%\})", text, re.DOTALL):
        if tag.startswith("{%"):
            if word not in ("if", "elif", "else", "endif"):
                return str(tag)
            continue
        try:
            refused = any(_refusal(node) for node, _ in _walk(_ENVIRONMENT.parse(tag)))
        except (TemplateSyntaxError, RecursionError):
            refused = True
        if refused:
            return str(tag)
    return "{{" if "{{" in text else ""


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its depth, in the order of the text; no deeper than one level past the limit."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if depth <= MAX_DEPTH:
            waiting.extend((child, depth + 1) for child in reversed(list(node.iter_child_nodes())))


def _names(tree: nodes.Template) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node.name for node, _ in _walk(tree) if isinstance(node, nodes.Name)))


def _refuse_long(what: str, text: str, limit: int = MAX_OUTPUT) -> None:
    if len(text) > limit:
        raise TemplateProblem(f"{what} has {len(text):,} characters; the limit is {limit:,}")
