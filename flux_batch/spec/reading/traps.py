"""What people write that YAML reads otherwise, each with what to write instead; pure.

The parser says where it gave up, which may be lines later. So each rule looks at the line itself, as someone with
experience would; the parser's words only tell the rules apart. A rule that does not fit answers None.
"""

from __future__ import annotations

import re

from flux_batch.spec.reading.fault import Explained, View, in_quotes, short
from flux_batch.spec.reading.source import Mark
from flux_batch.spec.words import code


def tab(view: View) -> Explained | None:
    """A tab among the spaces at the start of a line."""
    indent = re.match(r"[ \t]*", view.line)
    column = indent[0].find("\t") + 1 if indent else 0
    if column == 0:
        return None
    # Where tabs and spaces are mixed, nobody knows how wide a tab was meant to be.
    mixed = any(line.startswith(" ") for line in view.lines)
    # One space for one tab: the levels stay apart, and every column stays what it was.
    lines = [re.sub(r"^\t+", lambda match: " " * len(match[0]), line) for line in view.lines]
    return Explained(
        mark=Mark(view.number, column, 1),
        message="a tab stands where YAML wants spaces",
        hint="put two spaces in its place",
        repaired=None if mixed else "".join(lines),
    )


def braces(view: View) -> Explained | None:
    """A prompt that begins with a variable."""
    if not view.value.startswith("{{"):
        return None
    written = view.written(in_quotes(short(view.value)))
    return Explained(
        mark=view.at_value(),
        message="a value that starts with {{ must be quoted",
        hint=f"write {written}, or {view.block}",
        repaired=view.with_value(in_quotes(view.value)),
    )


def reserved(view: View) -> Explained | None:
    """A text that begins with a sign YAML keeps for itself."""
    first = view.value[:1]
    if not first or first not in "@`%*&!" or "scanning" not in view.fault.what:
        return None
    written = view.written(in_quotes(short(view.value)))
    return Explained(
        mark=view.at_value(),
        message=f"a value that starts with {first} must be quoted",
        hint=f"write {written}, or {view.block}",
        repaired=view.with_value(in_quotes(view.value)),
    )


def block_text(view: View) -> Explained | None:
    """A text on the same line as its | or >."""
    if "block scalar" not in view.fault.what or view.value[:1] not in ("|", ">"):
        return None
    return Explained(
        mark=view.at_value(),
        message=f"after {view.value[0]} nothing may follow on the same line",
        hint=f"put the text on the next line, two spaces further in than {code(view.key)}",
        repaired=view.with_value(view.value[0]),
    )


def escape(view: View) -> Explained | None:
    """A backslash in double quotes."""
    if "escape" not in view.fault.what and "hexadecimal" not in view.fault.what:
        return None
    # The two parsers disagree on whether the backslash or the letter behind it is at fault.
    column = view.line.rfind("\\", 0, view.fault.column) + 1
    return Explained(
        mark=Mark(view.number, max(1, column), 2),
        message='inside of "…" a backslash begins a code, and this is none',
        hint="write two backslashes for one, or single quotes: '…'",
        repaired=view.with_line(view.line[: column - 1] + "\\" + view.line[column - 1 :]) if column else None,
    )


def open_quote(view: View) -> Explained | None:
    """A quote without its partner."""
    if "quoted scalar" not in view.fault.what or "unexpected" not in view.fault.what:
        return None
    quote = view.lines[view.fault.start_line - 1][view.fault.start_column - 1]
    return Explained(
        mark=view.at_start(),
        message=f"the {quote} that opens here is never closed",
        hint=f"put {quote} at the end of the text, or {view.block}",
    )


def after_quote(view: View) -> Explained | None:
    """A quote inside of a quoted text."""
    quote = view.value[:1]
    if quote not in ('"', "'") or view.owner != view.number or view.fault.column <= view.value_column:
        return None
    inner = view.value[1:-1] if view.value.endswith(quote) and len(view.value) > 1 else view.value
    doubled = "two single quotes ('') for an apostrophe" if quote == "'" else 'a backslash before the quote (\\")'
    return Explained(
        mark=view.at_fault(),
        message=f"the text that began with {quote} was closed just before this",
        hint=f"inside of {quote}…{quote} write {doubled}, or {view.block}",
        repaired=view.with_value(in_quotes(inner)),
    )


def colon(view: View) -> Explained | None:
    """A colon and a space in an unquoted text."""
    if "mapping values" not in view.fault.what or view.fault.column < view.value_column or view.owner != view.number:
        return None
    if view.line[: view.fault.column - 1].strip() == view.key or not view.value:
        return None
    written = view.written(in_quotes(short(view.value)))
    return Explained(
        mark=view.at_fault(),
        message="an unquoted text cannot have a colon and a space in it: YAML takes it as another key",
        hint=f"write {written}, or {view.block}",
        repaired=view.with_value(in_quotes(view.value)),
    )


def no_space(view: View) -> Explained | None:
    """A colon without a space, on the line above."""
    above = view.lines[view.number - 2] if view.number > 1 else ""
    match = re.match(r"\s*[A-Za-z_]+:(?=[^\s:/])", above)
    if not match or not ("mapping values" in view.fault.what or "expected ':'" in view.fault.what):
        return None
    fixed = f"{above[: match.end()]} {above[match.end() :]}"
    return Explained(
        mark=Mark(view.number - 1, match.end(), 1),
        message="there is no space after this colon",
        hint=f"write {short(fixed.strip())}",
        repaired=view.with_line(fixed, view.number - 1),
    )


def hidden_bracket(view: View) -> Explained | None:
    """A colour in brackets: its # makes the closing bracket a comment, and the parser stumbles lines later."""
    if "flow" not in view.fault.what:
        return None
    for number in range(view.number, max(0, view.number - 10), -1):
        line = view.lines[number - 1].rstrip()
        if (start := _hash_in_brackets(line)) is not None:
            return Explained(
                mark=Mark(number, start + 1, len(line) - start),
                message="# begins a comment, so the rest of this line is not read",
                hint='put the value in quotes, like "#ff0000"',
            )
    return None


def _hash_in_brackets(line: str) -> int | None:
    """Where a # stands behind an open bracket and nothing that ends or quotes; looked for once over, however long."""
    before, at = "", 0
    for piece in re.findall(r"""[^\]}"'#]+|[\]}"'#]""", line):
        if piece == "#" and ("[" in before or "{" in before) and re.match(r"[\[{,\s]", before[-1]):
            return at
        before, at = piece, at + len(piece)
    return None
