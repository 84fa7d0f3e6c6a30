"""Broken schema rules in the words of someone who never heard of JSON Schema; pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from re import fullmatch, search
from typing import Any, Final

from flux_batch.errors import Fix
from flux_batch.spec.building.keys import key_hint, meant_key
from flux_batch.spec.building.ratios import not_a_ratio, ratio_fix
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.schema.published import Breach
from flux_batch.spec.words import code, did_you_mean, fix_of, kind, plain, quoted, shown

TYPES: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a group of `key: value` lines",
}

_SAYS: Final = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What to tell the user about a place; ``key`` points at the key instead of the value."""

    at: FilePath
    message: str
    hint: str = ""
    key: bool = False
    lost: tuple[FilePath, ...] = ()
    """What cannot be used because of it, and what an unknown key probably meant to be."""
    fix: Fix | None = None


def complaints(breach: Breach) -> Iterator[Complaint]:
    """One broken rule, as at least one complaint."""
    for complaint in _WORDS.get(breach.keyword, _anything)(breach):
        missing = breach.keyword == "required"
        yield complaint if complaint.lost or missing else replace(complaint, lost=(complaint.at,))


def _type(breach: Breach) -> Iterator[Complaint]:
    name, value = _name(breach.at), breach.value
    if breach.at[-2:-1] == ("pair",) and isinstance(value, str):
        hint = "write two pairs of brackets: pair: [[product, tone]]"
        yield Complaint(breach.at[:-1], "`pair` is a list of groups, and this is one group", hint, lost=(breach.at,))
        return
    if value is None and not breach.at:
        yield Complaint((), "the file says nothing", "`flux-batch init` writes one to begin with")
        return
    if value is None:
        after = "the dash" if isinstance(breach.at[-1], int) else "the colon"
        yield Complaint(breach.at, f"{name} is empty", f"write a value after {after}, or take it out", key=True)
        return
    yield Complaint(breach.at, f"{name} must be {_expected(breach.schema)}, but this is {kind(value)}", _mend(breach))


def _mend(breach: Breach) -> str:
    """How to write what was written, where only the way of writing is wrong."""
    wanted = breach.rule if isinstance(breach.rule, list) else [breach.rule]
    value, key = breach.value, breach.at[-1] if breach.at else ""
    match value:
        case str() if not breach.at and ":" in value:
            return "put a space after every colon, like `version: 1`"
        case list() if key == "prompt":
            return "for several prompts write several `jobs`, or a variable with several values"
        case str() if "array" in wanted and key in ("models", "tabs"):
            return f"write {key}: [{shown(value)}]"
        case str() if "boolean" in wanted and (meant := _SAYS.get(value.lower())):
            return f"write {meant}, without quotes"
        case str() if "number" in wanted and (amount := fullmatch(r"([0-9]+),([0-9]{1,2})", value)):
            return f"write {amount[1]}.{amount[2]} with a point"
        case str() if {"number", "integer"} & set(wanted) and (number := search(r"[0-9]+(\.[0-9]+)?", value)):
            return f"write the number alone, without quotes: {number[0]}"
        case int() | Decimal() if "array" in wanted and key == "ratios":
            return not_a_ratio(value)[0]
        case bool() | int() | Decimal() if wanted == ["string"]:
            return f'put it in quotes: "{plain(value)}"'
    return ""


def _expected(schema: Mapping[str, Any]) -> str:
    # An editor shows `errorMessage` for an unknown key too; `typeMessage` is for a wrong type only.
    for said in ("typeMessage", "errorMessage"):
        if said in schema:
            return str(schema[said])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = " or ".join(TYPES[word] for word in types)
    shows = types != ["boolean"] and not schema.keys().isdisjoint({"example", "examples"})
    return f"{words}, like {_example(schema)}" if shows else words


def _example(schema: Mapping[str, Any]) -> str:
    # An editor would offer a group in `examples` under the name "[object Object]"; so it stands in `example`.
    example = schema["example"] if "example" in schema else schema["examples"][0]
    if isinstance(example, dict):
        return "{" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in example.items()) + "}"
    quote = isinstance(example, list) or schema["type"] == "string"
    return json.dumps(example, ensure_ascii=False) if quote else str(example)


def _unknown_keys(breach: Breach) -> Iterator[Complaint]:
    known = tuple(breach.schema.get("properties", ()))
    for key in breach.value:
        if comma := _comma(breach, key):
            yield comma
        elif key not in known:
            meant = meant_key(key, known)
            at = (*breach.at, key)
            lost = (at, (*breach.at, meant)) if meant else (at,)
            hint, fix = (
                key_hint(key, meant, breach.at, known),
                fix_of(key, [each for each in known if each not in breach.value]),
            )
            yield Complaint(at, f"unknown key {code(key)}", hint, key=True, lost=lost, fix=fix)


