"""What is wrong with a template or a condition, in the words of someone who writes prompts."""

from __future__ import annotations

import re
from typing import Final

UNREADABLE: Final = "cannot be read:"
"""How every message about a template begins that the parser gave up on."""


def slip_in(condition: str) -> str:
    """What to write instead of the commonest slips in a condition."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", condition)
    if re.search(r"\bnone\b", bare, re.IGNORECASE):
        return "for an empty field write: not product.price"
    if "{{" in bare or "{%" in bare:
        return "a condition stands without {{ }}"
    if "&&" in bare or "||" in bare:
        return "write `and` and `or`"
    if re.search(r"(?<![=!<>])=(?!=)", bare):
        return "two equal signs compare: =="
    if re.search(r"[\d]:[\d]", bare):
        return "texts and ratios stand in quotes: ratio == '16:9'"
    return ""


def half_closed(template: str) -> str:
    """The first tag that ends in one brace instead of two; empty when there is none."""
    found = re.search(r"\{\{[^{}]*\}(?!\})", template)
    return found[0] if found else ""


def plain_syntax(said: str) -> str:
    """What stopped the parser, without its own words."""
    for pattern, words in _SYNTAX:
        if found := re.search(pattern, said):
            return words.format(*found.groups())
    return said


_SYNTAX: Final = (
    (r"unexpected end of template, expected 'end of print", "a {{{{ is not closed with }}}}"),
    (r"Jinja was looking for|nexpected end of template", "an {{% if … %}} has no {{% endif %}}"),
    (r"(?:unexpected|got|expression,) '?end of ", "it ends too early"),
    (r"unexpected char [\"']([\"'])", "a quote is not closed"),
    (r"(?:expected token 'end of [a-z ]+', got|^unexpected|unexpected char) '([^']+)'", "`{}` is not expected here"),
    (r"expected token '([^']+)', got '([^']+)'", "`{1}` stands where `{0}` is expected"),
    (r"chunk after expression", "it goes on where it should end"),
    (r"expected name or number", "a field is missing after the dot"),
    (r"unknown tag '(else|elif|endif)'", "{{% {} %}} stands without an {{% if … %}}"),
    (r"unknown tag '([^']+)'", "there is no {{% {} %}}, only {{% if … %}}"),
    (r"end of comment", "a {{# is not closed with #}}"),
)


def plain_reason(error: Exception) -> tuple[str, str]:
    """Why a template could not be filled in, and the mend."""
    if " is not a number" in str(error):
        return str(error), "write {% if … %} around it, or mend the value"
    return "it compares or counts what is not alike", "compare texts with texts, numbers with numbers"
