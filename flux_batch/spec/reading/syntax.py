"""The YAML parser's complaints in plain words; pure, it sees only lines and positions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flux_batch.spec.reading import traps
from flux_batch.spec.reading.fault import Explained, Fault, View
from flux_batch.spec.reading.source import Mark


def explain(lines: tuple[str, ...], fault: Fault) -> Explained:
    """Say what is wrong and what to write instead."""
    view = View(lines, fault)
    for rule in _RULES:
        if explained := rule(view):
            return explained
    hint = "look for a missing quote, bracket, colon or space on this line and the one above"
    return Explained(mark=view.at_fault(), message="this line cannot be read as YAML", hint=hint)


def _too_deep(view: View) -> Explained | None:
    """PyYAML from 6.0.4 on counts open brackets by itself, before our own limit sees one."""
    if "nesting depth" not in view.fault.what:
        return None
    hint = "no spec needs that: is a bracket open?"
    return Explained(mark=view.at_fault(), message="far too many brackets are open here", hint=hint)


def _further_in(view: View) -> Explained | None:
    if "mapping values" not in view.fault.what:
        return None
    column = len(view.line) - len(view.line.lstrip()) + 1
    return Explained(
        mark=Mark(view.number, column, max(1, view.fault.column - column)),
        message="this line stands further in than the one above, so YAML takes it as more of that one's text",
        hint="begin it in the same column as the key above",
    )


def _open_bracket(view: View) -> Explained | None:
    if "flow" not in view.fault.what:
        return None
    opened, close = ("[", "]") if "sequence" in view.fault.what else ("{", "}")
    begun = view.lines[view.fault.start_line - 1][view.fault.start_column - 1 :].rstrip()
    open_here = f"the {opened} that opens here is never closed"
    if "{{" in begun:
        hint = 'write it in quotes, like ["{{ product }}", "another value"]'
        return Explained(mark=view.at_start(), message="between brackets, {{ … }} must be quoted", hint=hint)
    if view.ends_here():
        return Explained(mark=view.at_start(), message=open_here, hint=f"put {close} at its end")
    return Explained(
        mark=view.at_fault(),
        message=f"here a comma or {close} is missing",
        hint="put a comma between items, and quotes around an item that has , : [ ] { } in it",
    )


def _no_key(view: View) -> Explained | None:
    if "expected ':'" not in view.fault.what:
        return None
    line = view.lines[view.fault.start_line - 1]
    mark = Mark(view.fault.start_line, view.fault.start_column, len(line.strip()))
    if view.lines[max(0, view.fault.start_line - 2)].lstrip().startswith("- "):
        return Explained(mark=mark, message="this line is no list item", hint="begin it with `- `, like the one above")
    return Explained(
        mark=mark,
        message="this line is no `key: value`",
        hint="put a colon and a space after the key; a text of several lines needs >- behind its key's colon",
    )


def _stray_bracket(view: View) -> Explained | None:
    char = view.line[view.fault.column - 1 : view.fault.column]
    if "node content" not in view.fault.what or not char.strip():
        return None
    return Explained(
        mark=view.at_fault(),
        message=f"this {char} closes or divides nothing",
        hint="take it out; if it belongs to a text, put the text in quotes",
    )


def _directive(view: View) -> Explained | None:
    if not view.line.startswith("%"):
        return None
    return Explained(mark=view.at_fault(), message="a spec has no lines that start with %", hint="take this line out")


def _item_among_keys(view: View) -> Explained | None:
    if "block" not in view.fault.what or not view.line.lstrip().startswith("- "):
        return None
    return Explained(
        mark=view.at_fault(),
        message="a list item (- …) stands among `key: value` lines",
        hint="put it below the key it belongs to, two spaces further in",
    )


def _indentation(view: View) -> Explained | None:
    indent = len(view.line) - len(view.line.lstrip())
    if "block" not in view.fault.what or view.fault.column != indent + 1:
        return None
    return Explained(
        mark=view.at_fault(),
        message=f"this line begins in column {indent + 1}, where no line above it begins",
        hint="begin the keys of one group all in the same column",
    )


_RULES: Final[tuple[Callable[[View], Explained | None], ...]] = (
    _too_deep,
    traps.tab,
    _directive,
    traps.braces,
    traps.escape,
    traps.open_quote,
    traps.reserved,
    traps.block_text,
    traps.after_quote,
    traps.colon,
    traps.no_space,
    _further_in,
    traps.hidden_bracket,
    _open_bracket,
    _no_key,
    _stray_bracket,
    _item_among_keys,
    _indentation,
)
"""The first that fits speaks; those that look at the value come before those that trust the parser."""
