"""Faults as a person writes them: JSON or keywords → checked rules, or an error that names the field.

``{"seed": 7, "faults": [{"kind": "cut", "where": "submit", "first": 1}, …]}``; a bare list is accepted too.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from flux_batch.errors import UsageError
from flux_batch.simulator.contract import MODELS
from flux_batch.simulator.faults import KINDS, Fault


class BadFault(UsageError):
    """A fault rule that cannot be used; the message names the field and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """A whole fault file. ``seed`` feeds the rules with a ``probability``; None keeps the simulator's."""

    faults: tuple[Fault, ...]
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field must be, in words and as a test."""

    words: str
    holds: Callable[[Any], bool]


def _whole(low: int, high: int) -> Rule:
    words = f"a whole number from {low} to {high}"
    return Rule(words, lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high)


def _number(low: float, high: float) -> Rule:
    words = f"a number from {low:g} to {high:g}"
    return Rule(
        words, lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    )


_TEXT: Final = Rule("a text", lambda value: isinstance(value, str))
_LINE: Final = Rule("one line of printable text", lambda value: isinstance(value, str) and value.isprintable())
_FLAG: Final = Rule("true or false", lambda value: isinstance(value, bool))
_COUNT: Final = _whole(0, 1_000_000)

_WHEN: Final[Mapping[str, Rule]] = {
    "first": _COUNT,
    "after": _COUNT,
    "every": _COUNT,
    "times": _COUNT,
    "probability": _number(0, 1),
    "per": Rule("all or task", lambda value: value in ("all", "task")),
    "prompt": _TEXT,
    "model": Rule(" or ".join(MODELS), lambda value: value in ("", *MODELS)),
    "business_id": _LINE,
}
_WHAT: Final[Mapping[str, Rule]] = {
    "seconds": _number(0, 10_000_000),
    "status": _whole(200, 599),
    "code": _LINE,
    "message": _TEXT,
    "retry_after": _LINE,
    "as_date": _FLAG,
    "billed": _FLAG,
    "html": _FLAG,
    "body": _TEXT,
    "location": _LINE,
    "word": _LINE,
    "lookups": _COUNT,
    "fraction": _number(0, 1),
    "content_length": _FLAG,
    "chunk": _whole(1, 10_000_000),
}

_RULES: Final[Mapping[str, Rule]] = {**_WHEN, **_WHAT}


def fault(kind: str, **fields: Any) -> Fault:
    """One checked rule: ``fault("cut", where="submit", first=1)``."""
    return _fault({"kind": kind, **fields}, "fault")


def load_faults(path: Path) -> FaultPlan:
    """Read a fault file (JSON, UTF-8)."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadFault(f"{path}: cannot be read: {problem}") from None
    try:
        return parse_faults(text)
    except BadFault as problem:
        raise BadFault(f"{path}: {problem}") from None


def parse_faults(text: str) -> FaultPlan:
    """Read the text of a fault file."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as problem:
        raise BadFault(f"line {problem.lineno}, column {problem.colno}: not JSON: {problem.msg}") from None
    if isinstance(value, list):
        value = {"faults": value}
    if not isinstance(value, dict) or not isinstance(value.get("faults"), list):
        raise BadFault('expected {"faults": [...]} or a list of faults')
    for name in value:
        _known(name, ("faults", "seed"), "")
    seed = value.get("seed")
    if seed is not None:
        _check(seed, _whole(0, 2**63), "seed")
    faults = tuple(_fault(entry, f"faults[{index}]") for index, entry in enumerate(value["faults"]))
    return FaultPlan(faults=faults, seed=seed)


def to_json(rule: Fault) -> dict[str, Any]:
    """A rule as it would be written, without the fields its kind does not have."""
    own = {"kind", "where", *_WHEN, *KINDS[rule.kind].fields}
    return {name: value for name, value in asdict(rule).items() if name in own}


def _fault(entry: object, at: str) -> Fault:
    if not isinstance(entry, dict):
        raise BadFault(f"{at}: expected an object such as {{'kind': 'cut', 'first': 1}}")
    if "kind" not in entry:
        raise BadFault(f"{at}.kind is missing; one of {', '.join(KINDS)}")
    _known(entry["kind"], tuple(KINDS), f"{at}.kind")
    kind = KINDS[entry["kind"]]
    where = entry.get("where", kind.places[0])
    _known(where, kind.places, f"{at}.where")
    fields = {name: value for name, value in entry.items() if name not in {"kind", "where"}}
    allowed = (*_WHEN, *kind.fields)
    for name, value in fields.items():
        _known(name, allowed, at)
        _check(value, _RULES[name], f"{at}.{name}")
    defaults: dict[str, Any] = dict(kind.fields)
    if entry["kind"] == "redirect" and where == "file":
        defaults["status"] = 302
    return Fault(kind=entry["kind"], where=where, **(defaults | fields))


def _known(value: object, allowed: tuple[str, ...], at: str) -> None:
    if value in allowed:
        return
    near = difflib.get_close_matches(str(value), allowed, n=1)
    guess = f"; did you mean {near[0]}?" if near else ""
    what = f"{at}: {value!r} is not" if at else f"{value!r} is not"
    raise BadFault(f"{what} one of {', '.join(allowed)}{guess}")


def _check(value: object, rule: Rule, at: str) -> None:
    if not rule.holds(value):
        raise BadFault(f"{at}: {value!r} is not {rule.words}")
