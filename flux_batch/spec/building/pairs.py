"""``pair:`` → variables that go in step, and what keeps them from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flux_batch.spec.building.desk import Desk, items
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.records import Variable
from flux_batch.spec.words import code, did_you_mean

Pairs = tuple[tuple[str, ...], ...]


def read_pairs(
    written: Any,
    at: FilePath,
    variables: Mapping[str, Variable],
    desk: Desk,
    elsewhere: frozenset[str] = frozenset(),
) -> Pairs:
    """The names that go in step; a group that cannot is reported and left out.

    ``elsewhere`` are variables of other jobs, of which a pair at the top of the file may speak.
    """
    used: set[str] = set()
    found = []
    for group, place in items(written, at):
        names = tuple(str(name) for name, _ in items(group, place))
        others = elsewhere - variables.keys() if at == ("pair",) else frozenset[str]()
        if _is_sound(names, place, variables, used, desk, others):
            found.append(tuple(name for name in names if name not in others))
        used.update(names)
    return tuple(pair for pair in found if len(pair) > 1)


def _is_sound(
    names: tuple[str, ...],
    at: FilePath,
    variables: Mapping[str, Variable],
    used: set[str],
    desk: Desk,
    others: frozenset[str],
) -> bool:
    for index, name in enumerate(names):
        if name not in variables and name not in others:
            if not desk.is_missing_from("variables"):
                hint = did_you_mean(name, variables)
                desk.report((*at, index), f"{code(name)} is not a variable that can be paired", hint)
            return False
        if name in used:
            hint = "put all of them into one group"
            desk.report((*at, index), f"{code(name)} goes in step with others already", hint)
            return False
    return _same_length([variables[name] for name in names if name in variables], at, desk)


def _same_length(paired: list[Variable], at: FilePath, desk: Desk) -> bool:
    odd = next((each for each in paired if len(each.values) != len(paired[0].values)), None)
    if odd is None or any(desk.is_missing_from(each.name) for each in paired):
        return odd is None
    first = paired[0]
    message = (
        f"{code(first.name)} has {_values(first)} and {code(odd.name)} has {len(odd.values)}, so they cannot go in step"
    )
    fewer, most = sorted((first, odd), key=lambda each: len(each.values))
    missing = len(most.values) - len(fewer.values)
    desk.report(at, message, f"{code(fewer.name)} needs {missing} more; or take the pair out for every combination")
    return False


def _values(variable: Variable) -> str:
    return "1 value" if len(variable.values) == 1 else f"{len(variable.values):,} values"