def _comma(breach: Breach, key: str) -> Complaint | None:
    """An amount with a comma, `{max: 1,00}`: in brackets the comma begins another entry, and `00` looks like a key."""
    before = list(breach.value)[: list(breach.value).index(key)][-1:]
    if not before or breach.value[key] is not None or not fullmatch(r"[0-9]{1,3}", key):
        return None
    name, whole = before[0], breach.value[before[0]]
    if isinstance(whole, bool) or not isinstance(whole, int):
        return None
    at = (*breach.at, name)
    hint = f"write {whole}.{key} with a point" if len(key) < 3 else f"write {whole}{key} without the comma"
    return Complaint(at, f"{code(name)} is written with a comma: {whole},{key}", hint, lost=(at, (*breach.at, key)))


def _enum(breach: Breach) -> Iterator[Complaint]:
    name, value = _name(breach.at), breach.value
    if value is None:
        yield from _type(breach)
    elif "16:9" in breach.rule:
        yield Complaint(breach.at, *not_a_ratio(value), fix=ratio_fix(value))
    elif isinstance(value, str):
        choices = did_you_mean(value, breach.rule, mark='"')
        in_list = f"{quoted(value)} cannot stand in {_name(breach.at[:-1])}"
        message = in_list if isinstance(breach.at[-1], int) else f"{name} cannot be {quoted(value)}"
        yield Complaint(breach.at, message, choices, fix=fix_of(value, breach.rule))
    else:
        words = " or ".join(breach.rule)
        yield Complaint(breach.at, f"{name} must be {words}, but this is {kind(value)}")


def _const(breach: Breach) -> Iterator[Complaint]:
    if breach.value is None:
        yield from _type(breach)
        return
    message = f"{_name(breach.at)} must be {breach.rule}, but this is {kind(breach.value)}"
    yield Complaint(breach.at, message, f"write `{breach.at[-1]}: {breach.rule}`")


def _required(breach: Breach) -> Iterator[Complaint]:
    for key in breach.rule:
        if key not in breach.value:
            schema = breach.schema["properties"][key]
            example = _example(schema) if "example" in schema else schema["examples"][0]
            yield Complaint(breach.at, f"`{key}` is missing", f"add the line `{key}: {example}`")


def _minimum(breach: Breach) -> Iterator[Complaint]:
    yield Complaint(breach.at, f"{_name(breach.at)} must be at least {breach.rule}, but this is {breach.value}")


def _maximum(breach: Breach) -> Iterator[Complaint]:
    yield Complaint(breach.at, f"{_name(breach.at)} must be at most {breach.rule}, but this is {breach.value}")


def _above(breach: Breach) -> Iterator[Complaint]:
    yield Complaint(breach.at, f"{_name(breach.at)} must be more than {breach.rule}, but this is {breach.value}")


def _pattern(breach: Breach) -> Iterator[Complaint]:
    words = breach.schema["patternErrorMessage"]
    if words == "is empty":
        yield Complaint(breach.at, f"{_name(breach.at)} is empty", "write a value after the colon, or take it out")
        return
    text, _, hint = words.partition(": ")
    yield Complaint(breach.at, f"{quoted(breach.value)} {text}", hint)


def _names(breach: Breach) -> Iterator[Complaint]:
    text, _, hint = breach.schema["patternErrorMessage"].partition(": ")
    yield Complaint((*breach.at, breach.value), f"{quoted(breach.value)} {text}", hint, key=True)


def _empty(breach: Breach) -> Iterator[Complaint]:
    if breach.value:
        yield Complaint(breach.at, f"{_name(breach.at)} has fewer than {breach.rule} names", "add what goes with it")
        return
    words = "list" if isinstance(breach.value, list) else "group"
    yield Complaint(breach.at, f"{_name(breach.at)} is an empty {words}", "give it a value, or take the key out")


def _twice(breach: Breach) -> Iterator[Complaint]:
    for index, value in enumerate(breach.value):
        if value in breach.value[:index]:
            mend = "take it out" if "pair" in breach.at else "take it out, or use `repeat`"
            yield Complaint((*breach.at, index), f"{quoted(value)} is already in this list", mend)


def _anything(breach: Breach) -> Iterator[Complaint]:
    yield Complaint(breach.at, f"{_name(breach.at)} cannot be {kind(breach.value)}")


def _name(at: FilePath) -> str:
    """What a place is called: its key, or an item of that key's list."""
    if not at:
        return "the file"
    if isinstance(at[-1], int):
        return f"an item of {_name(at[:-1])}"
    return code(at[-1])


_WORDS: Final[Mapping[str, Callable[[Breach], Iterator[Complaint]]]] = {
    "type": _type,
    "additionalProperties": _unknown_keys,
    "propertyNames": _names,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "minimum": _minimum,
    "maximum": _maximum,
    "exclusiveMinimum": _above,
    "pattern": _pattern,
    "minItems": _empty,
    "minProperties": _empty,
    "uniqueItems": _twice,
}
