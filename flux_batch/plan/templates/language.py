"""The language of templates and conditions: Jinja2 with everything taken out that a prompt does not need.

Only an allow-list of syntax is compiled: variables and their fields, a few filters, conditions. There are no loops,
calls, arithmetic, imports or globals, and a dot leads to the fields of a record and to no attribute of Python, so a
template can neither reach outside nor run long: its output is at most the sum of its parts. The sandbox stands behind
that as a second wall.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flux_batch.plan.templates.helpers import HELPERS
from flux_batch.plan.templates.pieces import MAX_TEMPLATE, Piece, TemplateProblem, refuse_long
from flux_batch.plan.templates.slips import UNREADABLE, half_closed, plain_reason, plain_syntax, slip_in
from flux_batch.spec.building.fields import NoText, Nothing, Record, text_of
from flux_batch.spec.words import closest

MAX_DEPTH: Final = 40
"""Levels of one thing inside of another; more is an attack on the parser."""

_AS_TEXT: Final = "as text"
"""What ``~`` asks of both of its sides; no template can write this name."""

_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.CondExpr, nodes.If,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Concat, nodes.List, nodes.Tuple,
    nodes.Getattr,
)  # fmt: skip


Render = Callable[[Mapping[str, object]], str]
Ways = tuple[tuple[str, ...], ...]


def template_parts(text: str) -> tuple[Ways, Render, tuple[str | Piece, ...] | None]:
    """What a template reads, how it is filled in, and its pieces where no condition decides; raises TemplateProblem."""
    tree = _checked(text)
    ways, pieces = _ways(tree), _pieces(tree)
    for joined in tree.find_all(nodes.Concat):
        joined.nodes = [nodes.Filter(each, _AS_TEXT, [], [], None, None, lineno=each.lineno) for each in joined.nodes]
    template: Template = _ENVIRONMENT.from_string(tree)

    def render(values: Mapping[str, object]) -> str:
        try:
            return template.render(values)
        except NoText:
            raise
        except (UndefinedError, SecurityError, TypeError) as error:
            reason, hint = plain_reason(error)
            raise TemplateProblem(f"the template cannot be filled in: {reason}", hint=hint) from None

    return ways, render, pieces


def condition(text: str) -> Callable[[Mapping[str, object]], bool]:
    """Whether an expression holds for some values; raises TemplateProblem when it is none of the allowed kind."""
    nothing = {way[0]: Nothing(way[0]) for way in condition_ways(text)}
    expression = _ENVIRONMENT.compile_expression(text, undefined_to_none=False)

    def holds(values: Mapping[str, object]) -> bool:
        try:
            return bool(expression({**nothing, **values}))
        except TypeError:  # a text is neither more nor less than a number
            return False

    return holds


def condition_ways(text: str) -> tuple[tuple[str, ...], ...]:
    """What an expression reads; raises TemplateProblem when it is none of the allowed kind."""
    try:
        ways = _ways(_checked("{{ " + text + "\n}}"))
        _ENVIRONMENT.compile_expression(text)  # a text that leaves the braces again is no expression
    except TemplateSyntaxError as error:
        raise TemplateProblem(f"cannot be read: {plain_syntax(str(error.message))}", hint=slip_in(text)) from None
    except TemplateProblem as error:
        raise TemplateProblem(
            error.message.replace(_USES, "a condition compares; this one uses"), hint=slip_in(text)
        ) from None
    return ways


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which a dot asks a record for a field, and nothing else for anything."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of a record; what is not there equals nothing."""
        found = obj.fields.get(attribute) if isinstance(obj, Record) else None
        return Nothing(attribute) if found is None else found

    def getitem(self, obj: Any, argument: Any) -> Any:
        """As a dot does; brackets are refused before."""
        return self.getattr(obj, str(argument))


def _environment() -> ImmutableSandboxedEnvironment:
    # Values print as YAML writes them: true, not True.
    environment = _Environment(undefined=StrictUndefined, autoescape=False, cache_size=0, finalize=text_of)
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(HELPERS)
    environment.filters[_AS_TEXT] = text_of
    environment.tests.clear()
    return environment


_ENVIRONMENT: Final = _environment()


