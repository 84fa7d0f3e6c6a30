"""What a table of reference says of one key: its type, its default and an example, in words; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flux_batch.spec.reading.quoting import yaml_text
from flux_batch.spec.words import plain

Schema = Mapping[str, Any]
NONE: Final = "\N{EN DASH}"

TYPES: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "group",
}
MANY: Final = {"string": "texts", "array": "lists", "object": "groups"}


def type_words(key: Schema, found: Callable[[Schema], Schema]) -> str:
    """``whole number, 1 to 512``; ``found`` follows a ``$ref``."""
    if "const" in key:
        return f"always `{key['const']}`"
    if "enum" in key:
        return "one of its choices"
    if "else" in key and "type" not in key:
        return f"{type_words(found(key['else']), found)}, or text with `{{{{ … }}}}`"
    types = key["type"] if isinstance(key["type"], list) else [key["type"]]
    words = " or ".join(_of(key, found) if word == "array" else _said(word, key) for word in types)
    return f"{words}{_range(key)}"


def _said(word: str, key: Schema) -> str:
    named = word == "object" and "properties" not in key
    return "`NAME: …` lines" if named and isinstance(key.get("additionalProperties"), Mapping) else TYPES[word]


def _of(key: Schema, found: Callable[[Schema], Schema]) -> str:
    items = found(key["items"])
    return f"list of {'choices' if 'else' in items or 'enum' in items else MANY[items['type']]}"


def _range(key: Schema) -> str:
    low, high, above = (key.get(word) for word in ("minimum", "maximum", "exclusiveMinimum"))
    if above is not None:
        return f", more than {above}"
    if low is None:
        return ""
    return f", at least {low}" if high is None else f", {low} to {high}"


def default_words(key: Schema) -> str:
    """What counts where the key is left out: a value, or the schema's own words for what no value can say."""
    if "defaultWords" in key:
        return str(key["defaultWords"])
    return f"`{flow(key['default'])}`" if "default" in key else NONE


def example_line(name: str, key: Schema) -> str:
    """``ratios: ["1:1", "16:9"]``, to be copied."""
    if "enum" in key:
        return f"`{name}: {flow(key['enum'][0])}`"
    shown = [key["example"]] if "example" in key else key.get("examples", key.get("else", {}).get("examples", []))
    if not shown and "else" in key:
        return example_line(name, key["else"])
    return f"`{name}: {flow(shown[0])}`" if shown else NONE


def flow(value: object) -> str:
    """A value of the schema as YAML on one line."""
    match value:
        case Mapping():
            return f"{{{', '.join(f'{yaml_text(str(key))}: {flow(each)}' for key, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case str():
            return yaml_text(value)
        case float():
            return f"{value:.2f}"
    return plain(value)


def in_cell(text: str) -> str:
    """A text within a row of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")