def _checked(text: str) -> nodes.Template:
    """The tree of a template that holds nothing but what is allowed."""
    refuse_long("the template", text, MAX_TEMPLATE)
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        if half := half_closed(text):
            message, hint = f"{UNREADABLE} one }} is missing", f"write {half}}}"
            raise TemplateProblem(message, needle=half, hint=hint, at_its_end=True) from None
        hint = "write {{ name }} to use a variable, and nothing else in double braces"
        if "endif" in plain_syntax(str(error.message)):
            hint = "write {% if product.price %}, {{ product.price }}{% endif %}"
        raise TemplateProblem(
            f"cannot be read: {plain_syntax(str(error.message))}", needle=_culprit(text), hint=hint
        ) from None
    except RecursionError:
        raise TemplateProblem("cannot be read: it is nested too deep") from None
    for node, depth in _walk(tree):
        if reason := _refusal(node):
            raise TemplateProblem(reason, needle=_culprit(text), hint=_helper_meant(node) or _HINT)
        if depth > MAX_DEPTH:
            raise TemplateProblem("cannot be read: it is nested too deep")
    return tree


def _helper_meant(node: nodes.Node) -> str:
    name = node.name if isinstance(node, nodes.Filter) else ""
    meant = closest(name, HELPERS) if name not in HELPERS else None
    return f"did you mean `{meant}`?" if meant else ""


def _refusal(node: nodes.Node) -> str | None:
    """Why a node is not for templates, or None."""
    if isinstance(node, nodes.Const) and node.value is None:
        return "`none` is no value"
    if isinstance(node, nodes.Filter) and node.name not in HELPERS:
        return f"there is no filter `{node.name}`; filters are: {', '.join(sorted(HELPERS))}"
    if isinstance(node, nodes.Filter) and (node.args or node.kwargs or node.dyn_args or node.dyn_kwargs):
        return f"the filter `{node.name}` takes nothing in parentheses"
    if isinstance(node, nodes.Getattr) and (_way(node) is None or node.attr.startswith("_")):
        return f"`.{node.attr}` is no field: a dot stands between a variable and one of its fields"
    if isinstance(node, nodes.Name) and node.name == "self":
        return "`self` is the template, not a variable"
    if isinstance(node, _ALLOWED):
        return None
    word = "arithmetic" if isinstance(node, nodes.BinExpr) else _WORDS.get(type(node).__name__, "more than that")
    return f"{_USES} {word}"


_WORDS: Final = {
    "Assign": "`set`", "AssignBlock": "`set`", "Call": "a call", "For": "a loop", "Getitem": "square brackets",
    "Extends": "another file", "FromImport": "another file", "Import": "another file", "Include": "another file",
    "Test": "a test with `is`",
}  # fmt: skip
_USES: Final = "templates fill in variables; this one uses"
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
    if tag := re.search(r"\{%.*?%\}", text, re.DOTALL):
        return tag[0]
    return "{{" if "{{" in text else ""


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its depth, in the order of the text; no deeper than one level past the limit."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if depth <= MAX_DEPTH:
            waiting.extend((child, depth + 1) for child in reversed(list(node.iter_child_nodes())))


def _ways(tree: nodes.Template) -> tuple[tuple[str, ...], ...]:
    """What the tree reads: variables, and variables with their fields, each once."""
    found: dict[tuple[str, ...], None] = {}
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        if (way := _way(node)) is not None:
            found[way] = None
        else:
            waiting.extend(reversed(list(node.iter_child_nodes())))
    return tuple(found)


def _pieces(tree: nodes.Template) -> tuple[str | Piece, ...] | None:
    """The parts of a template that is nothing but text, variables and filters of variables."""
    outputs = [node for node in tree.body if isinstance(node, nodes.Output)]
    found = [_piece(node) for output in outputs for node in output.nodes]
    pieces = tuple(piece for piece in found if piece is not None)
    return pieces if len(outputs) == len(tree.body) and len(pieces) == len(found) else None


def _piece(node: nodes.Node) -> str | Piece | None:
    if isinstance(node, nodes.TemplateData):
        return str(node.data)
    filters: list[str] = []
    while isinstance(node, nodes.Filter) and node.node is not None:
        filters.insert(0, node.name)
        node = node.node
    way = _way(node)
    return None if way is None else Piece(way, tuple(filters))


def _way(node: nodes.Node) -> tuple[str, ...] | None:
    """``product.size.width`` as its parts; None for what is no variable with dots."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr):
        parts.append(node.attr)
        node = node.node
    return (node.name, *reversed(parts)) if isinstance(node, nodes.Name) else None
